"""Writes and reads the file of an index of records: parquet, a row for each record file, ordered by name.

A file that cannot be read, of another version or with a changed byte, is none. Imports pyarrow when used.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from seqbench.records.row_columns import row_type
from seqbench.records.rows import COLUMNS
from seqbench.records.schema import Record

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

FORMAT = 2
"""Version of the file; it rises when the content that is made from a record changes."""
_VERSION = repr((FORMAT, COLUMNS, tuple(Record.model_fields))).encode()
_MARK = b"seqbench index of records"
_ROWS = 2048
"""Rows that are read or written at a time."""


class IndexEntry(NamedTuple):
    """A row of the index: the state of a record's file, and what readers of many records need of it.

    Attributes:
        name: of the file.
        size, mtime_ns, ctime_ns, inode: of the file when it was read.
        key, status: of the record.
        cell: its cell at length and seed 0, as JSON, which many records share.
        environment: as JSON; many share it too.
        rest: the rest of the record without its curves, as JSON.
        place: length and seed of its cell.
        row, other_names, other_values: its row, as `seqbench.records.row_columns` keeps it.
        grids, numbers: its curves, as `seqbench.records.curves` keeps them.
        depth: 0 if only the key and the status are there, 1 with all but the curves, 2 with all.
        is_sure: whether the file cannot have changed since without another time of change.
    """

    name: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    key: str
    status: str
    cell: str | None = None
    environment: str | None = None
    rest: str | None = None
    place: str | None = None
    row: dict[str, Any] | None = None
    other_names: str | None = None
    other_values: bytes | None = None
    grids: str | None = None
    numbers: bytes | None = None
    depth: int = 0
    is_sure: bool = True


STATE = ("size", "mtime_ns", "ctime_ns", "inode")
_SHARED = ("status", "cell", "environment", "other_names", "grids")


class IndexFileError(Exception):
    """An index cannot be read or written."""


@dataclass(frozen=True)
class IndexFile:
    """An index that can be read."""

    file: parquet.ParquetFile
    source: Path | IO[bytes]

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield a tuple of the columns of each entry.

        Raises:
            IndexFileError: the file is damaged.
        """
        with _one_error():
            for batch in self.file.iter_batches(batch_size=_ROWS, columns=list(columns), use_threads=False):
                # The file's order of the columns may be another one.
                yield from zip(*(_values(batch.column(name)) for name in columns), strict=True)

    @property
    def entries(self) -> int:
        """The number of entries."""
        count: int = self.file.metadata.num_rows
        return count

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Return the columns of all entries, and close the file.

        Raises:
            IndexFileError: the file is damaged.
        """
        with _one_error():
            table = self.file.read(list(columns), use_threads=False)
            self.close()
            return table

    def close(self) -> None:
        """Close the file."""
        self.file.close()
        if not isinstance(self.source, Path):
            self.source.close()


def opened(source: Path | IO[bytes]) -> IndexFile | None:
    """Return the index in a file; None if there is none that this program would write."""
    from pyarrow import parquet

    # A pipe would be waited for.
    if isinstance(source, Path) and not source.is_file():
        return None
    # A file of somebody else may lack the columns that are read as a dictionary.
    with suppress(IndexFileError, KeyError), _one_error():
        how: dict[str, Any] = {"page_checksum_verification": True, "pre_buffer": False}
        file = parquet.ParquetFile(source, read_dictionary=list(_SHARED), **how)
        known = file.metadata
        if (known.metadata or {}).get(_MARK) == _VERSION and known.schema.to_arrow_schema().equals(_schema()):
            return IndexFile(file, source)
        file.close()
    return None


def write(file: IO[bytes], entries: Iterable[IndexEntry]) -> None:
    """Write an index.

    Raises:
        IndexFileError: the file cannot be written to.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema = _schema().with_metadata({_MARK: _VERSION})
    kept = iter(entries)
    how: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "use_dictionary": list(_SHARED)}
    with (
        _one_error(),
        parquet.ParquetWriter(file, schema, write_page_checksum=True, write_statistics=False, **how) as writer,
    ):
        while some := list(islice(kept, _ROWS)):
            columns = zip(*some, strict=True)
            arrays = [pa.array(column, each.type) for column, each in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=_ROWS)
    file.flush()


def _values(column: pa.Array) -> Sequence[Any]:
    """Return the values of a column; equal ones are the same object if the file has them once."""
    import pyarrow as pa

    if not isinstance(column, pa.DictionaryArray):
        found: Sequence[Any] = _integers(column) if pa.types.is_integer(column.type) else column.to_pylist()
        return found
    different = column.dictionary.to_pylist()
    places = column.indices.to_pylist() if column.null_count else _integers(column.indices)
    return [None if place is None else different[place] for place in places]


def _integers(column: pa.Array) -> Sequence[int]:
    """Return integers of which none is unknown; pyarrow's own way is slow, and that of numpy imports pandas."""
    codes = {"int8": "b", "int32": "i", "int64": "q", "uint64": "Q"}
    width = column.type.bit_width // 8
    found: tuple[int, ...] = struct.unpack_from(
        f"={len(column)}{codes[str(column.type)]}", column.buffers()[1], column.offset * width
    )
    return found


@contextmanager
def _one_error() -> Iterator[None]:
    """Raise an error of any kind that pyarrow has for a file as an `IndexFileError`."""
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException, ValueError, OverflowError) as error:
        raise IndexFileError(str(error)) from error


def _schema() -> pa.Schema:
    import pyarrow as pa

    types = {
        **dict.fromkeys(STATE[:3], pa.int64()),
        "inode": pa.uint64(),
        **dict.fromkeys(("numbers", "other_values"), pa.binary()),
        "row": row_type(),
        "depth": pa.int8(),
        "is_sure": pa.bool_(),
    }
    return pa.schema([(name, types.get(name, pa.string())) for name in IndexEntry._fields])
