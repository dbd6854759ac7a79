"""Tells that a table holds several series where it would be read as one, and what to type.

Read as one series, they would be forecast from each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seqbench_forecasting_clock import short
from seqbench_forecasting_dates import readings
from seqbench_forecasting_headers import HEADERS, headers_count, numbers_and_texts
from seqbench_forecasting_options import Options, listed, named, option
from seqbench_forecasting_roles import is_ramp

from seqbench import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

_RUN = 3  # rows of a series that is told from chance
_PARTS_OF_DATES = {
    "month",
    "mnth",
    "weekday",
    "dayofweek",
    "quarter",
    "hour",
    "day",
    "minute",
    "dayofyear",
    "week",
}


def refuse_wide(frame: pd.DataFrame, options: Options) -> None:
    """Refuse a table whose rows seem to be series.

    Raises:
        DataError: its headers count on or are dates while a column names its rows, or it has more columns of
            numbers than rows.
    """
    excluded = named(options.exclude, list(frame.columns))
    rest = frame.drop(columns=[name for name in excluded if name in frame])
    if rest.shape[1] < HEADERS:
        return
    numbers, texts = numbers_and_texts(rest, options)
    has_names = any(rest[name].is_unique and not readings(rest[name]) for name in texts)
    if (has_names or len(numbers) > len(rest)) and headers_count(numbers):
        raise DataError(
            f"this looks like a wide table, a series in each of its {len(rest)} rows and a step in each of its"
            f" {len(numbers)} columns of numbers ({listed(numbers[:3])} to {numbers[-1]}), and it would be read as"
            f" {len(rest)} steps of {len(numbers)} channels; say {option('layout', 'rows')}, or name the channels"
            f" with"
            f" {option('columns', 'NAME')}"
        )
    if len(numbers) > len(rest) and not texts:
        raise DataError(
            f"there are more columns of numbers ({len(numbers)}) than rows ({len(rest)}): is a series a row?"
            f" Say {option('layout', 'rows')}, {option('layout', 'columns')}, or name the channels with"
            f" {option('columns', 'NAME')}"
        )


def several_series(frame: pd.DataFrame, options: Options) -> str | None:
    """Say that a long table holds several series, where its times start anew or a column names groups."""
    excluded = (*named(options.exclude, list(frame.columns)), *named(options.columns, list(frame.columns)))
    rest = frame.drop(columns=[name for name in excluded if name in frame])
    groups = _group_columns(rest)
    for name in rest.columns:
        rows = _restarts(name, rest[name], groups, options)
        if rows is None:
            continue
        group = next((g for g in groups if g != name and _names_runs(rest[g], rows)), None)
        if group is not None:
            return _saysseveral_series(rest, f"{name!r} starts anew in row {int(rest.index[rows[0]]) + 1}", group)
        if len(rows) >= 1 and min(b - a for a, b in zip((0, *rows), (*rows, len(rest)), strict=True)) >= _RUN:
            return (
                f"this holds several series, one below the other: column {name!r} starts anew in row"
                f" {int(rest.index[rows[0]]) + 1} ({rest[name].iloc[rows[0]]}), and no column names the series;"
                f" add one and"
                f" name it with {option('group', 'COLUMN')}, or say {option('columns', name)} if it is a channel"
            )
    for group in groups:
        times = [n for n in rest.columns if n != group and _rises_within(rest, n, group, options)]
        if times:
            return _saysseveral_series(rest, f"times in {times[0]!r} are repeated", group)
    named_runs = [g for g in groups if not _is_numeric(rest[g]) and _runs(rest[g]) == rest[g].nunique() > 1]
    if named_runs and not any(not _is_numeric(rest[n]) and readings(rest[n]) for n in rest.columns):
        return _saysseveral_series(rest, f"{named_runs[0]!r} names groups of rows", named_runs[0])
    return None


def _saysseveral_series(frame: pd.DataFrame, why: str, group: str) -> str:
    return (
        f"this holds several series ({frame[group].nunique()} of them,"
        f" {listed(map(str, frame[group].unique()))}): {why}."
        f" Say {option('group', group)} to train and test on all of them, each by itself, and"
        f" {option('series', str(frame[group].iloc[0]))} beside it for one alone"
    )


def _is_numeric(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(column))


def _runs(column: pd.Series[Any]) -> int:
    return int((column != column.shift()).sum())


def _group_columns(frame: pd.DataFrame) -> list[str]:
    """Return columns that may name series: texts or integers, each of them in several rows; texts first."""
    import pandas as pd

    found = []
    for name in frame.columns:
        column = frame[name]
        is_whole = not pd.api.types.is_float_dtype(column) and not pd.api.types.is_datetime64_any_dtype(column)
        if is_whole and not column.isna().any() and 1 < column.nunique() <= len(frame) / _RUN:
            found.append(name)
    return sorted(found, key=lambda name: _is_numeric(frame[name]))


def _restarts(name: str, column: pd.Series[Any], groups: Sequence[str], options: Options) -> list[int] | None:
    """Return the rows in which times, or a count of rows, start anew; None where they do not."""
    import numpy as np
    import pandas as pd

    if short(name) in _PARTS_OF_DATES or column.isna().any() or (name in groups and not _is_count(column)):
        return None
    if pd.api.types.is_numeric_dtype(column):
        if pd.api.types.is_bool_dtype(column) or not _is_count(column):
            return None
        values = column.to_numpy("float64")
        rows = (np.flatnonzero(np.diff(values) < 0) + 1).tolist()
        return rows or None
    found = readings(column, options.dates)
    if not found or any(np.isnat(reading.times).any() for reading in found[:1]):
        return None
    times = found[0].times
    rows = (np.flatnonzero(np.diff(times) < np.timedelta64(0)) + 1).tolist()
    is_anew = [times[row] <= times[0] or _starts_run(times, row) for row in rows]
    return rows if rows and all(is_anew) and _longest_rest(rows, len(times)) else None


def _starts_run(times: Array, row: int) -> bool:
    import numpy as np

    return row + _RUN <= len(times) and bool((np.diff(times[row : row + _RUN]) > np.timedelta64(0)).all())


def _longest_rest(rows: Sequence[int], count: int) -> bool:
    """Say whether all runs are longer than chance makes them."""
    return min(b - a for a, b in zip((0, *rows), (*rows, count), strict=True)) >= _RUN


def _is_count(column: pd.Series[Any]) -> bool:
    """Say whether numbers go up by one step, fall back, and go up again, as counts of the rows of series do."""
    import numpy as np
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(column) or column.isna().any():
        return False
    values = column.to_numpy("float64")
    if not np.isfinite(values).all() or (values % 1 != 0).any():
        return False
    bounds = [0, *(np.flatnonzero(np.diff(values) < 0) + 1).tolist(), len(values)]
    return len(bounds) > 2 and min(np.diff(bounds)) >= _RUN and is_ramp(values, bounds)


def _names_runs(column: pd.Series[Any], rows: Sequence[int]) -> bool:
    """Say whether a column has one value in each run, and another in the next."""
    changes = (column != column.shift()).to_numpy()
    return bool(changes[list(rows)].all()) and int(changes[1:].sum()) == len(rows)


def _rises_within(frame: pd.DataFrame, name: str, group: str, options: Options) -> bool:
    """Say whether times are repeated in the table, and rise within each group."""
    import numpy as np
    import pandas as pd

    if _is_numeric(frame[name]) or frame[name].is_unique or not (found := readings(frame[name], options.dates)):
        return False
    table = pd.DataFrame({"time": found[0].times, "group": frame[group].to_numpy()})
    if table["time"].isna().any() or (np.diff(found[0].times) > np.timedelta64(0)).all():
        return False
    return bool((table.groupby("group")["time"].diff().dropna() > pd.Timedelta(0)).all())
