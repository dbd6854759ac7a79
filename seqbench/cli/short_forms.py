"""Adds the owner to a parameter that ``--set`` names without one, if only one can be meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.experiment.overrides import with_owners
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.parameters import parameters_of


def are_long(assignments: Sequence[str]) -> bool:
    """Say whether every assignment names an owner, right or wrong."""
    return all("." in assignment.partition("=")[0] for assignment in assignments)


def in_long_form(
    assignments: Sequence[str], catalog: Catalog, names: Iterable[str] | Mapping[str, str]
) -> list[str]:
    """Return assignments as ``NAME.FIELD=VALUE``.

    Args:
        assignments: as they were typed.
        catalog: the installed plugins.
        names: the names of the tasks and models of the experiment; or name or label -> its installed name.

    Raises:
        ExperimentError: the owner of a parameter is ambiguous, or a name is unknown.
    """
    if are_long(assignments):
        return list(assignments)
    installed = dict(names) if isinstance(names, Mapping) else {name: name for name in names}
    for name in installed.values():
        if catalog.clash(name) is None:
            catalog.task_or_model(name)
    offers: dict[str, type[Task] | type[Model]] = {**catalog.tasks, **catalog.models}
    known = {
        name: [each.name for each in parameters_of(offers[of])] for name, of in installed.items() if of in offers
    }
    return with_owners(assignments, known)
