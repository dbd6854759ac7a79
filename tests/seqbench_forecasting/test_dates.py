"""Tests that dates are read in all common forms, and never misread.

Modules: seqbench_forecasting.calendar, seqbench_forecasting.choice, seqbench_forecasting.clock,
seqbench_forecasting.date_numbers, seqbench_forecasting.dates, seqbench_forecasting.panel.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from seqbench_forecasting.options import Options
from seqbench_forecasting.panel import Panel
from seqbench_forecasting.table import panel_from_tables

from seqbench import DataError, read_tables

DAYS = pd.date_range("2001-01-01", periods=60, freq="D")
HOURS = pd.date_range("2001-01-01", periods=100, freq="h")
MONTHS = pd.date_range("2001-01-01", periods=40, freq="MS")
QUARTERS = pd.period_range("2001Q1", periods=30, freq="Q")
WEEKS = pd.date_range("2001-01-01", periods=120, freq="W-MON")
BERLIN = "Europe/Berlin"
ISO, DAY_FIRST = "%Y-%m-%d", "%d/%m/%Y"
DAILY, HOURLY, MONTHLY, QUARTERLY, WEEKLY = (
    ("1 day", 7),
    ("1 hour", 24),
    ("1 month", 12),
    ("3 months", 4),
    ("1 week", 52),
)


def read(times: Sequence[Any] | pd.Index[Any], name: str = "when", **options: Any) -> Panel:
    noise = np.random.default_rng(0).normal(size=len(times))
    return panel_from_tables({"all": pd.DataFrame({name: times, "y": noise})}, Options(**options))


def assert_read(panel: Panel, first: str, step: tuple[str, int | None]) -> None:
    assert panel.channels == ("y",)
    assert (panel.about["first_time"], panel.about["step"], panel.season) == (first, *step)
    assert panel.irregular_steps == 0


TEXTS: list[tuple[str, pd.DatetimeIndex, tuple[str, int]]] = [
    *[(form, DAYS, DAILY) for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y%j", "%y-%m-%d")],
    *[(form, DAYS, DAILY) for form in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%y", "%m/%d/%y", "%d.%m.%y")],
    *[(form, DAYS, DAILY) for form in ("%d-%b-%y", "%d%b%Y", "%B %d, %Y", "%b %d %Y", "%a, %d %b %Y", "%Y-%b-%d")],
    *[(form, MONTHS, MONTHLY) for form in ("%Y-%m", "%Y/%m", "%YM%m", "%m/%Y", "%Y%m", "%d/%m/%Y", "%m/%d/%Y")],
    *[(form, MONTHS, MONTHLY) for form in ("%b %Y", "%b-%Y", "%B %Y", "%b-%y", "%Y %b", "%d.%m.%Y")],
    *[(form, HOURS, HOURLY) for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M", "%Y%m%d%H", "%d.%m.%Y %H.%M")],
    *[(form, HOURS, HOURLY) for form in ("%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %I:%M %p", "%a %b %d %H:%M:%S %Y")],
    *[(form, HOURS, HOURLY) for form in ("%a, %d %b %Y %H:%M:%S +0000", "%Y-%m-%d %H:%M:%S+0100")],
    *[(form, WEEKS, WEEKLY) for form in ("%G-W%V", "%G-W%V-1", "%d/%m/%Y")],
]  # fmt: skip


@pytest.mark.parametrize(("form", "times", "step"), TEXTS, ids=[f"{form} {step[0]}" for form, _, step in TEXTS])
def test_text_of_a_form_then_these_times(form: str, times: pd.DatetimeIndex, step: tuple[str, int]) -> None:
    assert_read(read(times.strftime(form)), "2001-01-01", step)


EIGHT = pd.date_range("2001-01-01 08:00", periods=300, tz=BERLIN)
TWELVES = [f"1/{day}/2001 12:00 {half}" for day in (1, 2, 3) for half in ("AM", "PM")]


def span(count: int, freq: str, tz: str | None = None) -> pd.DatetimeIndex:
    return pd.date_range("2001", periods=count, freq=freq, tz=tz)


OTHERS: list[tuple[str, Sequence[Any] | pd.Index[Any], str, tuple[str, int | None]]] = [
    ("offsets of summer and winter", span(6000, "h", BERLIN).astype(str), "2000-12-31 23:00:00", HOURLY),
    ("a day at eight, summer and winter", EIGHT.astype(str), "2001-01-01 08:00:00", DAILY),
    ("months with a zone", span(40, "MS", BERLIN).astype(str), "2001-01-01", MONTHLY),
    ("months with a zone in parquet", span(40, "MS", BERLIN), "2001-01-01", MONTHLY),
    ("nanoseconds", DAYS.as_unit("ns"), "2001-01-01", DAILY),
    ("seconds", DAYS.as_unit("s"), "2001-01-01", DAILY),
    ("date32", list(DAYS.date), "2001-01-01", DAILY),
    ("periods", QUARTERS, "2001-01-01", QUARTERLY),
    ("2001Q1", QUARTERS.astype(str), "2001-01-01", QUARTERLY),
    ("2001-Q1", [f"{p.year}-Q{p.quarter}" for p in QUARTERS], "2001-01-01", QUARTERLY),
    ("Q1 2001", [f"Q{p.quarter} {p.year}" for p in QUARTERS], "2001-01-01", QUARTERLY),
    ("1Q01", [f"{p.quarter}Q{p.year % 100:02d}" for p in QUARTERS], "2001-01-01", QUARTERLY),
    ("weekly periods", pd.period_range("2001-01-01", periods=70, freq="W").astype(str), "2001-01-01", WEEKLY),
    ("last days of months", span(40, "ME").strftime(DAY_FIRST), "2001-01-31", MONTHLY),
    ("last working days", span(40, "BME").strftime(ISO), "2001-01-31", MONTHLY),
    ("first working days", span(40, "BMS").strftime(DAY_FIRST), "2001-01-01", MONTHLY),
    ("the 30th", ["2001-01-30", "2001-02-28", "2001-03-30", "2001-04-30", "2001-05-30"], "2001-01-30", MONTHLY),
    ("noon of the 15th", MONTHS.strftime("%Y-%m-15 12:00"), "2001-01-15 12:00:00", MONTHLY),
    ("working days", pd.bdate_range("2001-01-01", periods=80).strftime(ISO), "2001-01-01", ("1 working day", 5)),
    ("31 days", span(30, "31D").astype(str), "2001-01-01", ("31 days", None)),
    ("a quarter of an hour", span(300, "15min").astype(str), "2001-01-01", ("15 minutes", 96)),
    ("twelves", TWELVES, "2001-01-01", ("12 hours", 2)),
    ("1949 as two digits", pd.date_range("1949", periods=40, freq="MS").strftime("%b-%y"), "1949-01-01", MONTHLY),
]  # fmt: skip


@pytest.mark.parametrize(("times", "first", "step"), [row[1:] for row in OTHERS], ids=[row[0] for row in OTHERS])
def test_other_times_then_read(times: Sequence[Any], first: str, step: tuple[str, int | None]) -> None:
    assert_read(read(times), first, step)


def epochs(unit: str) -> list[int]:
    numbers: list[int] = HOURS.as_unit(unit).astype("int64").tolist()
    return numbers


NUMBERS: list[tuple[str, list[float], tuple[str, int | None]]] = [
    *[(f"epoch in {unit}", epochs(unit), HOURLY) for unit in ("s", "ms", "us", "ns")],
    ("200101", MONTHS.strftime("%Y%m").astype(int).tolist(), MONTHLY),
    ("20010101", DAYS.strftime("%Y%m%d").astype(int).tolist(), DAILY),
    ("2001010100, no epoch", HOURS.strftime("%Y%m%d%H").astype(int).tolist(), HOURLY),
    ("200101010000", HOURS.strftime("%Y%m%d%H%M").astype(int).tolist(), HOURLY),
    ("2001.083", [round(2001 + i / 12, 3) for i in range(50)], MONTHLY),
    ("2001.25", [round(2001 + i / 4, 2) for i in range(50)], QUARTERLY),
    ("2001.01", MONTHS.strftime("%Y.%m").astype(float).tolist(), MONTHLY),
]


@pytest.mark.parametrize("name", ["time", "x"])
@pytest.mark.parametrize(("numbers", "step"), [row[1:] for row in NUMBERS], ids=[row[0] for row in NUMBERS])
def test_numbers_that_are_times_then_read_and_not_forecast(
    numbers: list[float], step: tuple[str, int | None], name: str
) -> None:
    assert_read(read(numbers, name), "2001-01-01", step)


def test_years_by_name_then_times_and_else_row_numbers() -> None:
    assert_read(read(list(range(1949, 1990)), "Year"), "1949-01-01", ("1 year", None))
    assert read(list(range(1949, 1990)), "x").about["left_out"] == "x (row numbers)"


@pytest.mark.parametrize(
    "numbers",
    [
        np.random.default_rng(1).integers(1900, 2020, 50),
        np.cumsum(np.random.default_rng(1).integers(1, 20, 50)) + 1000,
        200100 + np.random.default_rng(1).integers(1, 12, 50),
        1e9 + np.random.default_rng(1).normal(size=50) * 1e7,
        np.repeat([2000.0, 2001.0, 2002.0, 2003.0, 2004.0], 10),
    ],
    ids=["as years", "rising", "as months", "as seconds", "few"],
)
def test_numbers_that_only_look_like_times_then_a_channel(numbers: np.ndarray[Any, Any]) -> None:
    panel = read(list(numbers), "sales")
    assert (panel.channels, panel.season) == (("sales", "y"), None)


# Day first or month first


def test_months_written_day_first_then_the_same_as_iso() -> None:
    """Read month first they rise too, from 1 to 12 January of each year: a season of 7 in place of 12."""
    written = pd.date_range("2000", periods=240, freq="MS")
    first, iso = read(written.strftime("%d/%m/%Y")), read(written.strftime("%Y-%m-%d"))
    assert (first.about["last_time"], first.season, first.filled_rows) == (iso.about["last_time"], 12, 0)
    filled = read(written.strftime("%d/%m/%Y"), gaps="fill")
    assert len(filled.values) == 240
    gap = read(written.delete(100).strftime("%d/%m/%Y"))
    assert (gap.season, gap.irregular_steps) == (12, 1)


@pytest.mark.parametrize("times", [DAYS[:12], MONTHS[:11]], ids=["days", "months"])
def test_nothing_decides_then_refused_until_said(times: pd.DatetimeIndex) -> None:
    for form, order in (("%d/%m/%Y", "day-first"), ("%m/%d/%Y", "month-first")):
        written = times.strftime(form)
        with pytest.raises(DataError, match="'when' can be read in two ways: .* as day/month/year, .* as month"):
            read(written)
        for said in (order, form):
            assert read(written, dates=said).about["last_time"] == f"{times[-1]:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("times", "says"),
    [
        (
            DAYS.strftime("%d/%m")[:30],
            "'when' holds something that is neither .*: '01/01' in row 1",
        ),
        (DAYS[:31].strftime("%b-%d"), "column 'when' may hold days of a month without a year"),
        (DAYS[:31].strftime("%d-%b"), "column 'when' may hold days of a month without a year"),
        (HOURS.strftime("%m/%d/%Y %I:%M"), "01/01/2001 01:00 comes after 01/01/2001 12:00"),
        (["2001-01-01", "2001-01-02", "2001-02-30"], "'when' holds dates, but row 3 has '2001-02-30'"),
        (["31/12/2001", "32/12/2001", "33/12/2001"], "'when' holds dates, but row 2 has '32/12/2001'"),
        (["1. Januar 2001"] * 5, "neither a number nor a date: '1. Januar 2001' in row 1"),
        (["12:00", "13:00", "14:00"], "neither a number nor a date: '12:00' in row 1"),
        (DAYS[::-1].astype(str), "2001-02-28 comes after 2001-03-01"),
    ],
)
def test_what_cannot_be_read_then_a_sentence(times: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read(times)


def test_fill_when_most_rows_would_be_made_up_then_refused() -> None:
    times = DAYS[:10].append(pd.DatetimeIndex(["2002-01-01"]))
    with pytest.raises(DataError, match="gaps=fill would make 366 rows of 11"):
        read(times, gaps="fill")


def test_steps_then_told_in_the_unit_of_a_person() -> None:
    gap = pd.date_range("2001", periods=40, freq="31D").delete(7)
    with pytest.raises(DataError, match="in place of 31 days") as caught:
        read(gap, gaps="error")
    assert "2.6784e" not in str(caught.value)
    assert "seconds" not in str(caught.value)


# Times in several columns


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({**columns, "y": np.random.default_rng(0).normal(size=len(HOURS))})


PARTS = {"year": HOURS.year, "month": HOURS.month, "day": HOURS.day, "hour": HOURS.hour}


@pytest.mark.parametrize(
    "columns",
    [
        {"Date": HOURS.strftime("%d/%m/%Y"), "Time": HOURS.strftime("%H.%M.%S")},
        {"Date": HOURS.date, "at": HOURS.time},
        {"day": HOURS.strftime("%Y-%m-%d"), "clock": HOURS.strftime("%I:%M %p")},
        {"dteday": HOURS.strftime("%Y-%m-%d"), "hr": HOURS.hour, "mnth": HOURS.month},
        {"No": range(1, 101), **PARTS},
        {**PARTS, "month": HOURS.strftime("%b")},
    ],
    ids=[
        "UCI air quality",
        "date and time objects",
        "twelve hours",
        "UCI bikes",
        "UCI Beijing",
        "names of months",
    ],
)
def test_times_in_columns_of_their_own_then_put_together(columns: dict[str, Any]) -> None:
    assert_read(panel_from_tables({"all": table(**columns)}, Options()), "2001-01-01", HOURLY)


@pytest.mark.parametrize("date", ["%Y-%m-%d", "%Y%m%d"])
@pytest.mark.parametrize("clock", ["%H", "%H%M", "%H%M%S"])
def test_times_of_day_as_numbers_beside_dates_then_put_together(date: str, clock: str) -> None:
    days, hours = pd.Series(HOURS.strftime(date)), HOURS.strftime(clock).astype(int)
    if date == "%Y%m%d":
        days = pd.to_numeric(days)
    columns = {"date": days, "hour" if clock == "%H" else "time": hours}
    assert_read(panel_from_tables({"all": table(**columns)}, Options()), "2001-01-01", HOURLY)


def test_calendar_beside_dates_then_left_out_and_told() -> None:
    beside = table(date=HOURS, hour=HOURS.hour, wday=HOURS.day_of_week, month=HOURS.month, holiday=0)
    panel = panel_from_tables({"all": beside}, Options())
    assert panel.about["left_out"] == ", ".join(f"{n} (calendar numbers)" for n in ("hour", "wday", "month"))
    assert panel.channels == ("holiday", "y")


# Files


REAL = {
    "forecasting-classic-small/AirPassengers.csv": ("1949-01-01", "1960-12-01", "1 month", 12),
    "forecasting-classic-small/co2-concentration.csv": ("1958-03-01", "2020-04-01", "1 month", 12),
    "forecasting-classic-small/monthly-sunspots.csv": ("1749-01-01", "1983-12-01", "1 month", 12),
    "forecasting-classic-small/temps.csv": ("1981-01-01", "1990-12-31", "1 day", 7),
    "forecasting-ett/ETTh1.csv": ("2016-07-01", "2018-06-26 19:00:00", "1 hour", 24),
    "forecasting-ett/ETTh2.csv": ("2016-07-01", "2018-06-26 19:00:00", "1 hour", 24),
    "forecasting-ett/ETTm1.csv.gz": ("2016-07-01", "2018-06-26 19:45:00", "15 minutes", 96),
    "forecasting-national-illness/national_illness.csv": ("2002-01-01", "2020-06-30", "1 week", 52),
    "forecasting-classic-small/taylor.csv": (None, None, None, None),
}


@pytest.mark.parametrize(("name", "told"), REAL.items(), ids=REAL)
def test_real_data_then_their_times(shared_data: Path, name: str, told: tuple[str | None, ...]) -> None:
    panel = panel_from_tables(read_tables(str(shared_data / name)), Options())
    assert (*(panel.about.get(fact) for fact in ("first_time", "last_time", "step")), panel.season) == told
    assert (panel.about["left_out"], panel.about["series"]) == ("none", "1")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s"])
def test_file_then_the_times_that_were_written(tmp_path: Path, ending: str, unit: str) -> None:
    frame = pd.DataFrame(
        {"when": pd.date_range("2001", periods=40, freq="MS", tz=BERLIN).as_unit(unit), "y": np.arange(40.0) ** 2}
    )
    path = tmp_path / f"a.{ending}"
    frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
    assert_read(panel_from_tables(read_tables(str(path)), Options()), "2001-01-01", MONTHLY)


@pytest.mark.parametrize(
    "index",
    [
        DAYS.rename("when"),
        DAYS,
        pd.Index(DAYS.date),
        pd.Index(DAYS.as_unit("s").astype("int64")),
        pd.Index(range(1900, 1960), name="year"),
        pd.period_range("2001-01", periods=60, freq="M"),
    ],
    ids=["named", "unnamed", "dates", "epochs", "years", "periods"],
)
def test_index_of_parquet_then_the_times(tmp_path: Path, index: pd.Index[Any]) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"y": np.arange(60.0) ** 2}, index=index).to_parquet(path)
    panel = panel_from_tables(read_tables(str(path)), Options())
    assert panel.channels == ("y",)
    assert panel.about["step"] in ("1 day", "1 month", "1 year")


def test_index_that_is_also_a_column_then_once() -> None:
    frame = pd.DataFrame({"date": DAYS, "y": np.arange(60.0) ** 2}).set_index("date", drop=False)
    assert_read(panel_from_tables({"all": frame}, Options()), "2001-01-01", DAILY)
    frame["date"] = frame["date"] + datetime.timedelta(days=1)
    with pytest.raises(DataError, match="the index is called 'date', and so is a column"):
        panel_from_tables({"all": frame}, Options())
