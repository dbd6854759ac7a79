"""Knows the names and the ranges of the parts of dates (year, month, hour, ...) in columns of numbers.

Imports numpy and pandas only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

PARTS = {
    "year": ("year", "yr", "yyyy"),
    "quarter": ("quarter", "qtr", "q"),
    "month": ("month", "mon", "mo", "mnth", "mm"),
    "day": ("day", "dd", "dom", "mday", "dayofmonth", "dayofthemonth"),
    "hour": ("hour", "hr", "hh", "hours"),
    "minute": ("minute", "min", "mi", "minutes"),
    "second": ("second", "sec", "ss", "seconds"),
}
"""Part of a date -> names of its column, the surest first."""


@dataclass(frozen=True)
class _Range:
    """The range of a part of a date, in whole numbers.

    Attributes:
        least, most: its ends, both included.
        period: the number after which it starts again; 0 if it never does.
        slack: the difference between conventions from year to year.
    """

    least: int
    most: int
    period: int = 0
    slack: int = 0


_RANGES = {
    "year": _Range(1000, 2999),
    "quarter": _Range(1, 4, 4),
    "month": _Range(1, 12, 12),
    "weekday": _Range(0, 7, 7),
    "dayofyear": _Range(1, 366, 366, 1),
    "weekofyear": _Range(0, 53, 53, 1),
    "day": _Range(1, 31, 31),
    "hour": _Range(0, 24, 24),
    "minute": _Range(0, 59, 60),
    "second": _Range(0, 60, 60),
}
# Unambiguous names: "min" also means minimum, "mm" also a length.
_SURE = {
    **{part: part for part in _RANGES if part != "second"},
    "mnth": "month",
    "dayofweek": "weekday",
    "doy": "dayofyear",
    "hr": "hour",
    "qtr": "quarter",
}
_NAMES = {*_SURE, "week", *(name for names in PARTS.values() for name in names)}
_CLOCKS = ("time", "hhmm", "hhmmss", "timeofday")
_MOSTLY = 0.5  # of the rows: clocks of summer and of winter differ by an hour


def short(name: str) -> str:
    """Return a column's name in lower case without anything but letters and digits."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def is_part_name(name: str) -> bool:
    """Say whether a column is named as a part of a date."""
    return short(name) in _NAMES


def named_parts(table: pd.DataFrame) -> dict[str, str]:
    """Return the columns that hold the year, the month, ..., judged by name and content.

    >>> import pandas as pd
    >>> named_parts(pd.DataFrame({"Year": [1999, 2000], "min": [-3.5, 2.0], "mo": [1, 12]}))
    {'year': 'Year', 'month': 'mo'}
    """
    found = {}
    for part, names in PARTS.items():
        columns = sorted((c for c in table.columns if short(c) in names), key=lambda c: names.index(short(c)))
        fitting = [column for column in columns if _is_within(table[column], _RANGES[part])]
        if fitting:
            found[part] = fitting[0]
    return found


def _is_within(column: pd.Series[Any], bounds: _Range) -> bool:
    import numpy as np

    values = column.to_numpy("float64", na_value=np.nan)
    known = values[~np.isnan(values)]
    return len(known) > 0 and bool(((known >= bounds.least) & (known <= bounds.most)).all())


def packed_clock(name: str, column: pd.Series[Any]) -> Array | None:
    """Return times of day that are written as 930 or 93000: [rows] timedelta64[s]; None if they are not.

    >>> import pandas as pd
    >>> [str(time) for time in packed_clock("time", pd.Series([930, 1600]))]
    ['34200 seconds', '57600 seconds']
    """
    import numpy as np

    values = column.to_numpy("float64", na_value=np.nan)
    if short(name) not in _CLOCKS or np.isnan(values).any() or (values % 1 != 0).any() or values.min() < 0:
        return None
    whole = values.astype("int64") * (100 if values.max() <= 2400 else 1)
    hours, minutes, seconds = whole // 10_000, whole // 100 % 100, whole % 100
    total = hours * 3600 + minutes * 60 + seconds
    fits = (minutes < 60).all() and (seconds < 60).all() and (total <= 86_400).all()
    return total.astype("timedelta64[s]") if fits else None


def is_calendar(name: str, values: Array, times: Array | None) -> bool:
    """Say whether numbers repeat the times, or have names and sizes of parts of a date.

    Args:
        name: of their column.
        values: [rows] finite.
        times: [rows] datetime64[us]; None if unknown.
    """
    import numpy as np
    import pandas as pd

    part = _SURE.get(short(name))
    is_named = part is not None or short(name) == "yr"
    if (values % 1 != 0).any() or (len(np.unique(values)) < 2 and not is_named):
        return False  # a flag that is always 0 is no minute
    if times is None:
        return part is not None and _has_range(values, part)
    index = pd.DatetimeIndex(times)
    if short(name) in ("yr", "year", "isoyear") and len(np.unique(values - index.year)) == 1:
        return True
    if part is not None and _has_range(values, part) and _follows(values, part, index):
        return True
    return any(np.array_equal(values, np.asarray(said, dtype="float64")) for said in _said_by(index))


def _has_range(values: Array, part: str) -> bool:
    return bool(_RANGES[part].least <= values.min() and values.max() <= _RANGES[part].most)


def _follows(values: Array, part: str, index: pd.DatetimeIndex) -> bool:
    """Say whether numbers have a constant offset from a part of the times in most rows, unlike data."""
    import numpy as np

    own = index.isocalendar().week if part == "weekofyear" else getattr(index, _ATTRIBUTES.get(part, part))
    bounds = _RANGES[part]
    apart = values - np.asarray(own, dtype="float64")
    if bounds.period:
        apart = apart % bounds.period
    found, counts = np.unique(apart, return_counts=True)
    away = np.abs(found - found[counts.argmax()])
    if bounds.period:
        away = np.minimum(away, bounds.period - away)
    return int(counts[away <= bounds.slack].sum()) >= _MOSTLY * len(values)


_ATTRIBUTES = {"weekday": "day_of_week", "dayofyear": "day_of_year"}


def _said_by(index: pd.DatetimeIndex) -> tuple[Any, ...]:
    """Return the calendar parts of times in the forms that columns use."""
    weekday = index.day_of_week  # 0 is Monday
    return (
        *(index.year, index.quarter, index.month, index.day, index.hour, index.hour + 1, index.minute),
        *(weekday, weekday + 1, (weekday + 1) % 7, (weekday + 1) % 7 + 1, index.day_of_year),
        *(index.year * 100 + index.month, index.hour * 100 + index.minute),
    )
