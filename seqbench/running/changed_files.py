"""Finds results of a plugin file that has changed since: keys contain its version, not its content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seqbench.plugins.catalog import Catalog
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.running.plan import Plan


@dataclass(frozen=True)
class ChangedFile:
    """A plugin file, the task or model in it, and the number of finished cells of another content of the file."""

    path: Path
    plugin: str
    cells: int

    def __str__(self) -> str:
        return (
            f"{self.path} has changed since {self.cells} of these cells were run; if a score can move, raise the"
            f" version of {self.plugin}, or run all again"
        )


def changed_files(todo: Plan, records: Iterable[Record], catalog: Catalog) -> list[ChangedFile]:
    """Return the plugin files of which a plan keeps results of another content.

    Args:
        todo: the plan.
        records: of its cells.
        catalog: the plugins as they are now.
    """
    running = {cell.key for cell in todo.pending}
    return _changed((record for record in records if record.key not in running), catalog)


def _changed(records: Iterable[Record], catalog: Catalog) -> list[ChangedFile]:
    changed = Counter(
        (origin.path, name)
        for record in records
        for (kind, name), origin in catalog.origins.items()
        if origin.path
        for used in (record.cell.task if kind == "task" else record.cell.model,)
        if used.name == name and used.distribution != origin.source
    )
    return [ChangedFile(path, name, cells) for (path, name), cells in changed.items() if path]


def changed_in(stores: Iterable[Store], catalog: Catalog) -> list[ChangedFile]:
    """Return the plugin files of which stores hold results of another content, whatever is run again."""
    if not catalog.sources.files:
        return []
    there = [store for store in stores if store.layout.mark.is_file()]
    return _changed((each for store in there for each in store.light(is_broken_skipped=True)), catalog)


def may_have_changed(todo: Plan, catalog: Catalog) -> bool:
    """Say whether there are plugin files and finished cells: else no records need to be read."""
    return bool(catalog.sources.files) and len(todo.pending) < len(todo.cells)
