"""Shows results on stdout: a table for a person, JSON for a program.

Plain text where stdout is no terminal; NO_COLOR, FORCE_COLOR and COLUMNS are honoured.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO

import click

from seqbench.base.printable import on_lines, printable

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA_VERSION = 1
"""The schema version of all JSON on stdout; it rises when a field changes its meaning or is removed."""

_WIDTH_OF_A_FILE = 120
_NARROWEST, _WIDEST = 40, 10_000
"""The allowed widths in columns; fewer have no room for the names of rows and a number."""


def stdout() -> Console:
    """Return a console that writes text unchanged; it is 120 columns wide if the width is unknown."""
    from rich.console import Console

    return Console(width=width(sys.stdout), markup=False, highlight=False, emoji=False)


def width(stream: TextIO) -> int:
    """Return the width of a stream: that of COLUMNS, or of the terminal, or 120 columns.

    An invalid width (0, a negative number, letters) is ignored.
    """
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and len(told) < 20 and int(told) > 0:
        return max(_NARROWEST, min(int(told), _WIDEST))
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return max(_NARROWEST, columns) if columns else _WIDTH_OF_A_FILE


def say(text: str) -> None:
    """Write messages beside the results on stderr, with control characters spelled out."""
    click.echo(f"seqbench: {on_lines(text)}", err=True)


def print_json(content: Mapping[str, Any]) -> None:
    """Print one strict JSON object, with the version of its schema first."""
    whole = {"schema_version": SCHEMA_VERSION, **content}
    click.echo(json.dumps(whole, allow_nan=False, indent=1))


@contextmanager
def warnings_said() -> Iterator[None]:
    """Say warnings of the block, such as of unknown words, as sentences on stderr, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for sentence in dict.fromkeys(str(each.message) for each in caught):
        say(sentence)


@contextmanager
def results_apart() -> Iterator[TextIO]:
    """Yield stdout for results during the block; all other output to stdout goes to stderr.

    That includes output of plugins in this process, of C code, and of every process that is started meanwhile.
    """
    before = sys.stdout
    if not _is_descriptor_1(before):
        with redirect_stdout(sys.stderr):
            yield before
        return
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as results:
        os.dup2(2, 1)
        try:
            yield results
        finally:
            sys.stdout.flush()
            os.dup2(results.fileno(), 1)


def _is_descriptor_1(stream: TextIO) -> bool:
    try:
        return stream.fileno() == 1
    except (OSError, ValueError):
        return False


def print_rows(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of words, wrapped if the terminal is narrow."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = stdout()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(on_lines(text)) for text in row))
    console.print(Text(printable(title), style="bold"))
    console.print(table)
    console.print()
