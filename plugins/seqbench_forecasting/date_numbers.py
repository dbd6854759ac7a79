"""Reads numbers as times: years, compact dates, decimal years, and counts since 1970."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to read a column.

    Attributes:
        form: the form, in words for messages.
        times: [rows] datetime64[us]; NaT if the cell is missing or has another form.
        order: ``day-first`` or ``month-first`` if the form leaves that open, otherwise "".
        doubt: another possible meaning, if nothing in the cells decides; otherwise "".
    """

    form: str
    times: Array
    order: str = ""
    doubt: str = ""


_EPOCHS = {
    "seconds": (1e8, 1_000_000),
    "milliseconds": (1e11, 1000),
    "microseconds": (1e14, 1),
    "nanoseconds": (1e17, 0),
}
_COMPACT = {6: "%Y%m", 7: "%Y%j", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_SAID = {
    6: "year and month (200101)",
    7: "year and day of the year (2001183)",
    8: "year, month, day (20010131)",
    10: "year, month, day, hour (2001013112)",
    12: "year, month, day, hour, minute (200101311230)",
    14: "year to second (20010131123000)",
}


def number_readings(column: pd.Series[Any]) -> Iterator[Reading]:
    """Yield the readings of numbers: years, compact dates, epochs, decimal years."""
    import numpy as np

    numbers = column.to_numpy("float64", na_value=np.nan)
    known = numbers[~np.isnan(numbers)]
    if not np.isfinite(known).all() or len(known) == 0 or known.min() < 1000:
        return
    if (known % 1 == 0).all():
        if known.max() <= 2999:
            yield Reading("years", days_of(numbers, np.ones(len(numbers)), np.ones(len(numbers))))
        digits = {len(str(int(known.min()))), len(str(int(known.max())))}
        if len(digits) == 1 and (size := digits.pop()) in _COMPACT and "1" <= str(int(known.min()))[0] <= "2":
            yield _of_compact(numbers, size)
    elif known.max() < 3000:
        yield from _of_decimal_years(numbers, known)
    yield from _of_epochs(column, known)


def _of_compact(numbers: Array, size: int) -> Reading:
    import numpy as np
    import pandas as pd

    if size == 6:
        return Reading(_SAID[6], days_of(numbers // 100, numbers % 100, np.ones(len(numbers))))
    texts = pd.Series([None if np.isnan(n) else str(int(n)) for n in numbers], dtype="str")
    return Reading(
        _SAID[size], pd.to_datetime(texts, format=_COMPACT[size], errors="coerce").to_numpy("datetime64[us]")
    )


def _of_epochs(column: pd.Series[Any], known: Array) -> Iterator[Reading]:
    import numpy as np
    import pandas as pd

    for unit, (least, micros) in _EPOCHS.items():
        if not (least <= known.min() and known.max() <= 42 * least):
            continue
        whole = pd.api.types.is_integer_dtype(column) and not column.isna().any()
        if whole:  # without the detour over floats, which hold 53 bits
            integers = column.to_numpy("int64")
            values = integers * micros if micros else integers // 1000
            yield Reading(f"{unit} since 1970", values.astype("datetime64[us]"))
        else:
            floats = column.to_numpy("float64", na_value=np.nan)
            steps = micro_steps(floats * micros if micros else floats / 1000)
            yield Reading(f"{unit} since 1970", np.datetime64(0, "us") + steps)


def _of_decimal_years(numbers: Array, known: Array) -> Iterator[Reading]:
    """Yield 1949.083 as February 1949 or a quarter, and 2001.01 as January 2001, where all numbers fit."""
    import numpy as np

    year = np.floor(numbers)
    ones = np.ones(len(numbers))
    hundredths = (known - np.floor(known)) * 100
    if (np.abs(hundredths - np.round(hundredths)) < 1e-6).all() and _is_within(np.round(hundredths), 1, 12):
        yield Reading("year.month (2001.01)", days_of(year, np.round((numbers - year) * 100), ones))
    for parts, said in ((4, "quarters"), (12, "months")):
        place = known * parts
        if (np.abs(place - np.round(place)) < 0.07).all():
            step = np.round(numbers * parts)
            yield Reading(
                f"years and {said} as a decimal number (1949.083)",
                days_of(np.floor(step / parts), (step % parts) * (12 // parts) + 1, ones),
            )
            return


def _is_within(values: Array, least: int, most: int) -> bool:
    return bool((values >= least).all() and (values <= most).all())


def days_of(year: Array, month: Array, day: Array) -> Array:
    """Return the days with these numbers: [rows] datetime64[us], NaT if there is no such day.

    >>> import numpy as np
    >>> days = days_of(np.full(2, 2001.0), np.full(2, 2.0), np.array([28.0, 29.0]))
    >>> days.astype("datetime64[D]").tolist()
    [datetime.date(2001, 2, 28), None]
    """
    import numpy as np

    fits = (year >= 1000) & (year <= 2999) & (month >= 1) & (month <= 12) & (day >= 1)
    fits &= (year % 1 == 0) & (month % 1 == 0) & (day % 1 == 0)
    months = (np.where(fits, (year - 1970) * 12 + month - 1, 0)).astype(int).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(fits, day, 1).astype(int) - 1).astype("timedelta64[D]")
    fits &= days.astype("datetime64[M]") == months
    return np.where(fits, days.astype("datetime64[us]"), np.datetime64("NaT", "us"))


def micro_steps(micros: Array) -> Array:
    """Return numbers of microseconds as steps: [rows] timedelta64[us], NaT where the number is NaN."""
    import numpy as np

    steps = np.where(np.isnan(micros), 0, np.round(micros)).astype("int64").astype("timedelta64[us]")
    return np.where(np.isnan(micros), np.timedelta64("NaT", "us"), steps)
