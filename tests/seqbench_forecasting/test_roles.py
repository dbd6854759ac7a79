"""Tests that columns get the right roles, and that unscorable columns are refused by name.

Modules: seqbench_forecasting.numbers, seqbench_forecasting.options, seqbench_forecasting.roles,
seqbench_forecasting.table.
"""

from __future__ import annotations

import decimal
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from seqbench_forecasting.options import Options
from seqbench_forecasting.panel import Panel
from seqbench_forecasting.table import panel_from_tables
from seqbench_forecasting.task import Forecasting

from seqbench import DataError, TaskData, read_tables

STEPS = np.arange(200)
VALUES = np.sin(STEPS / 4) + STEPS / 90 + 3
DAYS = pd.date_range("2020-01-01", periods=200, freq="D")
HOURS = pd.date_range("2006-12-16 17:00", periods=200, freq="h")


def daily(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"date": DAYS, "a": VALUES, **columns})


def panel(frame: pd.DataFrame, **options: Any) -> Panel:
    return panel_from_tables({"all": frame}, Options(**options))


def load(frame: pd.DataFrame, folder: Path, **settings: Any) -> TaskData:
    path = folder / "a.parquet"
    frame.to_parquet(path)
    return Forecasting(data=str(path), horizon=6, **settings).load(12, seed=0)


# Row numbers


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("Unnamed: 0", STEPS),
        ("Unnamed: 0", STEPS + 1),
        ("rownames", STEPS[::-1]),
        ("anything", STEPS * 0.25),
        ("t", np.round(1949 + STEPS / 52.18, 3)),
        ("id", np.cumsum(np.arange(200) % 3 + 1)),
    ],
    ids=["pandas", "R", "backwards", "seconds", "weeks of R, rounded", "rows removed"],
)
def test_row_numbers_then_left_out_and_told_unless_asked_for(name: str, numbers: np.ndarray[Any, Any]) -> None:
    frame = daily()
    frame.insert(0, name, numbers)
    assert panel(frame).channels == ("a",)
    assert panel(frame).about["left_out"] == f"{name} (row numbers)"
    assert panel(frame, columns=(name, "a")).channels == (name, "a")
    with pytest.raises(
        DataError, match=f"nothing is left to forecast: {name} only counts rows .* --set .*columns="
    ):
        panel(frame[["date", name]])


def test_a_trend_is_no_row_number() -> None:
    noisy = STEPS + np.random.default_rng(0).normal(size=200) / 5
    assert panel(daily(sold=np.cumsum(np.arange(200) % 3), trend=noisy)).channels == ("a", "sold", "trend")


def test_row_numbers_of_each_split_then_left_out() -> None:
    frame = daily(n=[*range(120), *range(30), *range(50)])
    parts = {"train": frame[:120], "validation": frame[120:150], "test": frame[150:]}
    told = panel_from_tables(parts, Options())
    assert (told.channels, told.parts) == (("a",), ((120, 30, 50),))


# Columns by name


def test_columns_then_read_and_target_forecast_from_them(tmp_path: Path) -> None:
    frame = daily(b=VALUES[::-1], note="x", c=VALUES**2, n=STEPS)
    data = load(frame, tmp_path, columns="a, b ,c", target="c,a")
    facts = {
        name: data.facts[name] for name in ("channels", "forecast", "covariates", "left_out", "step", "series")
    }
    assert facts == {
        "channels": "a, b, c",
        "forecast": "a, c",
        "covariates": "b",
        "left_out": "n (not in columns=), note (not in columns=)",
        "step": "1 day",
        "series": 1,
    }
    assert (data.train.inputs.shape[2], data.train.targets.shape[2]) == (3, 2)  # type: ignore[union-attr]
    assert panel(frame, exclude="note").channels == ("a", "b", "c")
    assert panel(frame, exclude=("note", "b", "c")).channels == ("a",)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "'adjusted, note' holds .* in row 1; .* --set 'forecasting.exclude=.\"adjusted, note\".'"),
        ({"columns": "a,d"}, r"no column is called 'd' \(columns\); there are: date, a, adjusted, note"),
        ({"exclude": "d"}, r"no column is called 'd' \(exclude\)"),
        ({"group": "d"}, r"no column is called 'd' \(group\)"),
        ({"exclude": "adjusted, note", "series": "d"}, "series= picks one of several series"),
        ({"columns": "a,adjusted, note"}, "no column is called 'adjusted'"),
        ({"columns": ("a", "adjusted, note")}, "column 'adjusted, note' holds something"),
    ],
)
def test_columns_that_are_not_there_then_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        panel(daily(**{"adjusted, note": "x"}), **options)


def test_horizon_beyond_the_split_then_the_options_that_fit(tmp_path: Path) -> None:
    frame = daily()[:180]
    path = tmp_path / "a.parquet"
    frame.to_parquet(path)
    says = r"--set forecasting.horizon=18 fits, or --set forecasting.split=rest/24/24 fits"
    with pytest.raises(DataError, match=says):
        Forecasting(data=str(path)).load(12, seed=0)
    for fitting in (Forecasting(data=str(path), horizon=18), Forecasting(data=str(path), split="rest/24/24")):
        assert len(fitting.load(12, seed=0).test) >= 1


# Tables as they are found


def air_quality(marker: bool) -> str:
    rows = [
        f"{time:%d/%m/%Y};{time:%H.%M.%S};{value:.1f};{row % 37};;".replace(".", ",")
        for row, (time, value) in enumerate(zip(HOURS, VALUES, strict=True))
    ]
    rows = [f"{row[:10]};{row[11:19].replace(',', '.')}{row[19:]}" for row in rows]
    if marker:
        rows[9] = f"{rows[9][:20]}-200;9;;"
    return "\n".join(["Date;Time;CO(GT);PT08;;", *rows, *[";;;;;"] * 4]) + "\n"


def household_power(marker: str) -> str:
    powers = [marker if row == 9 else f"{value:.3f}" for row, value in enumerate(VALUES)]
    rows = [
        f"{time.day}/{time.month}/{time.year};{time:%H:%M:%S};{power};{240 + value:.2f}"
        for time, power, value in zip(HOURS, powers, VALUES, strict=True)
    ]
    return "\n".join(["Date;Time;power;Voltage", *rows]) + "\n"


def beijing() -> str:
    rows = [
        f"{row + 1},{time.year},{time.month},{time.day},{time.hour},{value:.2f},NW"
        for row, (time, value) in enumerate(zip(HOURS, VALUES, strict=True))
    ]
    return "\n".join(["No,year,month,day,hour,pm2.5,cbwd", *rows]) + "\n"


@pytest.mark.parametrize(
    ("text", "options", "channels"),
    [
        (air_quality(marker=False), {}, "CO(GT), PT08"),
        (air_quality(marker=True), {"markers": "keep"}, "CO(GT), PT08"),
        (household_power("1.0"), {}, "power, Voltage"),
        (household_power("?"), {"exclude": "power"}, "Voltage"),
        (beijing(), {"exclude": "cbwd"}, "pm2.5"),
        (beijing(), {"columns": "pm2.5"}, "pm2.5"),
    ],
)
def test_table_of_uci_then_read(tmp_path: Path, text: str, options: dict[str, Any], channels: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    read = panel_from_tables(read_tables(str(path)), Options(**options))
    assert ", ".join(read.channels) == channels
    about = [read.about[name] for name in ("first_time", "last_time", "step")]
    assert about == ["2006-12-16 17:00:00", "2006-12-25", "1 hour"]
    assert read.season == 24
    if "CO" in channels and not options:
        np.testing.assert_allclose(read.values[:, 0].numpy(), VALUES, atol=0.051)
        assert read.about["left_out"] == "Unnamed: 4 (empty), Unnamed: 5 (empty)"
        assert read.about["empty_rows_at_the_end"] == "4"


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        (
            air_quality(marker=True),
            "a.csv",
            r"'CO\(GT\)' holds -200 in line 11, the first of 1, far from all .*markers=keep",
        ),
        (household_power("?"), "a.csv", r"column 'power' holds '\?' in line 11, a marker of a missing value"),
        (household_power("."), "a.csv", r"column 'power' holds '\.' in line 11, a marker of a missing value"),
        (household_power("NA"), "a.csv", r"column 'power' has a missing value in line 11"),
        (household_power("-999"), "a.csv", r"column 'power' holds -999 in line 11"),
        (household_power("1.0"), "a.txt", "lines of text .*give its file the ending .csv"),
        (beijing(), "a.csv", "column 'cbwd' .*'NW' in line 2; .*--set forecasting.exclude=cbwd"),
    ],
)
def test_table_of_uci_with_markers_then_refused_by_name(tmp_path: Path, text: str, name: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=says):
        panel_from_tables(read_tables(str(tmp_path / name)), Options())


# Commas in numbers


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,5", "2", "-3,25"], [1.5, 2, -3.25]),
        (["1.234,5", "2,0", "12.345.678"], [1234.5, 2, 12_345_678]),
        (["1,234.5", "2", "12,345,678"], [1234.5, 2, 12_345_678]),
        (["1,234,567", "2,345", "1"], [1_234_567, 2345, 1]),
        (["0,125", "1,234", "2,345"], [0.125, 1.234, 2.345]),
        (["1 234,5", "2,5", "3"], [1234.5, 2.5, 3]),
        (["1'234.5", "2", "3"], [1234.5, 2, 3]),
    ],
)
def test_commas_when_some_cell_tells_then_read(cells: list[str], numbers: list[float]) -> None:
    frame = pd.DataFrame({"date": DAYS[:9], "a": cells * 3})
    assert panel(frame).values[:3, 0].tolist() == numbers


def test_commas_when_nothing_tells_then_refused_until_said() -> None:
    frame = pd.DataFrame({"date": DAYS[:9], "a": ["1800", "2,587", "2,479"] * 3})
    with pytest.raises(DataError, match=r"'a' holds '2,587' in row 2: .*decimal=comma or --set .*decimal=point"):
        panel(frame)
    assert panel(frame, decimal="point").values[:3, 0].tolist() == [1800, 2587, 2479]
    assert panel(frame, decimal="comma").values[:3, 0].tolist() == [1800, 2.587, 2.479]
    with pytest.raises(DataError, match="column 'a' writes decimals with a comma and column 'b' with a point"):
        panel(frame.assign(a="1,5", b=VALUES[:9]))


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_points_before_three_digits_beside_whole_numbers_then_refused_until_said(
    ending: str, tmp_path: Path
) -> None:
    # As a spreadsheet in German writes 950 and 1050 with separators of thousands.
    path = tmp_path / f"sales.{ending}"
    mark = {"csv": ";", "tsv": "\t"}[ending]
    cells = [("950", "1,5"), ("1.050", "2,5"), ("NA", "4,5"), ("2.000", "3,5")]
    rows = [mark.join((day.strftime("%d.%m.%Y"), *cells[i % 4])) for i, day in enumerate(DAYS[:9]) if i % 4 != 2]
    path.write_text(mark.join(("day", "a", "b")) + "\n" + "\n".join(rows) + "\n")
    table = read_tables(str(path))["all"]
    with pytest.raises(
        DataError, match=r"'a' holds '1.050' in line 3 and '950' in line 2: .*=point or --set .*=comma"
    ):
        panel(table)
    assert panel(table, decimal="comma").values[:3].tolist() == [[950, 1.5], [1050, 2.5], [2000, 3.5]]
    assert panel(table, decimal="point", exclude=("b",)).values[:3, 0].tolist() == [950, 1.05, 2]


@pytest.mark.parametrize("cells", ["950 1.05 2.000", "0.950 1.050 2", "1950 1.050 2.000", "1.950 1.050 0"])
def test_points_that_stand_before_decimals_then_read_as_such(cells: str, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    rows = [f"{day:%Y-%m-%d};{cells.split()[i % 3]}" for i, day in enumerate(DAYS[:9])]
    path.write_text("day;a\n" + "\n".join(rows) + "\n")
    assert panel(read_tables(str(path))["all"]).values[:3, 0].tolist() == [float(cell) for cell in cells.split()]


# Types and sizes


@pytest.mark.parametrize(
    "column",
    [
        [decimal.Decimal(f"{value:.3f}") for value in VALUES],
        VALUES.astype("float16"),
        pd.array(STEPS % 7, dtype="Int64"),
        [f"{value:.3f}" for value in VALUES],
        pd.array(VALUES > 3, dtype="boolean"),
        VALUES + 1e9,
        (STEPS % 5) + 2**40,
        VALUES * 1e100,
        VALUES * 1e-100,
        101_325 + (VALUES * 3).astype("float32"),
    ],
    ids=["decimals", "float16", "Int64", "texts", "booleans", "offset", "integers", "huge", "tiny", "pressure"],
)
def test_numbers_of_another_type_or_size_then_scored(tmp_path: Path, column: Any) -> None:
    data = load(daily(b=column), tmp_path)
    assert data.facts["channels"] == "a, b"
    assert all(np.isfinite(list(baseline.scores.values())).all() for baseline in data.baselines)
    assert bool(data.test.targets.isfinite().all())  # type: ignore[union-attr]
    if str(getattr(column, "dtype", "")) == "boolean":
        assert data.facts["true_and_false_as_1_and_0"] == "b"


ONE_ROUNDING = np.where(STEPS == 50, 0.1 + 0.2, 0.3)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (
            ONE_ROUNDING,
            r"'b' is constant but for rounding in the 140 training rows \(0.3 to 0.30000000000000004\)",
        ),
        (ONE_ROUNDING + STEPS * 1e-16, "'b' is constant but for rounding"),
        ((VALUES + 1e8).astype("float32"), "'b' is constant but for rounding in the 140 training rows"),
        (np.where(STEPS < 150, 1 + STEPS % 2 * 1e-9, 2.0), r"'b' goes 2\.0e\+09 standard deviations"),
        (VALUES * 1e155, r"'b' holds 6\.\d+e\+155: squares of numbers beyond 1e150"),
        (VALUES * 1e307, "'b' holds .*e.307: squares"),
        (VALUES * 1e-162, "'b' changes by .*e-162 only"),
        (np.where(STEPS == 9, np.inf, VALUES), "'b' has an infinite value in row 10"),
        (np.where(STEPS == 9, -np.inf, VALUES), "'b' has an infinite value in row 10"),
        (2**54 + 2 * STEPS**2, r"'b' holds integers beyond 2\*\*53"),
        (pd.array([None, *STEPS[1:] ** 2], dtype="Int64"), "'b' has a missing value in row 1"),
        (pd.array([True, None] * 100, dtype="boolean"), "'b' has a missing value in row 2"),
        (pd.to_timedelta(STEPS**2, "h"), "'b' holds something that is neither a number nor a date: Timedelta"),
        ([[1, 2]] * 200, "'b' holds something that is neither a number nor a date: .*1, 2.* in row 1"),
        (
            pd.Categorical(["u", "v"] * 100),
            "'b' holds something that is neither a number nor a date: 'u' in row 1",
        ),
    ],
)
def test_what_cannot_be_scored_then_refused_by_name(tmp_path: Path, column: Any, says: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match=f"column {says}"):
            load(daily(b=column), tmp_path)
        assert load(daily(b=column), tmp_path, exclude="b").facts["left_out"] == "b (exclude=)"


# Ordinary files


def test_part_of_a_date_that_the_dates_do_not_say_then_a_channel() -> None:
    drawn = np.random.default_rng(0)
    built = drawn.integers(1990, 2010, 200)
    seen = panel(daily(year=built, month=drawn.integers(1, 13, 200), hour=drawn.integers(0, 24, 200)))
    assert seen.channels == ("a", "year", "month", "hour")
    summer = pd.date_range("2020-03-20", periods=200, freq="h", tz="Europe/Berlin")
    clocks = pd.DataFrame({"utc": summer.tz_convert(None), "hour": summer.hour, "a": VALUES})
    assert panel(clocks).about["left_out"] == "hour (calendar numbers)"


def test_columns_that_share_a_name_with_a_part_of_a_date_then_told_by_what_they_hold() -> None:
    parts = {"year": HOURS.year, "month": HOURS.month, "day": HOURS.day, "hour": HOURS.hour}
    seen = panel(pd.DataFrame({**parts, "min": VALUES - 9, "max": VALUES}))
    assert (seen.channels, seen.season) == (("min", "max"), 24)
    rain = np.random.default_rng(0).integers(1, 13, 200)
    months = panel(pd.DataFrame({"year": 1990 + STEPS // 12, "mo": STEPS % 12 + 1, "mm": rain}))
    assert (months.channels, months.season) == (("mm",), 12)


def test_hours_without_dates_then_left_out_and_no_sign_of_several_series() -> None:
    assert panel(pd.DataFrame({"hr": STEPS % 24, "y": VALUES})).channels == ("y",)


def test_hour_that_comes_twice_in_autumn_then_refused_as_repeated_not_as_several_series() -> None:
    clocks = pd.date_range("2020-10-24", periods=200, freq="h", tz="Europe/Berlin").tz_localize(None)
    frame = pd.DataFrame({"time": clocks, "flag": STEPS % 3, "y": VALUES})
    with pytest.raises(DataError, match=r"2020-10-25 02:00:00 is repeated .* write times with their zone"):
        panel(frame)


def test_two_years_of_weeks_then_the_season_needs_no_training_window(tmp_path: Path) -> None:
    weeks = pd.DataFrame({"week": pd.date_range("2012-01-01", periods=104, freq="W"), "a": VALUES[:104]})
    weeks.to_csv(path := tmp_path / "a.csv", index=False)
    data = Forecasting(data=str(path), horizon=10, split="60/20/24").load(8, seed=0)
    scores = {baseline.name: baseline.scores for baseline in data.baselines}
    scaled = (VALUES[:104] - VALUES[:60].mean()) / VALUES[:60].std()
    errors = [scaled[t : t + 10] - scaled[t - 52 : t - 42] for t in range(80, 95)]
    assert scores["seasonal naive"]["mse"] == pytest.approx(float(np.square(errors).mean()), rel=1e-5)


def test_marker_among_numbers_of_its_size_then_a_number() -> None:
    near = 9990 + STEPS % 3
    near[7] = 9999
    assert panel(daily(b=near)).channels == ("a", "b")


@pytest.mark.parametrize("kind", ["int64[pyarrow]", "float[pyarrow]", "Float32", "Int64"])
def test_types_of_pandas_extensions_then_read(tmp_path: Path, kind: str) -> None:
    assert load(daily(b=pd.Series(STEPS % 7, dtype=kind)), tmp_path).facts["channels"] == "a, b"


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        (lambda n: f"{n * 1000 + 0.5:,.2f}" if n != 3.0 else "(3,000.00)", r"'\(3,000.00\)' in row 4; write bare"),
        (lambda n: "-" if n > 197 else f"{n * 1000 + 0.5:,.2f}", "'-' in row 199, a marker .* the first of 2"),
        (lambda n: f"{n} %", "'0.0 %' in row 1; write bare numbers"),
        (lambda n: f"${n}", r"'\$0.0' in row 1; write bare numbers"),
        (
            lambda n: f"{n * 1000 + 0.5:,.2f}" if n != 3.0 else "3.000,50",
            r"'3.000,50' in row 4; its comma or point",
        ),
    ],
    ids=["brackets", "dash", "percent", "dollars", "two styles"],
)
def test_numbers_in_other_clothes_then_the_cell_that_is_none_named(cells: Any, match: str) -> None:
    with pytest.raises(DataError, match=match):
        panel(daily(b=[cells(n) for n in STEPS.astype(float)]))


def test_minus_of_typographers_then_a_minus() -> None:
    signed = np.round(VALUES - 4, 3)
    seen = panel(daily(b=[str(value).replace("-", "\u2212") for value in signed]))
    assert seen.values[:, 1].tolist() == signed.tolist()


def test_year_a_row_and_month_a_column_then_refused() -> None:
    months = dict.fromkeys(pd.date_range("2000", periods=12, freq="MS").strftime("%b"), VALUES[:25])
    frame = pd.DataFrame({"Year": range(1990, 2015), **months})
    with pytest.raises(DataError, match="a row seems to be a year and a column a month .* one row a month"):
        panel(frame)


def test_comment_above_the_header_then_said(tmp_path: Path) -> None:
    (path := tmp_path / "a.csv").write_text("# station 5\ndate,a\n2020-01-01,3\n")
    with pytest.raises(DataError, match="its first line is a comment; remove all lines above"):
        read_tables(str(path))
