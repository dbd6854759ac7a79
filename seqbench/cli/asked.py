"""Reads the experiment that a command names, with what its options change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqbench.cli.short_forms import are_long, in_long_form
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import Experiment, load, merge
from seqbench.plugins.catalog import Catalog
from seqbench.running.run import experiment_file


def asked_experiment(
    name: str, fields: Mapping[str, Any], assignments: Sequence[str], catalog: Catalog
) -> Experiment:
    """Return an experiment with the fields that options give, and what ``--set`` changes.

    Args:
        name: a file, or a suite.
        fields: field of an experiment -> value; None leaves it as it is.
        assignments: as ``--set`` has them.
        catalog: has the suites.

    Raises:
        ExperimentError: it cannot be read, or has faults.
    """
    given = {key: value for key, value in fields.items() if value is not None}
    file = experiment_file(name, catalog)
    return load(file, merge(given, settings(_assignments(assignments, catalog, file, given))))


def _assignments(
    assignments: Sequence[str], catalog: Catalog, file: Path, fields: Mapping[str, Any]
) -> Sequence[str]:
    """Return assignments in their long form; the experiment is read only if one is short."""
    if are_long(assignments):
        return assignments
    asked = load(file, fields)
    return in_long_form(assignments, catalog, asked.names)
