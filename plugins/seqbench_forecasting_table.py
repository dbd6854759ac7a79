"""Which numbers, and which season, does a table of a time series hold?

Every column of numbers is a channel and one column of dates, if any, is the time. Text, missing and infinite
values, and times out of order are errors; `seqbench_forecasting_time` deals with steps that are not constant.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqbench_forecasting_time import Gaps, Steps, parse_times, steps_of

from seqbench import DataError, cached_tensors, fingerprint, read_tables

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from torch import Tensor

_PARTS = ("train", "validation", "test")
_TIME_NAMES = {"date", "datetime", "ds", "time", "timestamp", "year"}


@dataclass(frozen=True, eq=False)
class Series:
    """Numbers in time order.

    Attributes:
        values: [rows, channels] float64.
        channels: the channels' names.
        season: steps after which the calendar repeats; None where the times do not say.
        parts: rows of train, validation and test where the source says them.
        irregular_steps: steps between rows that are not as long as most are.
        filled_rows: rows that were put in for missing times.
        left_out: the column that only numbers the rows, if there was one.
    """

    values: Tensor
    channels: tuple[str, ...]
    season: int | None = None
    parts: tuple[int, int, int] | None = None
    irregular_steps: int = 0
    filled_rows: int = 0
    left_out: str | None = None


def read_series(data: str, gaps: Gaps, version: int) -> Series:
    """Read a series from a data source; a file that was read before comes from the cache.

    Args:
        data: a file, a folder or a Hugging Face data set, as `seqbench.read_tables` takes it.
        gaps: what to do where times are missing: see `Forecasting`.
        version: of the task; part of the identity in the cache.

    Raises:
        DataError: missing, unreadable or unfit.
    """
    known_as = fingerprint(data)
    if known_as.startswith("hub:"):  # a name is no content: what it stands for may have changed
        return series_from_tables(read_tables(data), gaps)
    kept = cached_tensors(
        ("forecasting", "series", version, known_as, gaps),
        lambda: _packed(series_from_tables(read_tables(data), gaps)),
    )
    return _unpacked(kept)


def series_from_tables(tables: Mapping[str, pd.DataFrame], gaps: Gaps) -> Series:
    """Make a series of the rows of a data source; its splits are joined in the order of time.

    Messages count rows from 1, without the header.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"day": ["2020-01-01", "2020-01-02", "2020-01-04"], "sales": [3, 5, 4]})
    >>> series = series_from_tables({"all": table}, gaps="fill")
    >>> series.channels, series.season, series.values[:, 0].tolist()
    (('sales',), 7, [3.0, 5.0, 5.0, 4.0])

    Raises:
        DataError: a column of text, a missing or infinite value, times that are missing, repeated or out of
            order, no column of numbers, or splits whose columns differ.
    """
    import torch

    frame, parts = _joined(tables)
    left_out = _row_numbers(frame)
    times, columns = _sorted_out(frame.drop(columns=[left_out] if left_out is not None else []))
    values = frame[columns].to_numpy("float64")
    _refuse_missing(values, columns)
    steps = Steps() if times is None else steps_of(times, frame[times], gaps)
    if steps.repeats is not None:
        values = values.repeat(steps.repeats, axis=0)
        parts = _filled(parts, steps.repeats)
    return Series(
        torch.tensor(values),  # a copy, since what comes from parquet cannot be written to
        tuple(columns),
        season=steps.season,
        parts=parts,
        irregular_steps=steps.irregular,
        filled_rows=len(values) - len(frame),
        left_out=left_out,
    )


def _joined(tables: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, tuple[int, int, int] | None]:
    """Return all rows in order, and how many are in each split where there are three of them."""
    import pandas as pd

    names = [name for name in ("all", *_PARTS) if name in tables]
    frames = [_with_index(tables[name]) for name in names]
    for name, frame in zip(names, frames, strict=True):
        if list(frame.columns) != list(frames[0].columns):
            raise DataError(
                f"the splits of a series need the same columns, and {names[0]} has"
                f" {', '.join(map(str, frames[0].columns))} while {name} has {', '.join(map(str, frame.columns))}"
            )
    joined = pd.concat(frames, ignore_index=True)
    joined.columns = joined.columns.map(str)
    if not joined.columns.is_unique:
        twice = joined.columns[joined.columns.duplicated()][0]
        raise DataError(f"two columns are called {twice!r}; rename one")
    if tuple(names) != _PARTS:
        return joined, None
    train, validation, test = (len(frame) for frame in frames)
    return joined, (train, validation, test)


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Make the index a column where it holds more than numbers: parquet may keep the times there."""
    from pandas.api.types import is_numeric_dtype

    return frame if is_numeric_dtype(frame.index.dtype) else frame.reset_index()


def _row_numbers(frame: pd.DataFrame) -> str | None:
    """Name the first column where it is what pandas writes for an index: no name, and 0, 1, 2, ..."""
    import numpy as np

    first = frame.columns[0]
    is_unnamed = first.startswith("Unnamed: 0") or first in ("", "__index_level_0__")
    return first if is_unnamed and np.array_equal(frame[first], np.arange(len(frame))) else None


def _sorted_out(frame: pd.DataFrame) -> tuple[str | None, list[str]]:
    """Return the name of the column of times, if any, and the names of those of numbers."""
    from pandas.api.types import is_numeric_dtype

    numbers = [name for name in frame.columns if is_numeric_dtype(frame[name])]
    times = []
    for name in frame.columns.drop(numbers):
        if parse_times(frame[name]) is None:
            raise DataError(_says_text(name, frame[name]))
        times.append(name)
    if len(times) > 1:
        raise DataError(f"columns {' and '.join(map(repr, times))} both hold dates; keep one of them")
    for name in numbers:
        if name.lower() in _TIME_NAMES:
            raise DataError(
                f"column {name!r} is named as a time and holds bare numbers ({frame[name].iloc[0]}); write dates"
                f" such as 2016-07-01 12:00, or rename or remove the column"
            )
    if not numbers:
        raise DataError(f"no column holds numbers; there are: {', '.join(frame.columns)}")
    return (times[0] if times else None), numbers


def _says_text(name: str, column: pd.Series[Any]) -> str:
    import pandas as pd

    is_other = pd.to_numeric(column, errors="coerce").isna() & column.notna()
    row = int(is_other.to_numpy().argmax())
    return (
        f"column {name!r} holds something that is neither a number nor a date: {column.iloc[row]!r} in row"
        f" {row + 1}; correct or remove it"
    )


def _refuse_missing(values: np.ndarray[Any, np.dtype[Any]], columns: list[str]) -> None:
    import numpy as np

    is_bad = ~np.isfinite(values)
    for name, is_bad_row, numbers in zip(columns, is_bad.T, values.T, strict=True):
        if is_bad_row.any():
            row = int(is_bad_row.argmax())
            what = "a missing value" if np.isnan(numbers[row]) else "an infinite value"
            raise DataError(
                f"column {name!r} has {what} in row {row + 1}, the first of {is_bad_row.sum()} missing or infinite"
                f" ones; fill in or remove them first, since seqbench makes up no data"
            )


def _filled(parts: tuple[int, int, int] | None, repeats: np.ndarray[Any, Any]) -> tuple[int, int, int] | None:
    """Count the rows of each split after filling."""
    import numpy as np

    if parts is None:
        return None
    train, validation, test = (int(part.sum()) for part in np.split(repeats, np.cumsum(parts)[:-1]))
    return train, validation, test


def _packed(series: Series) -> dict[str, Tensor]:
    """Put a series into tensors; everything but the values becomes the bytes of a JSON text."""
    import torch

    about = {
        "channels": series.channels,
        "season": series.season,
        "parts": series.parts,
        "irregular_steps": series.irregular_steps,
        "filled_rows": series.filled_rows,
        "left_out": series.left_out,
    }
    return {"values": series.values, "about": torch.tensor(list(json.dumps(about).encode()), dtype=torch.uint8)}


def _unpacked(kept: Mapping[str, Tensor]) -> Series:
    about = json.loads(bytes(kept["about"].tolist()))
    return Series(
        kept["values"],
        channels=tuple(about["channels"]),
        season=about["season"],
        parts=None if about["parts"] is None else tuple(about["parts"]),
        irregular_steps=about["irregular_steps"],
        filled_rows=about["filled_rows"],
        left_out=about["left_out"],
    )
