"""Says where a row of a table stands in the file that it was read from, for messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.data.encodings import open_text
from seqbench.data.separated_lines import separated_rows, separator_of

if TYPE_CHECKING:
    import pandas as pd

FILES = "files"
"""Key of a table's ``attrs``: (path, kind, number of rows) of each file that it was read from, in order."""


def place_of_row(table: pd.DataFrame | pd.Series[Any], row: int) -> str:
    """Return where a row of a table stands: ``line 7``, or ``row 6`` where the rows of the file are no lines.

    The first line of a file is line 1, and a header counts; rows are counted from 1, without one. Of a table of
    several files, such as the shards of a split, the line comes with the name of its file. The file is read again:
    ask only for a message.

    >>> import pandas
    >>> place_of_row(pandas.DataFrame({"text": ["a", "b"]}), 1)
    'row 2'

    Args:
        table: from `seqbench.read_tables`, or a part or a column of one.
        row: its number in the table as it was read, from 0: its label in an index that was not made anew.
    """
    files = table.attrs.get(FILES, ())
    before = 0
    for path, kind, rows in files:
        if row < before + rows:
            line = None
            # The file may be gone or changed; the message is about its row all the same.
            with suppress(OSError, ValueError):
                line = next(islice(_lines(Path(path), kind), row - before, None), None)
            name = f" of {Path(path).name}" if len(files) > 1 else ""
            return f"row {row - before + 1}{name}" if line is None else f"line {line}{name}"
        before += rows
    return f"row {row + 1}"


def _lines(path: Path, kind: str) -> Iterator[int]:
    """Yield the number of each row's first line; nothing for a kind of file whose rows are no lines."""
    if kind in ("csv", "tsv"):
        yield from (row.line for row in islice(separated_rows(path, separator_of(path, kind)), 1, None))
    elif kind in ("txt", "tokens", "json", "jsonl"):
        with open_text(path) as file:
            for number, line in enumerate(file, start=1):
                if kind == "json" and line.lstrip().startswith("["):
                    # A list of objects, and not an object on each line.
                    return
                if line.strip() or kind in ("txt", "tokens"):
                    yield number
