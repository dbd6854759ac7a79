"""Sorts the columns of a table into times, channels, and those that are left out, each with its reason."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqbench import DataError
from seqbench_forecasting.calendar import is_calendar, short
from seqbench_forecasting.clock import Clock, find_clock, refuse_bare
from seqbench_forecasting.numbers import as_numbers, says_text
from seqbench_forecasting.options import Options, listed, named, option

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

_ROW_NAMES = {
    "",
    "unnamed0",
    "index",
    "levelo",
    "level0",
    "id",
    "no",
    "nr",
    "row",
    "rownames",
    "rowid",
    "instant",
    "obs",
}
ROW_NUMBERS, CALENDAR, EMPTY, UNASKED = "row numbers", "calendar numbers", "empty", "not in columns="


@dataclass(frozen=True, eq=False)
class Roles:
    """The roles of the columns of a table.

    Attributes:
        clock: says when the rows are; None if nothing does.
        channels: the columns that are read.
        numbers: all columns of numbers, missing ones as NaN.
        left_out: column -> why it is not read.
    """

    clock: Clock | None
    channels: tuple[str, ...]
    numbers: pd.DataFrame
    left_out: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Look:
    """The contents of the columns of a table.

    Attributes:
        frame: the table without the columns that are left out here.
        numbers: its columns of numbers, missing ones as NaN.
        clock: says when the rows are; None if nothing does.
        texts: the columns that are neither numbers nor times.
        left_out: column -> why it is not read.
    """

    frame: pd.DataFrame
    numbers: pd.DataFrame
    clock: Clock | None
    texts: tuple[str, ...]
    left_out: Mapping[str, str]


def look(frame: pd.DataFrame, bounds: Sequence[int], options: Options) -> Look:
    """Examine the columns of a table.

    Args:
        frame: the table; its index counts the rows of the source from 0.
        bounds: where each series begins, and the number of rows.
        options: name the columns to leave out.

    Raises:
        DataError: a named column does not exist, or dates cannot be read.
    """
    left_out = dict.fromkeys(_known(options.exclude, frame, "exclude"), "exclude=")
    asked = _asked(frame, options)
    for name in frame.columns[frame.isna().all()]:
        if (name.startswith("Unnamed:") or not name) and name not in asked:
            left_out[name] = EMPTY
    rest = frame.drop(columns=list(left_out))
    numbers, others = _numbers_and_others(rest, options)
    clock, texts = find_clock(others, numbers, bounds, options)
    return Look(rest, numbers, clock, tuple(texts), left_out)


def sort_columns(seen: Look, restarts: Sequence[int], options: Options) -> Roles:
    """Sort the columns of a table into roles.

    Args:
        seen: what they hold.
        restarts: rows at which row numbers may start again: the starts of series and splits.
        options: name the columns to read and to forecast.

    Raises:
        DataError: a column holds neither numbers nor dates, or none is left.
    """
    clock, numbers, asked = seen.clock, seen.numbers, _asked(seen.frame, options)
    left_out, texts = dict(seen.left_out), list(seen.texts)
    used = () if clock is None else clock.columns
    candidates = [name for name in numbers.columns if name not in used or name in asked]
    if options.columns is not None:
        left_out |= {name: UNASKED for name in (*candidates, *texts) if name not in asked}
        candidates, texts = [n for n in candidates if n in asked], [n for n in texts if n in asked]
    if texts:
        raise DataError(says_text(texts[0], seen.frame[texts[0]]))
    unasked = [name for name in candidates if name not in asked]
    if clock is None and options.group is None:
        refuse_bare(numbers, unasked)
    counting = _counting(numbers, unasked, clock, restarts)
    channels = tuple(name for name in candidates if name not in counting)
    if not channels:
        raise DataError(_says_nothing(seen.frame, counting))
    return Roles(clock, channels, numbers, left_out | counting)


def _asked(frame: pd.DataFrame, options: Options) -> tuple[str, ...]:
    """Return the columns to read regardless of their content."""
    return (*_known(options.columns, frame, "columns"), *_targets(options, frame))


def _says_nothing(frame: pd.DataFrame, counting: Mapping[str, str]) -> str:
    if not counting:
        return f"no column holds numbers; there are: {listed(frame.columns)}"
    name, reason = next(iter(counting.items()))
    return (
        f"nothing is left to forecast: {listed(counting)} only counts rows or says when they are ({name!r}:"
        f" {reason});"
        f" say {option('columns', name)} to forecast it all the same"
    )


def _known(names: Any, frame: pd.DataFrame, what: str) -> tuple[str, ...]:
    """Return the columns that an option names.

    Raises:
        DataError: there is no such column.
    """
    found = named(names, list(frame.columns))
    for name in found:
        if name not in frame.columns:
            raise DataError(f"no column is called {name!r} ({what}); there are: {listed(frame.columns)}")
    return found


def _targets(options: Options, frame: pd.DataFrame) -> tuple[str, ...]:
    # Missing ones are reported where the targets are taken from the channels.
    return tuple(name for name in named(options.target, list(frame.columns)) if name in frame.columns)


def _numbers_and_others(frame: pd.DataFrame, options: Options) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    found = {name: as_numbers(name, frame[name], options.decimal) for name in frame.columns}
    numbers = {name: column for name, column in found.items() if column is not None}
    commas = [
        n
        for n in numbers
        if not pd.api.types.is_numeric_dtype(frame[n]) and _has_decimal_comma(frame[n], numbers[n])
    ]
    points = [n for n in numbers if pd.api.types.is_float_dtype(frame[n].dtype) and _has_decimals(numbers[n])]
    if commas and points:
        raise DataError(
            f"column {commas[0]!r} writes decimals with a comma and column {points[0]!r} with a point; write both"
            f" alike,"
            f" or leave one out with {option('exclude', points[0])}"
        )
    others = [name for name in frame.columns if name not in numbers]
    return pd.DataFrame(numbers, index=frame.index), frame[others]


def _has_decimals(numbers: pd.Series[Any]) -> bool:
    import numpy as np

    values = numbers.to_numpy("float64", na_value=np.nan)
    values = values[np.isfinite(values)]
    return bool((values % 1 != 0).any())


def _has_decimal_comma(texts: pd.Series[Any], numbers: pd.Series[Any]) -> bool:
    has_comma = texts.astype(str).str.contains(",", na=False)
    return (
        bool((has_comma & (numbers % 1 != 0)).any())
        and not texts.astype(str).str.contains(r"\.\d*$", na=False).any()
    )


def _counting(
    numbers: pd.DataFrame, names: Sequence[str], clock: Clock | None, restarts: Sequence[int]
) -> dict[str, str]:
    """Return the columns that number rows or repeat the calendar, with the reason."""
    import numpy as np

    found: dict[str, str] = {}
    times = None if clock is None else clock.reading.times
    for name in names:
        values = numbers[name].to_numpy("float64", na_value=np.nan)
        if not np.isfinite(values).all():
            continue
        if is_ramp(values, restarts) or (short(name) in _ROW_NAMES and _numbers_rows(values, restarts)):
            found[name] = ROW_NUMBERS
        elif is_calendar(name, values, times):
            found[name] = CALENDAR
    return found


def is_ramp(values: Array, restarts: Sequence[int]) -> bool:
    """Say whether numbers change by the same step at every row, except where they may start again.

    The tolerance is a hundredth of a step, or a unit of the last written decimal, up to a tenth of a step.

    >>> import numpy as np
    >>> is_ramp(np.array([1.0, 2.0, 3.0, 1.0, 2.0]), [0, 3, 5]), is_ramp(np.array([1.0, 2.0, 4.0]), [0, 3])
    (True, False)
    """
    import numpy as np

    slopes = []
    rounding = _last_decimal(values)
    for start, end in itertools.pairwise(restarts):
        part = values[start:end]
        if len(part) < 2:
            continue
        slope = (part[-1] - part[0]) / (len(part) - 1)
        line = part[0] + slope * np.arange(len(part))
        if (
            slope == 0
            or not np.isfinite(slope)
            or np.abs(part - line).max() > max(0.01 * abs(slope), min(rounding, 0.1 * abs(slope)))
        ):
            return False
        slopes.append(slope)
    return len(slopes) > 0 and len(values) > 2 and bool(np.ptp(slopes) <= 0.01 * abs(slopes[0]))


def _last_decimal(values: Array) -> float:
    """Return the unit of the last written decimal; 0 if there are more than 6 decimals."""
    import numpy as np

    for decimals in range(7):
        if np.allclose(values, np.round(values, decimals), rtol=1e-12, atol=1e-9):
            return float(10.0**-decimals)
    return 0.0


def _numbers_rows(values: Array, restarts: Sequence[int]) -> bool:
    """Say whether integers rise at every row, like row numbers after some rows were removed."""
    import numpy as np

    if (values % 1 != 0).any():
        return False
    parts = itertools.pairwise(restarts)
    return all((np.diff(values[start:end]) > 0).all() for start, end in parts)
