"""Measures the steps between the times of a series: how long one is, where it differs, when the calendar repeats.

Imports numpy and pandas only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from seqbench import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

Gaps = Literal["keep", "error", "fill"]

_SECOND = 1_000_000  # in the unit of the positions, microseconds
_DAY = 86_400 * _SECOND
_SEASONS = {"months": {1: 12, 3: 4}, "working days": {1: 5}, "time": {_DAY: 7, 7 * _DAY: 52}}
_UNITS = (
    ("week", 7 * _DAY),
    ("day", _DAY),
    ("hour", 3600 * _SECOND),
    ("minute", 60 * _SECOND),
    ("second", _SECOND),
    ("millisecond", 1000),
    ("microsecond", 1),
)


@dataclass(frozen=True, eq=False)
class Steps:
    """The steps between rows.

    Attributes:
        season: steps after which the calendar repeats, if it does.
        irregular: number of steps whose length differs from the most common one.
        repeats: [rows] how often each row is repeated to fill missing times.
        length: the most common step in words; "" if there is no step.
    """

    season: int | None = None
    irregular: int = 0
    repeats: Array | None = None
    length: str = ""


def steps_of(name: str, times: Array, gaps: Gaps) -> Steps:
    """Measure the steps between rows whose times rise.

    Dates on the same day of the month (or on its last, where the month is shorter), or on its first or last
    working day, are counted in months; days without any Saturday or Sunday in working days.

    Args:
        name: of the column, for messages.
        times: [rows] datetime64[us], rising.
        gaps: what is done where a step is longer than most.

    Raises:
        DataError: most steps differ from each other; or some step is longer and ``gaps`` is "error", or no
            multiple of the usual one and ``gaps`` is "fill", or filling would more than double the rows.
    """
    import numpy as np

    positions, unit = _positions(times)
    steps = np.diff(positions)
    if len(steps) == 0:
        return Steps()
    usual, is_irregular = _usual(steps)
    irregular = int(is_irregular.sum())
    length = _in_words(usual, unit)
    if 2 * irregular > len(steps):
        raise DataError(
            f"{name} has no constant step: {irregular} of {len(steps)} steps differ from the most common"
            f" one ({length}); resample the series first"
        )
    first = int(is_irregular.argmax())
    where = f"{name} steps from {said(times[first])} to {said(times[first + 1])}" if irregular else ""
    if irregular and gaps == "error":
        raise DataError(
            f"{where}, in place of {length} (irregular steps in all: {irregular});"
            f" choose gaps=keep (rows as they come) or gaps=fill (repeat the row before)"
        )
    repeats = _repeats(steps, usual, where, length) if gaps == "fill" and irregular else None
    return Steps(_season(usual, unit), irregular, repeats, length)


def irregular_steps(times: Array) -> int | None:
    """Return the number of steps that differ from the most common one; None if times do not rise at every row."""
    import numpy as np

    positions, _ = _positions(times)
    steps = np.diff(positions)
    if (np.diff(times) <= np.timedelta64(0)).any():
        return None
    return int(_usual(steps)[1].sum()) if len(steps) else 0


def said(time: np.datetime64) -> str:
    """Write a time without the parts that are zero at its end.

    >>> import numpy as np
    >>> said(np.datetime64("2001-01-05T12:00:00", "us"))
    '2001-01-05 12:00:00'
    """
    text = str(time.astype("datetime64[us]")).replace("T", " ")
    return text.removesuffix(".000000").removesuffix(" 00:00:00")


def _usual(steps: Array) -> tuple[int, Array]:
    """Return the most common step, and which of them differ from it."""
    import numpy as np

    lengths, counts = np.unique(steps, return_counts=True)
    usual = int(lengths[counts.argmax()])
    return usual, steps != usual


def _repeats(steps: Array, usual: int, where: str, length: str) -> Array:
    import numpy as np

    if (steps % usual).any():
        raise DataError(f"{where}, which is no multiple of {length}; gaps=fill cannot fill that")
    repeats = np.append(steps // usual, 1)
    if repeats.sum() > 2 * len(repeats):
        raise DataError(
            f"gaps=fill would make {int(repeats.sum())} rows of {len(repeats)}, most of them made up: {where}, in"
            f" place of {length}; check how the dates are read, or choose gaps=keep"
        )
    return repeats


def _positions(times: Array) -> tuple[Array, str]:
    """Return the positions of the times on the axis that fits them, and the name of its unit."""
    import numpy as np

    days = times.astype("datetime64[D]")
    month = days.astype("datetime64[M]").astype(int)
    clock = times - days
    has_one_clock = len(times) > 0 and bool((clock == clock[0]).all())
    if has_one_clock and (np.diff(month) > 0).all() and _is_monthly(days):
        return month, "months"
    is_working = has_one_clock and len(days) > 5 and bool(np.is_busday(days).all())
    if is_working and (np.diff(days).astype(int) == 1).any():
        return np.busday_count(np.datetime64(0, "D"), days), "working days"
    return times.astype("datetime64[us]").astype(np.int64), "time"


def _is_monthly(days: Array) -> bool:
    """Say whether all days have the same place in their months."""
    import numpy as np

    months = days.astype("datetime64[M]")
    first, after = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]")
    day_of_month, size = (days - first).astype(int) + 1, (after - first).astype(int)
    return bool(
        (day_of_month == np.minimum(day_of_month.max(), size)).all()
        or (day_of_month == size).all()
        or (days == np.busday_offset(after, -1, roll="forward")).all()
        or (days == np.busday_offset(first, 0, roll="forward")).all()
    )


def _in_words(step: int, unit: str) -> str:
    """Return the length of a step in a natural unit.

    >>> _in_words(31 * _DAY, "time"), _in_words(900 * _SECOND, "time"), _in_words(12, "months")
    ('31 days', '15 minutes', '1 year')
    """
    if unit == "time":
        name, size = next((name, size) for name, size in _UNITS if step % size == 0)
        return _counted(step // size, name)
    if unit == "months" and step % 12 == 0:
        return _counted(step // 12, "year")
    return _counted(step, unit.removesuffix("s"))


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def _season(usual: int, unit: str) -> int | None:
    """Return the season: a day for steps below a day, a week for days, a year for weeks, months and quarters."""
    per_day, rest = divmod(_DAY, usual) if unit == "time" else (0, 1)
    if per_day > 1 and rest == 0:
        return per_day
    return _SEASONS[unit].get(usual)
