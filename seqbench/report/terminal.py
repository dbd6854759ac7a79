"""How do tables look in a terminal, or in a file that a terminal's output was sent to?

A table that is too wide is cut into blocks of columns, each with the names of its rows; no digit is lost.
Stands on tables and failures; rich writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from seqbench.records import Record
from seqbench.report.entries import ABSENT, Entry, Table
from seqbench.report.failures import failures
from seqbench.report.tables import tables

_ASCII = str.maketrans({"±": "+-", ABSENT: "."})


def render(records: Iterable[Record], console: Console, folders: Sequence[str | Path] = ()) -> None:
    """Print what the records say: the tables, what failed and why, and where the results lie.

    Args:
        records: of one store, or of several that were merged with `read_records`.
        console: on stdout.
        folders: the stores they came from.
    """
    kept = list(records)
    for table in tables(kept):
        print_table(table, console)
    lines = failures(kept)
    if lines:
        _print(console, "What has no score, and why", "bold")
        for line in lines:
            _print(console, f"  {line}")
        _print(console, "")
    for folder in folders:
        _print(console, f"Results: {folder}")


def print_table(table: Table, console: Console) -> None:
    """Print a table, in blocks of columns where the console is too narrow for all of them."""
    console.print(Text(_plain(table.title, console)), style="bold")
    is_partial = any(entry.text == ABSENT for row in table.rows for entry in row)
    for line in (*table.lines, *([f"{ABSENT} = not run"] if is_partial else [])):
        console.print(Text(_plain(line, console)), style="dim")
    is_stacked = _width(table, range(len(table.columns)), console) > console.width
    for columns in _blocks(table, console, is_stacked=is_stacked):
        console.print(_rich(table, columns, console, is_stacked=is_stacked))
        _print(console, "")


def _blocks(table: Table, console: Console, *, is_stacked: bool) -> Iterator[Sequence[int]]:
    """Yield the columns of each block, the names of the rows first; a block has at least one other column."""
    names = list(range(table.keys))
    block: list[int] = []
    for column in range(table.keys, len(table.columns)):
        wider = [*names, *block, column]
        if block and _width(table, wider, console, is_stacked=is_stacked) > console.width:
            yield [*names, *block]
            block = []
        block.append(column)
    yield [*names, *block]


def _width(table: Table, columns: Sequence[int], console: Console, *, is_stacked: bool = False) -> int:
    options = console.options.update(max_width=10_000)
    return Measurement.get(console, options, _rich(table, columns, console, is_stacked=is_stacked)).maximum


def _rich(table: Table, columns: Sequence[int], console: Console, *, is_stacked: bool) -> RichTable:
    """Return some columns of a table; notes stand beside their entry, or below it where it is narrow."""
    rich = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        rich.add_column(Text(table.columns[column]), overflow="fold")
    for row in table.rows:
        texts = [_stacked(row[column]) if is_stacked else str(row[column]) for column in columns]
        rich.add_row(*(Text(_plain(text, console)) for text in texts))
    return rich


def _stacked(entry: Entry) -> str:
    return f"{entry.text}\n{entry.note}" if entry.note else entry.text


def _print(console: Console, text: str, style: str = "") -> None:
    # Lines are wrapped by the terminal, not by us: text that is sent to a file stays whole.
    console.print(Text(_plain(text, console)), style=style, soft_wrap=True)


def _plain(text: str, console: Console) -> str:
    return text if console.encoding.startswith("utf") else text.translate(_ASCII)
