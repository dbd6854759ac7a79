"""Keeps the rows of many records as typed columns, so that a table is made of them without looking at each row.

An index holds the columns `FIXED` as a struct of integers, floats and words. The other columns of a record are
floats: it holds their names, which many records share, and their values. Imports pyarrow when used.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import from_json, to_json

from seqbench.records.rows import FIXED, TEXTS, Kinds, KnownRow
from seqbench.records.schema import Record

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

_WHOLE = frozenset(
    {"length", "seed", "examples", "task_version", "model_version", "parameters", "layer_parameters"}
    | {"state_size", "steps", "peak_memory_bytes", "horizon_init", "horizon_trained", "nonfinite_steps"}
)
"""The columns of integers."""
_FIXED = frozenset(FIXED)


class ShortRow(NamedTuple):
    """The row of a record: an index holds its columns `FIXED`, and the names and values of the others."""

    row: dict[str, Any]
    other_names: str
    other_values: bytes


def short_row(row: dict[str, Any]) -> ShortRow:
    """Return a row in short (`seqbench.records.rows.own_row`)."""
    names = [name for name in row if name not in _FIXED]
    numbers = [math.nan if row[name] is None else row[name] for name in names]
    return ShortRow(row, to_json(names).decode(), struct.pack(f"<{len(numbers)}d", *numbers))


def row_type() -> pa.DataType:
    """Return the type of `ShortRow.row`."""
    import pyarrow as pa

    types = {**dict.fromkeys(TEXTS, pa.string()), **dict.fromkeys(_WHOLE, pa.int64())}
    return pa.struct([(name, types.get(name, pa.float64())) for name in FIXED])


def known_row(short: ShortRow, cell: str, record: Callable[[str], Record]) -> KnownRow:
    """Return a row that was kept; for the other arguments see `KnownRow`."""
    numbers = struct.unpack(f"<{len(short.other_values) // 8}d", short.other_values)
    known = (None if math.isnan(value) else value for value in numbers)
    others = dict(zip(from_json(short.other_names), known, strict=True))
    return KnownRow([short.row.get(name) for name in FIXED], others, cell, record)


@dataclass(frozen=True)
class RowColumns:
    """The rows of many records.

    Attributes:
        table: of an index, the columns of `ShortRow` and ``cell``.
        record: see `KnownRow`.
    """

    table: pa.Table
    record: Callable[[str], Record]

    def __iter__(self) -> Iterator[KnownRow]:
        """Yield one row after the other."""
        columns = (self.table[name].to_pylist() for name in (*ShortRow._fields, "cell"))
        for row, names, values, cell in zip(*columns, strict=True):
            yield known_row(ShortRow(row, names, values), cell, self.record)

    def fixed(self) -> dict[str, Any]:
        """Return the columns `FIXED`, with the types that pandas gives them."""
        import pandas as pd

        words: Any = pd.Series([], dtype="str").dtype
        columns = dict(zip(FIXED, self.table["row"].combine_chunks().flatten(), strict=True))
        return {
            name: words.__from_arrow__(column) if name in TEXTS else column.to_numpy(zero_copy_only=False)
            for name, column in columns.items()
        }

    def others(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the other columns; a record that lacks one has NaN there."""
        import numpy as np

        texts, place_of = _different(self.table["other_names"])
        values = self.table["other_values"].to_numpy()
        columns: dict[str, np.ndarray[Any, Any]] = {}
        for place, names in enumerate(map(from_json, texts)):
            own = np.flatnonzero(place_of == place)
            numbers = np.frombuffer(b"".join(values[own]), "<f8").reshape(len(own), len(names))
            for name, column in zip(names, numbers.T, strict=True):
                columns.setdefault(name, np.full(len(values), np.nan))[own] = column
        return columns

    def named(self, name_kinds: Callable[[Kinds], Mapping[str, pd.Series[Any]]]) -> dict[str, Any]:
        """Return the columns that `name_kinds` makes for the different settings, with a value for each record."""
        cells, place_of = _different(self.table["cell"])
        kinds = Kinds()
        for cell in cells:
            kinds.add(self.record(cell))
        return {name: column.array.take(place_of) for name, column in name_kinds(kinds).items()}


def rows_in_order(parts: Sequence[Iterable[Record | KnownRow]]) -> Iterable[Record | KnownRow]:
    """Return all rows, part after part: as columns if all parts are."""
    columns = [part for part in parts if isinstance(part, RowColumns)]
    if not columns or len(columns) < len(parts):
        return chain.from_iterable(parts)
    import pyarrow as pa

    return RowColumns(pa.concat_tables([part.table for part in columns]), columns[0].record)


def _different(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray[Any, Any]]:
    """Return the different texts of a column in the order of their first places, and the place of each row's."""
    found = column.unify_dictionaries().combine_chunks()
    return found.dictionary.to_pylist(), found.indices.to_numpy()
