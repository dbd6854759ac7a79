"""Detects a table of several series that would be read as one, and says what to type.

Read as one series, they would be forecast from each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from seqbench import DataError, place_of_row
from seqbench_forecasting.calendar import is_part_name, short
from seqbench_forecasting.clock import Clock
from seqbench_forecasting.dates import MONTHS, readings
from seqbench_forecasting.headers import HEADERS, numbers_and_texts, step_headers
from seqbench_forecasting.options import Options, listed, named, option
from seqbench_forecasting.roles import is_ramp

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

_FEW = 100  # cells that show whether a column holds dates
_REPEATED = 1.05  # rows a time: more than an hour that comes twice in autumn
_RUN = 3  # rows of a series that cannot be chance


def refuse_wide(frame: pd.DataFrame, options: Options) -> None:
    """Refuse a table whose rows seem to be series.

    Raises:
        DataError: its headers count on or are dates while a column names its rows, are the names of the months,
            or it has more columns of numbers than rows.
    """
    excluded = named(options.exclude, list(frame.columns))
    rest = frame.drop(columns=[name for name in excluded if name in frame])
    if rest.shape[1] < HEADERS:
        return
    numbers, texts = numbers_and_texts(rest, options)
    if _holds_year_a_row(numbers):
        raise DataError(
            f"a row seems to be a year and a column a month ({listed(numbers)}), and they would be read as"
            f" channels with a step of a year; write one row a month, or name the channels with"
            f" {option('columns', 'NAME')}"
        )
    has_names = any(rest[name].is_unique and not readings(rest[name].head(_FEW)) for name in texts)
    if (has_names or len(numbers) > len(rest)) and step_headers(numbers) is not None:
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


def _holds_year_a_row(names: Sequence[str]) -> bool:
    """Say whether twelve headers, one after the other, are the names of the months."""
    heads = [short(name)[:3] for name in names]
    return any(tuple(heads[place : place + 12]) == MONTHS for place in range(len(heads) - 11))


def refuse_several(frame: pd.DataFrame, clock: Clock | None, options: Options) -> None:
    """Refuse a long table that holds several series.

    Args:
        frame: the table.
        clock: says when its rows are; None if nothing does.
        options: name the columns that are left out, or read whatever they hold.

    Raises:
        DataError: times, or a count of rows, start again; or a column names groups of rows.
    """
    if clock is not None and clock.rises((0, len(frame))):
        return
    skipped = (*named(options.exclude, list(frame.columns)), *named(options.columns, list(frame.columns)))
    used = () if clock is None else clock.columns
    rest = frame.drop(columns=[name for name in frame if name in skipped or name in used])
    groups = _group_columns(rest)
    said = _in_rows(rest, groups) if clock is None else _in_times(rest, clock, groups)
    if said:
        raise DataError(f"this holds several series, not one: {said}")


def _in_times(frame: pd.DataFrame, clock: Clock, groups: Sequence[str]) -> str:
    """Return which column separates times that do not rise, or that none does although they start again."""
    import numpy as np

    times = clock.reading.times
    for group in groups:
        if _rises_within(times, frame[group]) and _separates(times, frame[group]):
            return f"times in {clock.name} repeat or start anew. {_says_group(frame, group)}"
    rows = (np.flatnonzero(np.diff(times) < np.timedelta64(0)) + 1).tolist()
    if rows and all(times[row] <= times[0] for row in rows) and _shortest(rows, len(times)) >= _RUN:
        return (
            f"times in {clock.name} start anew in {_place(frame, rows[0])} ({clock.texts[rows[0]]}),"
            f" and no column names the series; add one and name it with {option('group', 'COLUMN')}"
        )
    return ""


def _in_rows(frame: pd.DataFrame, groups: Sequence[str]) -> str:
    """Return which column separates rows without times: where a count starts again, or texts come in runs."""
    import numpy as np

    for name in frame.columns:
        if not _is_count(frame[name]):
            continue
        rows = (np.flatnonzero(np.diff(frame[name].to_numpy("float64")) < 0) + 1).tolist()
        anew = f"column {name!r} counts and starts anew in {_place(frame, rows[0])}"
        group = next((g for g in groups if g != name and _names_runs(frame[g], rows)), None)
        if group is not None:
            return f"{anew}. {_says_group(frame, group)}"
        if is_part_name(name):  # hours of one series start anew every day
            continue
        return (
            f"{anew}, and no column names the series; add one and name it with {option('group', 'COLUMN')}, or say"
            f" {option('columns', name)} if it is a channel"
        )
    for group in groups:
        if not _is_numeric(frame[group]) and _runs(frame[group]) == frame[group].nunique():
            return f"column {group!r} names groups of rows. {_says_group(frame, group)}"
    return ""


def _place(frame: pd.DataFrame, row: int) -> str:
    return place_of_row(frame, int(frame.index[row]))


def _says_group(frame: pd.DataFrame, group: str) -> str:
    return (
        f"Say {option('group', group)} to train and test on all {frame[group].nunique()} of them"
        f" ({listed(map(str, frame[group].unique()))}), each by itself, and beside it"
        f" {option('series', str(frame[group].iloc[0]))} for one alone"
    )


def _is_numeric(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(column))


def _runs(column: pd.Series[Any]) -> int:
    return int((column != column.shift()).sum())


def _group_columns(frame: pd.DataFrame) -> list[str]:
    """Return columns that may name series: texts or integers, each of them in several rows; texts first."""
    import pandas as pd

    found: list[str] = []
    for name, column in frame.items():
        is_whole = not pd.api.types.is_float_dtype(column) and not pd.api.types.is_datetime64_any_dtype(column)
        if is_whole and not column.isna().any() and 1 < column.nunique() <= len(frame) / _RUN:
            found.append(str(name))
    are_numbers = {name: _is_numeric(frame[name]) for name in found}
    found = [name for name in found if not (are_numbers[name] and is_part_name(name))]
    return sorted(found, key=lambda name: (are_numbers[name], frame[name].nunique()))


def _shortest(rows: Sequence[int], count: int) -> int:
    """Return how many rows the shortest run has, of those that begin at these rows."""
    return min(end - start for start, end in pairwise((0, *rows, count)))


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
    return len(bounds) > 2 and int(np.diff(bounds).min()) >= _RUN and is_ramp(values, bounds)


def _names_runs(column: pd.Series[Any], rows: Sequence[int]) -> bool:
    """Say whether a column has one value in each run, and another in the next."""
    changes = (column != column.shift()).to_numpy()
    return bool(changes[list(rows)].all()) and int(changes[1:].sum()) == len(rows)


def _separates(times: Array, group: pd.Series[Any]) -> bool:
    """Say whether texts, or numbers that come in runs or with many rows a time, may name series.

    One hour of a night in autumn comes twice, so two different numbers there mean nothing.
    """
    import numpy as np

    return (
        not _is_numeric(group) or _runs(group) == group.nunique() or len(times) > _REPEATED * len(np.unique(times))
    )


def _rises_within(times: Array, group: pd.Series[Any]) -> bool:
    """Say whether times rise within each group."""
    import pandas as pd

    table = pd.DataFrame({"time": times, "group": group.to_numpy()})
    return bool((table.groupby("group")["time"].diff().dropna() > pd.Timedelta(0)).all())
