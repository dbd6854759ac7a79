"""Knows the records of a folder without reading their files: the index beside them, made and mended from them.

A file is known by its size, inode and times of change; all others are read, and the index is written anew where
that is worth its time. It is never the truth: without it, or where it cannot be written, the files are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from seqbench.records.file_states import states_in
from seqbench.records.layout import Layout

if TYPE_CHECKING:
    import pyarrow as pa

    from seqbench.records.index_reading import Found, Reading

SEEN = "key", "status", "inode", "mtime_ns"
ROW = "row", "other_names", "other_values", "cell"
LIGHT = "key", "cell", "environment", "rest", "place"
CURVES = "key", "grids", "numbers"
"""Columns of an index that readers of many records ask for."""
LEAST_BYTES = 16_000_000, 64_000_000
"""Size of all records from which an index is quicker than reading them: whole, or only key and status."""


def known(layout: Layout, columns: Sequence[str], *, least_bytes: int | None = None) -> Iterator[Found] | None:
    """Return columns of the entries of all record files, or their faults, in the order of the names.

    Args:
        layout: of the folder.
        columns: fields of `IndexEntry`.
        least_bytes: see `LEAST_BYTES`.

    Returns:
        None if the records are so few that reading their files is as quick.
    """
    reading = _reading(layout, columns, least_bytes)
    return None if reading is None else reading.found()


def known_table(
    layout: Layout, columns: Sequence[str], *, least_bytes: int | None = None
) -> pa.Table | Iterator[Found] | None:
    """Return the columns as a table if the index has an entry of every file, otherwise what `known` returns."""
    reading = _reading(layout, columns, least_bytes)
    return None if reading is None else reading.table()


def _reading(layout: Layout, columns: Sequence[str], least_bytes: int | None) -> Reading | None:
    depth = _depth(columns)
    states = states_in(layout.records)
    least = LEAST_BYTES[0 if depth else 1] if least_bytes is None else least_bytes
    if sum(state[0] for state in states.values() if state) < least or not states:
        return None
    from seqbench.records.index_reading import Reading

    return Reading(layout, states, tuple(columns), depth)


def _depth(columns: Sequence[str]) -> int:
    """Return the least `IndexEntry.depth` that has these columns."""
    if "numbers" in columns:
        return 2
    return 1 if "rest" in columns or "row" in columns else 0
