"""Takes single tables out of a report, for a paper: without the document around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from seqbench.errors import ExperimentError
from seqbench.report.document import Report, Section
from seqbench.report.formats.latex import tables_to_latex
from seqbench.report.formats.markdown import table_to_markdown
from seqbench.report.formats.terminal import to_text
from seqbench.report.tables.table import Table

_TOLD = re.compile(r" ?\[[^\]]*interval[^\]]*\]")
_INTERVAL = re.compile(r"(?:examples )?\[[^\]]*\]")


def excerpt(document: Report, name: str, *, has_intervals: bool = True) -> list[Table]:
    """Return the tables whose titles begin with a name, such as ``skill`` or ``adding: mse``.

    Args:
        document: the whole report.
        name: the beginning of titles; case counts.
        has_intervals: whether what stands in brackets beside a number stays.

    Raises:
        ExperimentError: no title begins so; the message names all.
    """
    tables = [table for section in document.sections for table in section.tables]
    found = [table for table in tables if table.title.startswith(name)]
    if not found:
        known = "\n  ".join(table.title for table in tables)
        raise ExperimentError(f"no table's title begins with {name!r}; there are:\n  {known}")
    if has_intervals:
        return found
    for table in found:
        if any(entry.text.startswith("[") for row in table.rows for entry in row):
            raise ExperimentError(f"the table {table.title!r} is one of intervals: it cannot be without them")
    return [_without_intervals(table) for table in found]


def _without_intervals(table: Table) -> Table:
    keys = table.keys
    rows = tuple((*row[:keys], *(replace(e, note=_bare(e.note)) for e in row[keys:])) for row in table.rows)
    lines = (_TOLD.sub("", line) for line in table.lines if not line.startswith("["))
    return replace(table, rows=rows, lines=tuple(filter(None, lines)))


def _bare(note: str) -> str:
    return " ".join(_INTERVAL.sub("", note).split())


def _to_text(tables: Sequence[Table]) -> str:
    return to_text(Report("", (Section("", tuple(tables)),)))


def _to_markdown(tables: Sequence[Table]) -> str:
    return "\n\n".join(map(table_to_markdown, tables)) + "\n"


EXCERPTS: Mapping[str, Callable[[Sequence[Table]], str]] = {
    "terminal": _to_text,
    "markdown": _to_markdown,
    "latex": tables_to_latex,
}
"""Format -> what writes tables in it; the other formats have no tables."""
