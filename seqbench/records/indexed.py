"""Reads what many records are read for, from their index where there is one: states, rows, and light records."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import TYPE_CHECKING

from seqbench.records.curves import ShortCurves
from seqbench.records.entries import FileFault, record_of, settings_record
from seqbench.records.index_reading import Found
from seqbench.records.layout import Layout, key_of
from seqbench.records.record_files import BROKEN, Seen
from seqbench.records.row_columns import RowColumns, ShortRow, known_row
from seqbench.records.rows import KnownRow
from seqbench.records.schema import Record

if TYPE_CHECKING:
    import pyarrow as pa


def seen_of(found: Iterator[Found], layout: Layout) -> Iterator[tuple[str, Seen]]:
    """Yield key, status and stamp of every record.

    Raises:
        StoreError: a file cannot be read, or is a record of another schema version.
    """
    for name, entry in found:
        if not isinstance(entry, FileFault):
            key, status, *stamp, _ = entry
            yield key, Seen(status, (stamp[0], stamp[1]))
        elif entry.is_broken and entry.stamp is not None:
            yield key_of(layout.records / name), Seen(BROKEN, entry.stamp, str(entry.error))
        else:
            raise entry.error


def rows_of(found: pa.Table | Iterator[Found]) -> RowColumns | Iterator[KnownRow]:
    """Return the row of every record; iterating raises StoreError for a file that is not a record."""
    return _rows(found) if isinstance(found, Iterator) else RowColumns(found, settings_record)


def _rows(found: Iterator[Found]) -> Iterator[KnownRow]:
    for _, entry in found:
        if isinstance(entry, FileFault):
            raise entry.error
        *short, cell, _ = entry
        yield known_row(ShortRow(*short), cell, settings_record)


def light_of(found: Iterator[Found], *, is_broken_skipped: bool, keys: Set[str] | None) -> Iterator[Record]:
    """Yield the records of these keys, or all, without their curves.

    Raises:
        StoreError: a file is not a record; of broken files only if they are not skipped.
    """
    for _, entry in found:
        if not isinstance(entry, FileFault):
            if keys is None or entry[0] in keys:
                yield record_of(*entry[1:-1])
        elif not (is_broken_skipped and entry.is_broken):
            raise entry.error


def kept_curves(found: Iterator[Found]) -> dict[str, ShortCurves]:
    """Return key -> the curves that pages show, of the records that have them; faults are left out."""
    kept: dict[str, ShortCurves] = {}
    for _, entry in found:
        if not isinstance(entry, FileFault) and entry[1] is not None:
            # Of several files of one key, `Store.reader` reads the first.
            kept.setdefault(entry[0], ShortCurves(entry[1], entry[2]))
    return kept
