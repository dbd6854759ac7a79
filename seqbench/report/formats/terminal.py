"""Prints a report to a terminal, or to a file that receives a terminal's output.

A table that is too wide is cut into blocks of columns, each with the names of its rows; no digit is lost.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from seqbench.base.printable import printable
from seqbench.records.schema import Record
from seqbench.report.document import Report, results
from seqbench.report.tables.table import ABSENT, WITHIN, Entry, Table

_ASCII = str.maketrans({"±": "+-", ABSENT: ".", WITHIN: "~"})
_WIDTH_OF_A_FILE = 120
_GAP = 3
"""Columns between two fields in rich's tables."""


def render(records: Iterable[Record], console: Console) -> None:
    """Print the results of a sweep: scores, and failures with reasons."""
    print_report(results(records), console)


def print_report(document: Report, console: Console) -> None:
    """Print a report; each table prints its own title."""
    for section in document.sections:
        for table in section.tables:
            print_table(table, console)
        if section.lines or section.commands:
            if not section.tables:
                _print(console, section.title, "bold")
            for line in (*section.lines, *section.commands):
                _print(console, f"  {line}")
            _print(console, "")


def to_text(document: Report) -> str:
    """Return a report as plain text, 120 columns wide."""
    file = io.StringIO()
    console = Console(
        file=file, width=_WIDTH_OF_A_FILE, color_system=None, markup=False, highlight=False, emoji=False
    )
    print_report(document, console)
    return file.getvalue()


def print_table(table: Table, console: Console) -> None:
    """Print a table, in blocks of columns if the console is too narrow for all of them."""
    console.print(Text(_plain(table.title, console)), style="bold")
    for line in table.notes:
        console.print(Text(_plain(line, console)), style="dim")
    is_stacked = _width(_widths(table, console, is_stacked=False)) > console.width
    for columns in _blocks(table, console, is_stacked=is_stacked):
        console.print(_rich(table, columns, console, is_stacked=is_stacked))
        _print(console, "")
    for line in table.below:
        _print(console, f"  {line}", "dim")
    if table.below:
        _print(console, "")


def _blocks(table: Table, console: Console, *, is_stacked: bool) -> Iterator[Sequence[int]]:
    """Yield the columns of each block, the names of the rows first; a block has at least one other column."""
    widths = _widths(table, console, is_stacked=is_stacked)
    names = list(range(table.keys))
    block: list[int] = []
    for column in range(table.keys, len(table.columns)):
        if block and _width([widths[i] for i in (*names, *block, column)]) > console.width:
            yield [*names, *block]
            block = []
        block.append(column)
    yield [*names, *block]


def _widths(table: Table, console: Console, *, is_stacked: bool) -> list[int]:
    """Return the widest field of each column."""
    texts = [[_text(entry, console, is_stacked=is_stacked).plain for entry in row] for row in table.rows]
    texts.append([_plain(name, console) for name in table.columns])
    return [
        max(cell_len(line) for text in column for line in text.split("\n")) for column in zip(*texts, strict=True)
    ]


def _width(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * len(widths)


def _rich(table: Table, columns: Sequence[int], console: Console, *, is_stacked: bool) -> RichTable:
    """Return some columns of a table; notes stand beside their entry, or below it if stacked."""
    rich = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        rich.add_column(Text(_plain(table.columns[column], console)), overflow="fold")
    for row in table.rows:
        rich.add_row(*(_text(row[column], console, is_stacked=is_stacked) for column in columns))
    return rich


def _text(entry: Entry, console: Console, *, is_stacked: bool) -> Text:
    parts = [_plain(part, console) for part in (entry.text, entry.note) if part]
    # If stacked, an interval and the text after it have a line each.
    return Text("\n".join(parts).replace("] (", "]\n(") if is_stacked else " ".join(parts))


def _print(console: Console, text: str, style: str = "") -> None:
    # The terminal wraps lines, not seqbench, so that text in a file stays whole.
    console.print(Text(_plain(text, console)), style=style, soft_wrap=True)


def _plain(text: str, console: Console) -> str:
    # Text from a record or a plugin must not control the terminal.
    text = printable(text)
    return text if console.encoding.startswith("utf") else text.translate(_ASCII)
