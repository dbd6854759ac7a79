"""Finds the column, or the columns, of a table that hold the times of its rows.

These are: a column of dates; dates beside a column of times of day; year, month, day, hour in columns of their
own; or numbers that are named as times or rise as times do.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqbench import DataError, place_of_row
from seqbench_forecasting.calendar import PARTS, named_parts, packed_clock, short
from seqbench_forecasting.choice import choose
from seqbench_forecasting.date_numbers import Reading, days_of
from seqbench_forecasting.dates import MONTHS, clock_times, readings
from seqbench_forecasting.options import Options, option
from seqbench_forecasting.time import irregular_steps

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

_TIME_NAMES = {
    *(
        "date",
        "datetime",
        "dates",
        "ds",
        "dt",
        "time",
        "times",
        "timestamp",
        "ts",
        "year",
        "yr",
        "yearmonth",
        "ym",
    ),
    *("yyyymm", "yyyymmdd", "period", "week", "quarter", "epoch", "unix", "unixtime", "month", "day", "obsdate"),
}
_BARE_NAMES = {"date", "datetime", "time", "timestamp", "year"}
_LEAST = 8  # rows at which numbers that rise as times do are no chance


@dataclass(frozen=True, eq=False)
class Clock:
    """The source of the times of the rows.

    Attributes:
        columns: that were read as times.
        reading: their times.
        texts: [rows] as the source writes them, for messages.
    """

    columns: tuple[str, ...]
    reading: Reading
    texts: Sequence[object]

    @property
    def name(self) -> str:
        """The columns as a message names them."""
        quoted = [repr(column) for column in self.columns]
        return f"column {quoted[0]}" if len(quoted) == 1 else f"columns {', '.join(quoted[:-1])} and {quoted[-1]}"

    def rises(self, bounds: Sequence[int]) -> bool:
        """Say whether each time is later than the one before, in each series."""
        parts = itertools.pairwise(bounds)
        return all(irregular_steps(self.reading.times[start:end]) is not None for start, end in parts)


def find_clock(
    others: pd.DataFrame, numbers: pd.DataFrame, bounds: Sequence[int], options: Options
) -> tuple[Clock | None, list[str]]:
    """Return the source of the times, if any, and the columns that are neither times nor numbers.

    Args:
        others: the columns that hold no numbers.
        numbers: those that do.
        bounds: where each series begins, and the number of rows.
        options: say the order of day and month where cells do not.

    Raises:
        DataError: two columns of dates, cells that are no dates among others that are, or two readings between
            which nothing decides.
    """
    dates, clocks, texts = _readings(others, bounds, options)
    if len(dates) > 1:
        first, second = list(dates)[:2]
        raise DataError(
            f"columns {first!r} and {second!r} both hold dates; keep one of them, for instance with"
            f" {option('exclude', second)}"
        )
    if dates:
        (name, reading), *_ = dates.items()
        _refuse_unread(name, reading, others[name])
        return _with_clock(name, reading, others, numbers, clocks, bounds), [
            *texts,
            *_unused(clocks, name, reading),
        ]
    clock = _from_parts(others, numbers, texts, bounds) or _from_numbers(numbers, bounds, options)
    texts = [name for name in texts if clock is None or name not in clock.columns]
    return clock, [*texts, *clocks]


def _readings(
    others: pd.DataFrame, bounds: Sequence[int], options: Options
) -> tuple[dict[str, Reading], dict[str, Array], list[str]]:
    """Return the columns of dates and how each is read, those of times of day, and those of texts."""
    dates: dict[str, Reading] = {}
    clocks: dict[str, Array] = {}
    texts: list[str] = []
    for name in others.columns:
        found = readings(others[name], options.dates)
        best = choose(f"column {name!r}", found, bounds) if found else None
        times = clock_times(others[name]) if best is None or not _is_whole(best) else None
        if times is not None:  # 18.00.00 begins as a date does, and is none
            clocks[name] = times
        elif best is not None:
            dates[name] = best
        else:
            texts.append(name)
    return dates, clocks, texts


def _refuse_unread(name: str, reading: Reading, column: pd.Series[Any]) -> None:
    import numpy as np

    bad = np.flatnonzero(np.isnat(reading.times))
    if len(bad):
        place = int(bad[0])
        raise DataError(
            f"column {name!r} holds dates, but {place_of_row(column, int(column.index[place]))} has"
            f" {column.iloc[place]!r}; fill it in (dates are read as {reading.form}), or say how with"
            f" {option('dates', '%Y-%m-%d')}"
        )


def _unused(clocks: Mapping[str, Array], name: str, reading: Reading) -> list[str]:
    return [] if len(clocks) == 1 and _is_midnight(reading.times) else list(clocks)


def _is_midnight(times: Array) -> bool:
    return bool((times == times.astype("datetime64[D]")).all())


def _with_clock(
    name: str,
    reading: Reading,
    others: pd.DataFrame,
    numbers: pd.DataFrame,
    clocks: Mapping[str, Array],
    bounds: Sequence[int],
) -> Clock:
    """Add the time of day from another column if the dates have none."""
    alone = Clock((name,), reading, list(others[name]))
    if not _is_midnight(reading.times):
        return alone
    if len(clocks) == 1:
        ((column, times),) = clocks.items()
        both = others[name].astype(str) + " " + others[column].astype(str)
        whole = Reading(f"{reading.form}, and a time of day", reading.times + times)
        return Clock((name, column), whole, list(both))
    return alone if alone.rises(bounds) else _with_numbers(alone, numbers, bounds) or alone


def _with_numbers(dates: Clock, numbers: pd.DataFrame, bounds: Sequence[int]) -> Clock | None:
    """Add the time of day from numbers: hours, minutes, seconds, or 930 and 93000 in a column named as a time.

    None if no such numbers make the times rise.
    """
    parts = {part: column for part, column in named_parts(numbers).items() if part in ("hour", "minute", "second")}
    rest = [str(column) for column in numbers.columns if column not in dates.columns]
    found = {column: packed_clock(column, numbers[column]) for column in rest}
    added: list[tuple[tuple[str, ...], Array, str]] = [
        ((column,), times, "a time of day") for column, times in found.items() if times is not None
    ]
    if "hour" in parts:
        added.insert(0, (tuple(parts.values()), _clock_of(parts, numbers), f"the {' and '.join(parts)}"))
    for columns, steps, told in added:
        times = dates.reading.times + steps
        whole = Reading(f"{dates.reading.form}, and {told}", times)
        clock = Clock((*dates.columns, *columns), whole, list(times))
        if _is_whole(whole) and clock.rises(bounds):
            return clock
    return None


def _from_parts(
    others: pd.DataFrame, numbers: pd.DataFrame, texts: Sequence[str], bounds: Sequence[int]
) -> Clock | None:
    """Combine year, month or quarter, day, hour, minute, second from separate columns."""
    import numpy as np
    import pandas as pd

    table = pd.concat([numbers, others[list(texts)].apply(_month_numbers)], axis=1)
    named = named_parts(table)
    chain = [part for part in PARTS if part in named]
    if "year" not in chain or not {"month", "quarter"} & set(chain):
        return None
    if "month" in chain and "quarter" in chain:
        chain.remove("quarter")
    whole = {part: table[named[part]].to_numpy("float64", na_value=np.nan) for part in chain}
    month = whole["month"] if "month" in whole else whole["quarter"] * 3 - 2
    times = days_of(whole["year"], month, whole.get("day", np.ones(len(month))))
    used = [part for part in chain if part in ("year", "month", "quarter", "day")]
    if "day" in chain and "hour" in chain:
        clock = {part: named[part] for part in chain if part in ("hour", "minute", "second")}
        times, used = times + _clock_of(clock, table), [*used, *clock]
    if np.isnat(times).any():
        return None
    columns = tuple(named[part] for part in used)
    clock_ = Clock(columns, Reading(f"{', '.join(used)} in columns of their own", times), list(times))
    return clock_ if clock_.rises(bounds) or len(used) > 1 else None


def _month_numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return names of months as numbers, other texts as missing."""
    import pandas as pd

    names = column.astype(str).str.strip().str.lower().str[:3]
    places = {name: place for place, name in enumerate(MONTHS, start=1)}
    return pd.to_numeric(names.map(places), errors="coerce")


def _clock_of(parts: Mapping[str, str], table: pd.DataFrame) -> Array:
    """Return the time of day from columns of hours, minutes and seconds: [rows] timedelta64[us]."""
    import numpy as np

    seconds = {"hour": 3600, "minute": 60, "second": 1}
    total = np.zeros(len(table))
    for part, column in parts.items():
        total += table[column].to_numpy("float64", na_value=np.nan) * seconds[part]
    fits = (total >= 0) & (total <= 86_400)
    steps = np.where(fits, np.round(total * 1e6), 0).astype("int64").astype("timedelta64[us]")
    return np.where(fits, steps, np.timedelta64("NaT", "us"))


def _from_numbers(numbers: pd.DataFrame, bounds: Sequence[int], options: Options) -> Clock | None:
    """Read a column of numbers as times, because of its name or because it rises like a calendar."""
    by_name = sorted(numbers.columns, key=lambda name: (short(name) not in _TIME_NAMES, short(name) == "year"))
    for name in by_name:
        is_named = short(name) in _TIME_NAMES
        if numbers[name].isna().any() or (is_named and numbers[name].lt(1000).any()):
            continue
        found = readings(numbers[name], options.dates if is_named else None)
        fitting = [Clock((name,), reading, list(numbers[name])) for reading in found]
        rising = [clock.reading for clock in fitting if _is_whole(clock.reading) and clock.rises(bounds)]
        if not rising:
            days = [clock for clock in fitting if is_named and _is_whole(clock.reading)]
            if len(days) == 1 and (whole := _with_numbers(days[0], numbers, bounds)):
                return whole
            continue
        reading = choose(f"column {name!r}", rising, bounds)
        if is_named or (reading.form != "years" and len(numbers) >= _LEAST and _is_even(reading, bounds)):
            return Clock((name,), reading, list(numbers[name]))
    return None


def _is_whole(reading: Reading) -> bool:
    import numpy as np

    return not bool(np.isnat(reading.times).any())


def _is_even(reading: Reading, bounds: Sequence[int]) -> bool:
    parts = itertools.pairwise(bounds)
    return all(irregular_steps(reading.times[start:end]) == 0 for start, end in parts)


def refuse_bare(numbers: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a column that is named as a time but holds other numbers.

    Raises:
        DataError: there is one.
    """
    for name in columns:
        if short(name) in _BARE_NAMES:
            raise DataError(
                f"column {name!r} is named as a time and holds bare numbers ({numbers[name].iloc[0]}); write dates"
                f" such as 2016-07-01 12:00, say how to read it with {option('dates', '%Y%m%d')}, rename it, or"
                f" leave"
                f" it out with {option('exclude', name)}"
            )
