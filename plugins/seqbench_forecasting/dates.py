"""Reads one column as times, in every form that fits it.

`readings` lists the forms; `choice` decides which of several readings is right. Imports numpy and pandas only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seqbench_forecasting.date_numbers import Reading, days_of, micro_steps, number_readings

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
CLOCK = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}(?:[.,]\d+)?))?(?:\s*(?P<half>[ap])\.?m\.?)?"
)
"""A time of day, with or without AM or PM."""
_ZONE = r"(?P<zone>\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2}))?"
_TAIL = rf"(?:(?:[ t]|,\s*|:|\s+at\s+)\s*{CLOCK}{_ZONE})?"
_YEAR = r"(?P<year>\d{4})"
_SHORT = r"(?P<year>\d{4}|\d{2})"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}(?::?\d{2})?.*)?", re.IGNORECASE)
_OFFSET = r"\s*(?:[Zz]|UTC|GMT|[+-]\d{2}:?\d{2}(?::?\d{2})?)$"
_LAST_SHORT_YEAR = 35  # 00 to 35 are 2000 to 2035, the others 1936 to 1999


@dataclass(frozen=True)
class _Form:
    name: str
    pattern: str
    order: str = ""


_D, _M = r"(?P<day>\d{1,2})", r"(?P<month>\d{1,2})"
_NTH = _D + "(?:st|nd|rd|th)?"
_MARK, _AGAIN = "(?P<mark>[-/ ])", "(?P=mark)"

# Where two patterns fit the same text, both are tried.
_FORMS = (
    _Form("year-month-day", rf"{_YEAR}(?P<mark>[-/.]){_M}{_AGAIN}{_D}{_TAIL}"),
    _Form("day/month/year", rf"{_D}{_MARK}{_M}{_AGAIN}{_SHORT}{_TAIL}", "day-first"),
    _Form("month/day/year", rf"{_M}{_MARK}{_D}{_AGAIN}{_SHORT}{_TAIL}", "month-first"),
    _Form("day.month.year", rf"{_D}\.\s?{_M}\.\s?{_SHORT}{_TAIL}"),
    _Form("month.day.year", rf"{_M}\.{_D}\.{_SHORT}{_TAIL}", "asked"),
    _Form("year-month-day", rf"(?P<year>\d{{2}})(?P<mark>[-/]){_M}{_AGAIN}{_D}{_TAIL}", "year-first"),
    _Form("day month year", rf"{_WEEKDAY}{_NTH}[-/\s.,]*{_NAMED}[-/\s,]*{_SHORT}{_TAIL}"),
    _Form("month day, year", rf"{_WEEKDAY}{_NAMED}[-/\s]*{_NTH}(?:,\s*|\s+|[-/]){_YEAR}{_TAIL}"),
    _Form("month day time year", rf"{_WEEKDAY}{_NAMED}\s+{_D}\s+{CLOCK}\s+{_YEAR}"),
    _Form("year month day", rf"{_YEAR}[-/\s]*{_NAMED}[-/\s]*{_D}{_TAIL}"),
    _Form("month and year", rf"{_NAMED}[-/\s,']*{_SHORT}"),
    _Form("year and month", rf"{_SHORT}[-/\s]*{_NAMED}"),
    _Form("year and month", rf"{_YEAR}(?:[-/.]|\s?m){_M}"),
    _Form("month and year", rf"{_M}[-/.]{_YEAR}"),
    _Form("year and quarter", rf"{_YEAR}[-/\s]?q(?P<quarter>[1-4])"),
    _Form("quarter and year", rf"(?:q(?P<quarter>[1-4])|(?P<quarter2>[1-4])q)[-/\s]?{_SHORT}"),
    _Form("year and week", rf"{_YEAR}-?w(?P<week>\d{{1,2}})(?:-?(?P<weekday>[1-7]))?"),
    _Form("first day of a period", rf"{_YEAR}-{_M}-{_D}/\d{{4}}-\d{{2}}-\d{{2}}"),
)


def readings(column: pd.Series[Any], order: str | None = None) -> list[Reading]:
    """Return every way to read a column; none if its first value is not a date.

    | form | examples |
    |---|---|
    | ISO 8601 | 2016-07-01, 2016-07-01T12:00:00Z, 2016-07-01 12:00+02:00 |
    | year, month, day | 2016/7/1, 2016.7.1 12:00, 16-07-01 |
    | day first or month first | 31/1/1981, 1/31/81, 31.1.1981 12.30, 1-31-1981 1:30 PM |
    | names of months (English) | 1-Jan-01, 01JAN2001, Jan 2001, Jan-01, January 5, 2001, Mon, 05 Jan 2001 |
    | year and month | 2001-01, 2001/1, 2001M01, 01/2001, 200101 |
    | quarters, weeks | 2001Q1, 2001-Q1, Q1 2001, 2001-W05, 2001-W05-1 |
    | periods | 2001-01-01/2001-01-07 (the first day counts) |
    | compact | 20160701, 2016070112, 201607011200, 20160701120000, 2016183 |
    | years | 1949; 1949.083 (a twelfth of a year is a month); 2001.01 (year.month) |
    | epochs | seconds, milliseconds, microseconds, nanoseconds since 1970 |

    Args:
        column: times, periods, dates, texts or numbers; may have missing cells.
        order: ``day-first``, ``month-first`` or a format as of ``strptime``; None tries all.
    """
    import pandas as pd

    if column.isna().all():
        return []
    if isinstance(column.dtype, pd.PeriodDtype):
        return [Reading("periods", _micros(column.dt.to_timestamp()))]
    if pd.api.types.is_datetime64_any_dtype(column):
        return _of_times(column)
    if pd.api.types.is_numeric_dtype(column):
        return (
            list(number_readings(column))
            if "%" not in (order or "")
            else _of_format(column.astype(str), order or "")
        )
    texts = column.astype(str).where(column.notna())
    codes, different = pd.factorize(texts, use_na_sentinel=False)  # in a long table each time stands many times
    found = _of_different(pd.Series(different).str.strip(), order)
    return [replace(reading, times=reading.times[codes]) for reading in found]


def _of_different(texts: pd.Series[Any], order: str | None) -> list[Reading]:
    if order and "%" in order:
        return _of_format(texts, order)
    return _of_texts(texts, order)


def clock_times(column: pd.Series[Any]) -> Array | None:
    """Return a column of times of day, such as 18:00:00 or 6.30 PM, as [rows] microseconds; else None."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return None
    found = column.astype(str).str.strip().str.extract(f"(?i)^{CLOCK}$")
    times = np.where(found["hour"].isna(), np.timedelta64("NaT"), _time_of_day(found))
    return None if np.isnat(times).any() else times


def _micros(times: pd.Series[Any]) -> Array:
    return times.to_numpy("datetime64[us]")


def _of_times(column: pd.Series[Any]) -> list[Reading]:
    """Return times unchanged; those with a zone both in local time and in UTC."""
    if column.dt.tz is None:
        return [Reading("times", _micros(column))]
    local, utc = column.dt.tz_localize(None), column.dt.tz_convert(None)
    return [Reading(f"times of {column.dt.tz}", _micros(local)), Reading("times, in UTC", _micros(utc))]


def _of_format(texts: pd.Series[Any], form: str) -> list[Reading]:
    import pandas as pd

    times = pd.to_datetime(texts, format=form, errors="coerce", utc=True).dt.tz_localize(None)
    return [Reading(form, _micros(times))]


def _of_texts(texts: pd.Series[Any], order: str | None) -> list[Reading]:
    import pandas as pd

    first = str(texts.dropna().iloc[0])
    found: list[Reading] = []
    if _ISO.fullmatch(first):
        found = _of_iso(texts)
        if not any(pd.isna(reading.times[texts.notna().to_numpy()]).any() for reading in found):
            return found
    if first.isdigit():
        return list(number_readings(pd.to_numeric(texts, errors="coerce")))
    for form in _FORMS:
        is_open = form.order in ("day-first", "month-first")
        if order and (is_open or form.order == "year-first") and form.order != order:
            continue
        if (form.order == "asked") != (order == "month-first") and "." in form.name:
            continue
        if re.fullmatch(form.pattern, first, re.IGNORECASE):
            found += _of_form(texts, form)
    return found


def _of_iso(texts: pd.Series[Any]) -> list[Reading]:
    import pandas as pd

    def read(part: pd.Series[Any]) -> Array:
        return _micros(pd.to_datetime(part, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None))

    # A minus before two digits is an offset only behind a time of day.
    if not texts.str.contains(r"[Zz+]|[CcTt]$|:.*-", na=False).any():
        return [Reading("ISO 8601", read(texts))]
    has_zone = texts.str.contains(rf"\d{{4}}-\d{{2}}-\d{{2}}[ T].*?{_OFFSET}", na=False)
    if not has_zone.any():
        return [Reading("ISO 8601", read(texts))]
    zoned = texts.where(has_zone)  # a time without a zone among others with one stands for nothing
    bare = zoned.str.replace(_OFFSET, "", regex=True)
    return [Reading("ISO 8601, as clocks show it", read(bare)), Reading("ISO 8601, in UTC", read(zoned))]


def _of_form(texts: pd.Series[Any], form: _Form) -> list[Reading]:
    """Read texts by one form; those with a zone both in local time and in UTC."""
    import numpy as np

    found = texts.str.extract(f"(?i)^{form.pattern}$")
    dates = _dates(found, form)
    times = dates + _time_of_day(found) if "hour" in found else dates.astype("datetime64[us]")
    order = form.order if form.order in ("day-first", "month-first") else ""
    if "zone" not in found or found["zone"].isna().all():
        return [Reading(form.name, times, order, _doubt(found))]
    zone = found["zone"].str.strip().str.lower().replace({"z": "+0000", "utc": "+0000", "gmt": "+0000"})
    digits = zone.str.replace(":", "").str.extract(r"([+-])(\d{2})(\d{2})")
    minutes = (_numbers(digits[1]) * 60 + _numbers(digits[2])) * np.where(digits[0] == "-", -1, 1)
    utc = times - micro_steps(minutes * 60e6)
    times = np.where(np.isnan(minutes), np.datetime64("NaT"), times)
    return [Reading(f"{form.name}, as clocks show it", times, order), Reading(f"{form.name}, in UTC", utc, order)]


def _doubt(found: pd.DataFrame) -> str:
    """Report the ambiguity of Jan-01, Jan-02, ...: a month in two-digit years, or days without a year."""
    is_short = "name" in found and "day" not in found and bool(found["year"].str.len().eq(2).any())
    if not is_short or len(found) < 3 or found["name"].str.lower().nunique() > 1:
        return ""
    return "days of a month without a year, or the same month of many years"


def _dates(found: pd.DataFrame, form: _Form) -> Array:
    """Return the days that the parts of a form name: [rows] datetime64[us]."""
    import numpy as np

    is_short = found["year"].str.len().eq(2).to_numpy(dtype=bool, na_value=False)
    year = _numbers(found["year"])
    year = _long_years(year, is_short)
    if "week" in found:
        return _weeks(year, _numbers(found["week"]), _numbers(found["weekday"].fillna("1")))
    if "quarter" in found:
        quarter = found["quarter"].fillna(found["quarter2"]) if "quarter2" in found else found["quarter"]
        month = _numbers(quarter) * 3 - 2
    elif "name" in found:
        places = {name: place for place, name in enumerate(MONTHS, start=1)}
        month = found["name"].str.lower().str[:3].map(places).to_numpy("float64", na_value=np.nan)
    else:
        month = _numbers(found["month"])
    day = _numbers(found["day"]) if "day" in found else np.ones(len(found))
    return days_of(year, month, day)


def _long_years(year: Array, is_short: Array) -> Array:
    """Give two-digit years their century."""
    import numpy as np

    return np.where(is_short, np.where(year <= _LAST_SHORT_YEAR, 2000 + year, 1900 + year), year)


def _weeks(year: Array, week: Array, weekday: Array) -> Array:
    """Return days of ISO weeks, which count from the Monday of the week with 4 January."""
    import numpy as np

    fourth = days_of(year, np.ones(len(year)), np.full(len(year), 4.0)).astype("datetime64[D]")
    monday = fourth - ((fourth.astype(int) + 3) % 7).astype("timedelta64[D]")
    fits = (week >= 1) & (week <= 53) & ~np.isnat(fourth)
    offset = np.where(fits, (week - 1) * 7 + weekday - 1, 0).astype(int).astype("timedelta64[D]")
    return np.where(fits, (monday + offset).astype("datetime64[us]"), np.datetime64("NaT", "us"))


def _time_of_day(found: pd.DataFrame) -> Array:
    """Return the time since midnight: [rows] timedelta64[us], NaT if it is invalid."""
    import numpy as np

    hour, minute = _numbers(found["hour"].fillna("0")), _numbers(found["minute"].fillna("0"))
    second = _numbers(found["second"].str.replace(",", ".").fillna("0"))
    half = found["half"].str.lower()
    is_half = half.notna().to_numpy()
    fits = np.where(is_half, (hour >= 1) & (hour <= 12), (hour <= 23) | ((hour == 24) & (minute + second == 0)))
    fits = fits & (minute <= 59) & (second < 60)
    hour = np.where(is_half, hour % 12 + 12 * (half == "p").to_numpy(dtype=bool, na_value=False), hour)
    return micro_steps(np.where(fits, ((hour * 60 + minute) * 60 + second) * 1e6, np.nan))


def _numbers(texts: pd.Series[Any]) -> Array:
    import numpy as np
    import pandas as pd

    return pd.to_numeric(texts, errors="coerce").to_numpy("float64", na_value=np.nan)
