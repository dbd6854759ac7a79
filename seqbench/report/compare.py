"""Compares two folders of results: ``seqbench compare`` and `seqbench.compare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from seqbench.base.collector import collector_paused
from seqbench.records.merge import read_light
from seqbench.records.schema import Record
from seqbench.report.document import Report, Section
from seqbench.report.formats.terminal import to_text
from seqbench.report.names import names_of
from seqbench.report.observations import Observation, observations
from seqbench.report.page.notebook import document_in_notebook
from seqbench.report.reading import Folders, several
from seqbench.report.tables.changes import changes
from seqbench.report.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FolderComparison:
    """What changed from one folder of results to another; a notebook and a terminal show it as tables.

    Attributes:
        before, after: the folders, as text.
        lines: sentences on what both hold.
        parts: the tables of models, skill and speed; empty ones are left out.
    """

    before: str
    after: str
    lines: tuple[str, ...]
    parts: tuple[Table, ...]

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """``models``, ``skill`` and ``speed`` -> table; numbers where there are numbers, and notes beside them."""
        import pandas as pd

        return {table.title.split(":")[0]: pd.DataFrame(rows_of(table)) for table in self.parts}

    @property
    def report(self) -> Report:
        """The comparison as a report, for every format."""
        sections = Section("Cells", lines=self.lines), Section("Changes", self.parts)
        return Report(f"{self.before} and {self.after}", sections)

    def __repr__(self) -> str:
        return to_text(self.report).rstrip()

    def _repr_html_(self) -> str:
        return document_in_notebook(self.report)


def compare(before: Folders, after: Folders) -> FolderComparison:
    """Compare two folders of results, cell by cell, by the names that reports show.

    Cells of the same task, model, length and seed are compared one by one. Settings may differ.

    Args:
        before, after: a folder of results each, or several that are merged.

    Returns:
        What became better, worse, slower or faster beyond noise, and how many scores are equal to the last bit.

    Raises:
        StoreError: a folder is missing or empty, or the folders of one side contradict each other.
    """
    with collector_paused():
        found = changes(*seen_together(_records(before), _records(after)))
    return FolderComparison(_named(before), _named(after), found.lines, found.tables)


def rows_of(table: Table) -> list[dict[str, Any]]:
    """Return the rows of a table by column; a note of a field has a column of its own."""
    rows = []
    for row in table.rows:
        named = dict(zip(table.columns, row, strict=True))
        values = {name: entry.text if entry.value is None else entry.value for name, entry in named.items()}
        notes = {f"{name} note": entry.note for name, entry in named.items() if entry.note}
        rows.append({**values, **notes})
    return rows


def _named(folders: Folders) -> str:
    return " and ".join(map(str, several(folders)))


def _records(folders: Folders) -> Sequence[Record]:
    return read_light(several(folders))[0]


def seen_together(
    before: Sequence[Record], after: Sequence[Record]
) -> tuple[list[Observation], list[Observation]]:
    """Return the observations of both sides under names made for both, so that equal cells have equal names."""
    # Two contents of one plugin file may have one key.
    sides = [
        [record.model_copy(update={"key": f"{side} {record.key}"}) for record in records]
        for side, records in (("before", before), ("after", after))
    ]
    names = names_of([*sides[0], *sides[1]], [{record.key for record in side} for side in sides])
    return observations(sides[0], names), observations(sides[1], names)
