"""Adds the owner to a parameter that ``--set`` names without one, if only one can be meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.experiment.overrides import with_owners
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.parameters import parameters_of


def are_long(assignments: Sequence[str]) -> bool:
    """Say whether every assignment names an owner, right or wrong."""
    return all("." in assignment.partition("=")[0] for assignment in assignments)


def in_long_form(assignments: Sequence[str], catalog: Catalog, names: Iterable[str]) -> list[str]:
    """Return assignments as ``NAME.FIELD=VALUE``.

    Args:
        assignments: as the user typed them.
        catalog: the installed plugins.
        names: the tasks and models of the experiment.

    Raises:
        ExperimentError: the owner of a parameter is ambiguous, or a name is unknown.
    """
    if are_long(assignments):
        return list(assignments)
    names = list(names)
    for name in names:
        if catalog.clash(name) is None:
            catalog.task_or_model(name)
    offers: dict[str, type[Task] | type[Model]] = {**catalog.tasks, **catalog.models}
    known = {name: [each.name for each in parameters_of(offers[name])] for name in names if name in offers}
    return with_owners(assignments, known)
