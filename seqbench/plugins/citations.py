"""Reads the references of tasks and models, and checks them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from seqbench.contracts.model import Model
from seqbench.contracts.references import Reference, entries
from seqbench.contracts.task import Task
from seqbench.plugins.catalog import Catalog


@dataclass(frozen=True)
class Cited:
    """A task or a model, and the sources to cite for it.

    Attributes:
        kind: ``task`` or ``model``.
        name: its name.
        entries: its sources.
        problem: why there is none, in a sentence; None if there is one.
    """

    kind: str
    name: str
    entries: tuple[Reference, ...] = ()
    problem: str | None = None


def cited(kind: str, name: str, catalog: Catalog) -> Cited:
    """Return the sources of a task or a model, by its name."""
    offers = catalog.tasks if kind == "task" else catalog.models
    plugin: type[Task] | type[Model] | None = offers.get(name)
    if plugin is None:
        return Cited(kind, name, problem=f"the {kind} {name} is not installed here, so its sources are not known")
    if not reference_of(plugin):
        return Cited(kind, name, problem=f"the {kind} {name} names no source")
    try:
        return Cited(kind, name, entries(reference_of(plugin)))
    except ValueError as error:
        return Cited(kind, name, problem=f"the reference of the {kind} {name} is no BibTeX: {error}")


def distinct(found: Iterable[Cited]) -> tuple[list[Reference], list[str]]:
    """Return every entry once, by key, and a sentence for each key that has several texts: the first is kept."""
    kept: dict[str, Reference] = {}
    owners: dict[str, str] = {}
    clashes = []
    for each in found:
        for entry in each.entries:
            first = kept.setdefault(entry.key, entry)
            owner = owners.setdefault(entry.key, each.name)
            if first.text.split() != entry.text.split():
                clashes.append(
                    f"{owner} and {each.name} have different entries under the key {entry.key};"
                    f" that of {owner} is kept"
                )
    return [kept[key] for key in sorted(kept)], clashes


def reference_of(plugin: type[Task] | type[Model]) -> str:
    """Return the BibTeX of a class; empty if it has none."""
    # A plugin of the first edition may have a parameter of this name.
    is_parameter = any(field.name == "reference" for field in dataclasses.fields(plugin))  # type: ignore[arg-type]
    found = None if is_parameter else plugin.reference
    return found if isinstance(found, str) else ""


def reference_remarks(plugin: type[Task] | type[Model]) -> list[str]:
    """Return the faults in the BibTeX of a class; none if it is valid or absent."""
    try:
        entries(reference_of(plugin))
    except ValueError as error:
        return [f"the reference of {plugin.name} is no BibTeX: {error}"]
    return []
