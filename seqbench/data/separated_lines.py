"""Finds the lines on which the rows of a CSV or TSV file stand, and the line of the first malformed one.

Pandas counts rows, and lines that a quoted cell may share; a person sees the lines of an editor, from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seqbench.base.printable import one_line
from seqbench.data.encodings import open_text, opener

SHOWN = 80
"""Characters of a line that a message quotes."""

_INSIDE = re.compile(r'[^"]*(?:""[^"]*)*')
"""What a quoted cell holds, up to the quotation mark that closes it."""


class SeparatedRow(NamedTuple):
    """One row of a file, which takes several lines where a quoted cell holds line ends.

    Attributes:
        line: the number of its first line, from 1; of a row that is never closed, that of the open cell.
        text: this line.
        cells: how many it has.
        is_open: whether the file ends within a quoted cell of it.
    """

    line: int
    text: str
    cells: int
    is_open: bool = False


def separator_of(path: Path, kind: str) -> str:
    """Return what separates the cells of a ``tsv`` or ``csv`` file: a tab, a comma or a semicolon."""
    if kind == "tsv":
        return "\t"
    with open_text(path) as file:
        header = file.readline()
    # Files with decimal commas separate cells by semicolons.
    return ";" if ";" in header and "," not in header else ","


def separated_rows(path: Path, separator: str) -> Iterator[SeparatedRow]:
    """Yield the rows of a file, the header first; as for pandas, lines without anything are none.

    Args:
        path: the file.
        separator: from `separator_of`; where it is a tab, quotation marks are letters.
    """
    has_quotes, blank = separator != "\t", " \t\r\n".replace(separator, "")
    # All line ends count, as in editors, and as pandas has it outside of quotes.
    with opener(path)(path, "rt", encoding="utf-8-sig", newline="") as file:
        row = opened = SeparatedRow(0, "", 0)
        is_open = False
        for number, line in enumerate(file, start=1):
            if not is_open:
                if not line.strip(blank):
                    continue
                row = SeparatedRow(number, line.rstrip("\r\n"), 1)
            was_open = is_open
            begun, is_open = _after(line, separator, is_open, has_quotes=has_quotes)
            row = row._replace(cells=row.cells + begun)
            if is_open and not (was_open and begun == 0):
                opened = SeparatedRow(number, line.rstrip("\r\n"), 0)
            if not is_open:
                yield row
        if is_open:
            yield opened._replace(cells=row.cells, is_open=True)


def _after(line: str, separator: str, is_open: bool, *, has_quotes: bool) -> tuple[int, bool]:
    """Return how many cells begin after a separator in a line, and whether a quoted one goes on after it.

    Args:
        line: with its end.
        separator: between cells.
        is_open: whether the line begins within a quoted cell.
        has_quotes: whether quotation marks are no letters.
    """
    place, begun = 0, 0
    if has_quotes and not is_open and line.startswith('"'):
        place, is_open = 1, True
    while True:
        if is_open:
            place = _inside(line, place)
            if place == len(line):
                return begun, True
        place = line.find(separator, place) + 1
        if not place:
            return begun, False
        begun += 1
        is_open = has_quotes and line.startswith('"', place)
        place += is_open


def _inside(line: str, place: int) -> int:
    """Return the place of the quotation mark that closes a cell, or the end of the line."""
    found = _INSIDE.match(line, place)
    return len(line) if found is None else found.end()


def fault_of_rows(path: Path, separator: str) -> str | None:
    """Say which row of a file is the first that is malformed, and what to do; None if none is."""
    names = 0
    for row in separated_rows(path, separator):
        names = names or row.cells
        found = one_line(row.text, SHOWN)
        if row.is_open:
            return (
                f"the quotation mark that opens a cell of line {row.line} is closed nowhere: {found}; close it,"
                ' and write "" for a quotation mark inside a quoted cell'
            )
        if row.cells > names:
            advice = f'put a cell that holds {separator!r} into quotation marks, "like{separator} this"'
            advice = "leave tabs out of cells" if separator == "\t" else advice
            return (
                f"line {row.line} has {row.cells} cells, more cells than the header has names ({names}): {found};"
                f" {advice}"
            )
    return None
