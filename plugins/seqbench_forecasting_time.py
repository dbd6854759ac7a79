"""What do the times of a series say: how long is a step, where is it longer, and when does the calendar repeat?

Numbers and pandas only; nothing here knows of tasks.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from seqbench import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

Gaps = Literal["keep", "error", "fill"]

_SECOND = 1_000_000  # in the unit of the positions, microseconds
_DAY = 86_400 * _SECOND
_SEASONS = {"months": {1: 12, 3: 4}, "working days": {1: 5}, "time": {_DAY: 7, 7 * _DAY: 52}}


@dataclass(frozen=True, eq=False)
class Steps:
    """What is known of the steps between rows.

    Attributes:
        season: steps after which the calendar repeats, where it does.
        irregular: steps that are not as long as most are.
        repeats: [rows] how often each row is to stand in the series, where missing times are filled.
    """

    season: int | None = None
    irregular: int = 0
    repeats: Array | None = None


def parse_times(column: pd.Series[Any]) -> pd.Series[Any] | None:
    """Return a column as times, unreadable ones missing; None where its first value is no date.

    ISO 8601 is tried first, then month before day (1/31/1981), then day before month; of the last two, the
    one that reads more rows and has them in rising order is taken. Times with a zone are taken in UTC, but for
    those that all are midnights at their place.
    """
    import pandas as pd

    if column.isna().all():
        return None
    known = column.dropna().index[0]
    if pd.api.types.is_datetime64_any_dtype(column):
        return _without_zone(column)
    texts = column.astype(str).where(column.notna())
    for formats in (["ISO8601"], _formats(texts[known])):
        readings = [pd.to_datetime(texts, format=f, errors="coerce", utc=True) for f in formats]
        readings = [times.dt.tz_localize(None) for times in readings if times.notna()[known]]
        if readings:
            return max(readings, key=_fitness)
    return None


def _without_zone(times: pd.Series[Any]) -> pd.Series[Any]:
    if times.dt.tz is None:
        return times
    local: pd.Series[Any] = times.dt.tz_localize(None)
    utc: pd.Series[Any] = times.dt.tz_convert(None)
    return local if (local == local.dt.normalize()).all() else utc


def _formats(first: str) -> list[str]:
    import pandas as pd

    with warnings.catch_warnings():  # pandas says so where day and month can only be the other way round
        warnings.simplefilter("ignore", UserWarning)
        guesses = [pd.tseries.api.guess_datetime_format(first, dayfirst=d) for d in (False, True)]
    return [guess for guess in guesses if guess is not None]


def _fitness(times: pd.Series[Any]) -> tuple[int, bool]:
    return int(times.notna().sum()), times.is_monotonic_increasing


def steps_of(name: str, column: pd.Series[Any], gaps: Gaps) -> Steps:
    """Measure the steps between the rows of a column of times.

    Dates on the same day of the month, or all on its last, are counted in months; days without any Saturday
    or Sunday in working days.

    Raises:
        DataError: a time is missing, repeated or out of order; most steps differ from each other; or some
            step is longer and ``gaps`` is "error", or no multiple of the usual one and ``gaps`` is "fill".
    """
    import numpy as np

    times = parse_times(column)
    if times is None or times.isna().any():
        row = 0 if times is None else int(times.isna().to_numpy().argmax())
        raise DataError(f"column {name!r} holds dates, but row {row + 1} has {column.iloc[row]!r}; fill it in")
    positions, unit = _positions(times.to_numpy("datetime64[us]"))
    steps = np.diff(positions)
    _refuse_disorder(name, column, steps)
    if len(steps) == 0:
        return Steps()
    lengths, counts = np.unique(steps, return_counts=True)
    usual = int(lengths[counts.argmax()])
    is_irregular = steps != usual
    irregular = int(is_irregular.sum())
    if 2 * irregular > len(steps):
        raise DataError(
            f"column {name!r} has no constant step: {irregular} of {len(steps)} steps differ from the most common"
            f" one ({_in_words(usual, unit)}); resample the series first"
        )
    first = int(is_irregular.argmax())
    where = f"column {name!r} steps from {column.iloc[first]} to {column.iloc[first + 1]}" if irregular else ""
    if irregular and gaps == "error":
        raise DataError(
            f"{where}, in place of {_in_words(usual, unit)} (irregular steps in all: {irregular});"
            f" choose gaps=keep (rows as they come) or gaps=fill (repeat the row before)"
        )
    if gaps == "fill" and (steps % usual).any():
        raise DataError(f"{where}, which is no multiple of {_in_words(usual, unit)}; gaps=fill cannot fill that")
    repeats = np.append(steps // usual, 1) if gaps == "fill" and irregular else None
    return Steps(_season(usual, unit), irregular, repeats)


def _positions(times: Array) -> tuple[Array, str]:
    """Return where the times stand on the axis that fits them, and the name of its unit."""
    import numpy as np

    days, months = times.astype("datetime64[D]"), times.astype("datetime64[M]")
    day_of_month = (days - months.astype("datetime64[D]")).astype(int)
    days_left = ((months + 1).astype("datetime64[D]") - days).astype(int)
    month = months.astype(int)
    has_equal_days = bool((day_of_month == day_of_month[0]).all() or (days_left == 1).all())
    if (times == days).all() and has_equal_days and (np.diff(month) > 0).all():
        return month, "months"
    if (
        (times == days).all()
        and len(days) > 5
        and np.is_busday(days).all()
        and (np.diff(days).astype(int) == 1).any()
    ):
        return np.busday_count(np.datetime64(0, "D"), days), "working days"
    return times.astype(np.int64), "time"


def _refuse_disorder(name: str, column: pd.Series[Any], steps: Array) -> None:
    if (steps > 0).all():
        return
    row = int((steps <= 0).argmax())
    what = "is repeated" if steps[row] == 0 else f"comes after {column.iloc[row]}"
    raise DataError(
        f"the rows of a series are needed in the order of time, each time once: in column {name!r}"
        f" {column.iloc[row + 1]} {what} (row {row + 2}); sort the rows and keep one of each"
    )


def _in_words(step: int, unit: str) -> str:
    return f"{step / _SECOND:g} seconds" if unit == "time" else f"{step} {unit}"


def _season(usual: int, unit: str) -> int | None:
    """Return a day in steps below a day, a week in days, a year in weeks, months and quarters."""
    per_day, rest = divmod(_DAY, usual) if unit == "time" else (0, 1)
    if per_day > 1 and rest == 0:
        return per_day
    return _SEASONS[unit].get(usual)
