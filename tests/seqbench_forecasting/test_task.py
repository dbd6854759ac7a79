"""Tests that the forecasting task cuts, scales, scores and refuses as documented.

Modules: seqbench_forecasting.panel, seqbench_forecasting.problem, seqbench_forecasting.time,
seqbench_forecasting.told.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from seqbench_forecasting.scores import apply_linear, linear_weights
from seqbench_forecasting.series import generate_series
from seqbench_forecasting.task import Forecasting
from seqbench_forecasting.windows import Windows, cut

from seqbench import Batch, DataError, TaskData, evaluate

ETT_ROWS = {"ETTh1.csv": "8640/2880/2880", "ETTh2.csv": "8640/2880/2880", "ETTm1.csv.gz": "34560/11520/11520"}
SMALL = Forecasting(split="200/40/60", horizon=5)


def hourly(rows: int = 100) -> pd.DataFrame:
    steps = np.arange(rows)
    dates = pd.date_range("2020-01-01", periods=rows, freq="h").astype(str)
    return pd.DataFrame({"date": dates, "a": np.sin(steps / 3) + steps / 50, "b": 5 + np.cos(steps / 5)})


def written(table: pd.DataFrame, folder: Path, name: str = "series.csv") -> str:
    path = folder / name
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    return str(path)


def scores_of(data: TaskData, baseline: str) -> dict[str, float]:
    return dict(next(b for b in data.baselines if b.name == baseline).scores)


# Windows and scaling


def test_windows_are_cut_from_one_series_without_a_copy() -> None:
    data = Forecasting().load(8192, seed=0)
    inputs = data.test.inputs
    assert isinstance(inputs, torch.Tensor)
    assert inputs.shape == (512, 8192, 3)
    rows = 4096 + 23 + 8192 + 256 + 23 + 512 + 23
    assert inputs.untyped_storage().nbytes() == rows * 3 * 4


def test_every_window_is_there_and_reaches_back_over_the_split() -> None:
    rows = torch.arange(20.0)[:, None]
    train, validation, test = cut(rows, rows, (10, 4, 6), length=3, horizon=2)
    assert [len(w.inputs) for w in (train, validation, test)] == [6, 3, 5]
    assert train.inputs[0].flatten().tolist() == [0, 1, 2]
    assert train.targets[-1].flatten().tolist() == [8, 9]
    assert validation.inputs[0].flatten().tolist() == [7, 8, 9]
    assert validation.targets[[0, -1]].flatten().tolist() == [10, 11, 12, 13]
    assert test.inputs[0].flatten().tolist() == [11, 12, 13]
    assert test.targets[[0, -1]].flatten().tolist() == [14, 15, 18, 19]


def test_scaling_when_test_rows_change_then_training_rows_stay(tmp_path: Path) -> None:
    table = hourly()
    loud = table.copy()
    loud.loc[70:, ["a", "b"]] *= 100
    quiet = Forecasting(data=written(table, tmp_path, "quiet.csv"), horizon=4).load(8, seed=0)
    noisy = Forecasting(data=written(loud, tmp_path, "loud.csv"), horizon=4).load(8, seed=0)
    for a, b in ((quiet.train.inputs, noisy.train.inputs), (quiet.train.targets, noisy.train.targets)):
        assert isinstance(a, torch.Tensor)
        assert isinstance(b, torch.Tensor)
        assert torch.equal(a, b)
    first_column = table["a"][:70]
    expected = (table["a"][0] - first_column.mean()) / first_column.std(ddof=0)
    assert isinstance(quiet.train.inputs, torch.Tensor)
    assert float(quiet.train.inputs[0, 0, 0]) == pytest.approx(expected, abs=1e-6)


# The generated series


def test_generated_series_when_the_look_back_grows_then_the_tested_rows_stay() -> None:
    short, long = generate_series(3000, seed=3), generate_series(12_000, seed=3)
    assert torch.equal(short.values, long.values[-3000:])
    assert not torch.equal(short.values, generate_series(3000, seed=4).values)


@pytest.mark.parametrize("split", [None, "0.6/0.2/0.2", "3000/200/300"])
def test_generated_series_when_the_look_back_grows_then_scale_and_naive_scores_stay(split: str | None) -> None:
    short, long = (Forecasting(split=split).load(length, seed=0) for length in (16, 1024))
    assert torch.equal(short.test.targets, long.test.targets)
    assert torch.equal(short.validation.targets, long.validation.targets)
    assert torch.equal(short.test.inputs, long.test.inputs[:, -16:])
    for baseline in ("last value", "training mean", "seasonal naive"):
        assert scores_of(short, baseline) == pytest.approx(scores_of(long, baseline), rel=1e-12)


def test_load_when_repeated_then_the_same_bits_and_another_seed_others() -> None:
    first, again, other = SMALL.load(16, seed=0), SMALL.load(16, seed=0), SMALL.load(16, seed=1)
    assert torch.equal(first.train.inputs, again.train.inputs)
    assert first.baselines == again.baselines
    assert not torch.equal(first.train.inputs, other.train.inputs)


@pytest.mark.parametrize("length", [1, 8, 1024, 8192])
def test_load_at_any_length_then_as_many_windows(length: int) -> None:
    data = Forecasting().load(length, seed=0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [4096, 256, 512]
    batch = data.train.batch(torch.tensor([0, 4095]))
    assert batch.inputs.shape == (2, length, 3)
    assert batch.targets.shape == (2, 24, 3)
    assert "target, first 8 of 24" in data.show(511)


def test_linear_baseline_when_the_look_back_is_longer_then_better() -> None:
    errors = [
        scores_of(Forecasting().load(length, seed=0), "linear least squares")["mse"] for length in (16, 64, 256)
    ]
    assert errors[0] > 1.2 * errors[1] > 1.2 * errors[2]


# Metrics and baselines


def test_perfect_forecast_then_zero_on_every_metric() -> None:
    data = SMALL.load(16, seed=0)
    scores = evaluate(data.metrics, data.test, lambda batch: batch.targets)
    assert scores == {"mse": 0.0, "mae": 0.0, "mase": 0.0, "smape": 0.0}
    assert all(metric.best == 0.0 and not metric.is_higher_better for metric in data.metrics)


def test_mean_forecast_then_no_skill_is_faked() -> None:
    """On scaled values the training mean is 0, and its MSE the test variance around it."""
    data = Forecasting().load(16, seed=0)
    assert isinstance(data.test.targets, torch.Tensor)
    scores = evaluate(data.metrics, data.test, lambda batch: torch.zeros_like(batch.targets))
    assert scores["mse"] == pytest.approx(float(data.test.targets.double().square().mean()), rel=1e-6)
    assert scores["mse"] > 0.5


def test_scores_when_worked_by_hand_then_equal(tmp_path: Path) -> None:
    """Ten training rows 0, 1, ..., 9 and one test window: 4, 6 after 8."""
    values = [*range(10), 7, 8, 4, 6]
    path = written(pd.DataFrame({"x": values}), tmp_path)
    data = Forecasting(data=path, horizon=2, split="10/2/2").load(2, seed=0)
    deviation = np.sqrt(8.25)
    scores = scores_of(data, "last value")
    assert scores["mse"] == pytest.approx((4**2 + 2**2) / 2 / 8.25, rel=1e-6)
    assert scores["mae"] == pytest.approx(3 / deviation, rel=1e-6)
    assert scores["mase"] == pytest.approx(3, rel=1e-6)  # one step of the training rows is 1
    assert scores["smape"] == pytest.approx((200 * 4 / 12 + 200 * 2 / 14) / 2, rel=1e-5)
    assert [b.name for b in data.baselines] == ["last value", "training mean", "linear least squares"]
    assert [b.is_reference for b in data.baselines] == [True, True, False]
    scores = scores_of(data, "training mean")  # 4.5
    assert scores["mse"] == pytest.approx((0.5**2 + 1.5**2) / 2 / 8.25, rel=1e-6)
    seasonal = replace(Forecasting(data=path, horizon=2, split="10/2/2"), season=4).load(2, seed=0)
    scores = scores_of(seasonal, "seasonal naive")  # 8, 9 where 4, 6 came; four steps of the training rows are 4
    assert scores["mse"] == pytest.approx((4**2 + 3**2) / 2 / 8.25, rel=1e-6)
    assert scores["mase"] == pytest.approx(3.5 / 4, rel=1e-6)


def test_mase_and_smape_then_as_utilsforecast_says() -> None:
    losses = pytest.importorskip("utilsforecast.losses")
    series = generate_series(300, seed=0)
    data = SMALL.load(16, seed=0)
    mean, deviation = series.values[:200].mean(0), series.values[:200].std(0, correction=0)
    rng = torch.Generator().manual_seed(0)
    forecasts = data.test.batch(torch.arange(len(data.test))).targets
    forecasts = forecasts + torch.randn(forecasts.shape, generator=rng)

    def predict(batch: Batch) -> torch.Tensor:
        rows = (batch.targets[:, None] - data.test.targets[None]).abs().sum((2, 3)).argmin(1)
        return forecasts[rows]

    scores = evaluate(data.metrics, data.test, predict)
    frames, training = [], []
    for channel in range(3):
        past = series.values[:200, channel].numpy()
        training.append(pd.DataFrame({"unique_id": channel, "ds": range(200), "y": past}))
        for window in range(len(data.test)):
            y = series.values[240 + window : 245 + window, channel].numpy()
            f = (forecasts[window, :, channel].double() * deviation[channel] + mean[channel]).numpy()
            start = 240 + window
            ids = {"unique_id": channel, "cutoff": start - 1, "ds": range(start, start + 5)}
            frames.append(pd.DataFrame({**ids, "y": y, "f": f}))
    table, train = pd.concat(frames), pd.concat(training)
    oracle = losses.mase(table.drop(columns="cutoff"), ["f"], seasonality=24, train_df=train)["f"].mean()
    assert scores["mase"] == pytest.approx(oracle, rel=1e-5)
    oracle = losses.smape(table.drop(columns="cutoff"), ["f"])["f"].mean()
    assert scores["smape"] == pytest.approx(200 * oracle, rel=1e-5)


def test_linear_baseline_when_the_series_is_linear_then_exact_and_as_numpy_says() -> None:
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(50, 6, 2)), rng.normal(size=(50, 3, 2))
    weights = linear_weights(Windows(torch.tensor(inputs), torch.tensor(targets)))
    rows = np.concatenate([np.moveaxis(inputs, 2, 1).reshape(100, 6), np.ones((100, 1))], axis=1)
    expected, *_ = np.linalg.lstsq(rows, np.moveaxis(targets, 2, 1).reshape(100, 3))
    np.testing.assert_allclose(weights.numpy(), expected, atol=1e-10)
    ramp = torch.arange(30.0)[:, None]
    train, _, test = cut(ramp, ramp, (20, 5, 5), length=4, horizon=3)
    forecast = apply_linear(linear_weights(train), test.inputs)
    np.testing.assert_allclose(forecast.numpy(), test.targets.numpy(), atol=1e-4)


# Real data


@pytest.mark.parametrize("name", ["ETTh1.csv", "ETTh2.csv", pytest.param("ETTm1.csv.gz", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("horizon", "target"), [(24, None), (96, None), (96, "OT"), (336, "OT")])
def test_naive_baselines_on_ett_then_as_published(
    shared_data: Path, name: str, horizon: int, target: str | None
) -> None:
    published = pd.read_csv(shared_data / "reference-results" / "ett_naive_baselines.csv")
    is_here = (published["dataset"] == name.split(".")[0]) & (published["horizon"] == horizon)
    rows = published[
        is_here & (published["mode"] == ("multivariate" if target is None else f"univariate {target}"))
    ]
    assert len(rows) == 4
    path = str(shared_data / "forecasting-ett" / name)
    data = Forecasting(data=path, horizon=horizon, target=target, split=ETT_ROWS[name]).load(24, seed=0)
    for row in rows.itertuples():
        assert scores_of(data, str(row.model))[str(row.metric)] == pytest.approx(row.value, abs=6e-5)


def test_last_value_on_etth1_then_the_known_mse_over_2785_windows(shared_data: Path) -> None:
    path = str(shared_data / "forecasting-ett" / "ETTh1.csv")
    task = Forecasting(data=path, horizon=96, split="8640/2880/2880")
    data = task.load(96, seed=0)
    assert data.test.targets.shape == (2785, 96, 7)
    assert 1.294 <= scores_of(data, "last value")["mse"] <= 1.295
    start = time.process_time()
    again = task.load(96, seed=0)
    assert time.process_time() - start < 0.5
    assert again.baselines == data.baselines


@pytest.mark.parametrize(
    ("name", "length", "horizon", "season"),
    [
        ("AirPassengers", 24, 12, 12),
        ("monthly-sunspots", 96, 24, 12),
        ("taylor", 96, 48, "unknown: no seasonal baseline"),
    ],
)
def test_classic_series_when_dates_differ_in_form_then_each_is_read(
    shared_data: Path, name: str, length: int, horizon: int, season: int | str
) -> None:
    path = str(shared_data / "forecasting-classic-small" / f"{name}.csv")
    data = Forecasting(data=path, horizon=horizon, gaps="error").load(length, seed=0)
    assert data.facts["season"] == season
    assert data.facts["irregular_steps"] == 0


@pytest.mark.parametrize(
    ("name", "irregular", "missing", "season"), [("temps", 2, 2, 7), ("co2-concentration", 3, 5, 12)]
)
def test_classic_series_when_times_are_missing_then_said(
    shared_data: Path, name: str, irregular: int, missing: int, season: int
) -> None:
    path = str(shared_data / "forecasting-classic-small" / f"{name}.csv")
    with pytest.warns(UserWarning, match=f"irregular steps between rows: {irregular}; rows are used as they come"):
        kept = Forecasting(data=path).load(24, seed=0)
    assert (kept.facts["irregular_steps"], kept.facts["season"]) == (irregular, season)
    with pytest.warns(UserWarning, match=f"{missing} rows repeat the one before"):
        filled = Forecasting(data=path, gaps="fill").load(24, seed=0)
    assert filled.facts["rows"] == int(kept.facts["rows"]) + missing
    with pytest.raises(DataError, match=r"column 'Date' steps from .* choose gaps=keep"):
        Forecasting(data=path, gaps="error").load(24, seed=0)


# What tables may look like


@pytest.mark.parametrize(
    ("freq", "form", "season"),
    [
        ("15min", None, 96),
        ("D", "%d/%m/%Y", 7),
        ("D", "%m/%d/%Y", 7),
        ("B", "%Y-%m-%d", 5),
        ("W", None, 52),
        ("ME", None, 12),
        ("QS", None, 4),
    ],
)
def test_season_then_read_from_the_times(tmp_path: Path, freq: str, form: str | None, season: int) -> None:
    dates = pd.date_range("2020-01-01", periods=300, freq=freq)
    table = hourly(300).assign(date=dates.strftime(form) if form else dates.astype(str))
    data = Forecasting(data=written(table, tmp_path), horizon=4, gaps="error").load(8, seed=0)
    assert data.facts["season"] == season


def test_parquet_when_the_times_are_its_index_then_used(tmp_path: Path) -> None:
    index = pd.date_range("2020-01-01", periods=300, freq="D", tz="Europe/Berlin", name="when")
    table = hourly(300).drop(columns="date").set_index(index)
    data = Forecasting(data=written(table, tmp_path, "x.parquet"), horizon=4, gaps="error").load(8, seed=0)
    assert data.facts["channels"] == "a, b"
    assert data.facts["season"] == 7


def test_target_then_alone_forecast_from_all_channels(tmp_path: Path) -> None:
    data = Forecasting(data=written(hourly(), tmp_path), horizon=4, target="b").load(8, seed=0)
    batch = data.train.batch(torch.tensor([0]))
    assert batch.inputs.shape == (1, 8, 2)
    assert batch.targets.shape == (1, 4, 1)
    assert torch.equal(batch.targets[:, :, 0], data.train.batch(torch.tensor([4])).inputs[:, 4:, 1])


def test_headers_swapped_then_baselines_of_the_column_that_is_named(tmp_path: Path) -> None:
    swapped = hourly().rename(columns={"a": "b", "b": "a"})
    first = Forecasting(data=written(hourly(), tmp_path, "1.csv"), horizon=4, target="a").load(8, seed=0)
    other = Forecasting(data=written(swapped, tmp_path, "2.csv"), horizon=4, target="a").load(8, seed=0)
    same = Forecasting(data=written(swapped, tmp_path, "2.csv"), horizon=4, target="b").load(8, seed=0)
    assert same.baselines == first.baselines
    by_hand = (other.test.targets - other.test.inputs[:, -1:, 1:]).double().square().mean()
    assert scores_of(other, "last value")["mse"] == pytest.approx(float(by_hand), rel=1e-6)


def test_folder_of_splits_then_kept_as_they_are(tmp_path: Path) -> None:
    table = hourly()
    for name, rows in (("train", table[:60]), ("valid", table[60:75]), ("test", table[75:])):
        written(rows, tmp_path, f"{name}.csv")
    assert Forecasting(data=str(tmp_path), horizon=4).load(8, seed=0).facts["split_rows"] == "60/15/25"


def test_constant_channel_then_said_and_left_out_of_mase(tmp_path: Path) -> None:
    table = hourly().assign(b=3.0)
    with pytest.warns(UserWarning, match=r"standard deviation of 1: b"):
        data = Forecasting(data=written(table, tmp_path), horizon=4).load(8, seed=0)
    assert (data.facts["constant_in_training"], data.facts["left_out_of_mase"]) == ("b", "b")
    alone = Forecasting(data=written(hourly(), tmp_path), target="a", horizon=4).load(8, seed=0)
    assert scores_of(data, "last value")["mase"] == pytest.approx(scores_of(alone, "last value")["mase"], rel=1e-6)


def _with(column: str, row: int, value: object) -> pd.DataFrame:
    table = hourly()
    table[column] = table[column].astype(object)
    table.loc[row, column] = value
    return table


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (
            hourly().assign(note="hi"),
            "column 'note' holds something that is neither a number nor a date: 'hi' in line 2",
        ),
        (_with("a", 7, "n/k"), "column 'a' holds something .*: 'n/k' in line 9"),
        (_with("b", 9, None), "column 'b' has a missing value in line 11"),
        (_with("b", 9, np.inf), "column 'b' has an infinite value in line 11"),
        (_with("date", 9, "soon"), "column 'date' holds dates, but line 11 has 'soon'"),
        (_with("date", 0, None), "column 'date' holds dates, but line 2 has nan"),
        (hourly()[::-1], r"in column 'date' 2020-01-05 02:00:00 comes after 2020-01-05 03:00:00 \(line 3\)"),
        (pd.concat([hourly()[:50], hourly()[49:]]), r"2020-01-03 01:00:00 is repeated \(line 52\)"),
        (hourly().assign(date=hourly()["date"].iloc[np.arange(100) ** 2 % 97].to_numpy()), "in the order of time"),
        (hourly().assign(other=hourly()["date"]), "columns 'date' and 'other' both hold dates"),
        (hourly()[["date"]], "no column holds numbers; there are: date"),
        (hourly().assign(date=range(100)), "column 'date' is named as a time and holds bare numbers"),
        (hourly().assign(a=1.0, b=2.0), "constant in the 70 training rows: a, b"),
        (hourly(20), "need at least 12 rows for training, 4 for validation .* of 20 rows these have 14, 2 and 4"),
    ],
)
def test_unfit_table_then_one_clear_error(tmp_path: Path, table: pd.DataFrame, says: str) -> None:
    with pytest.raises(DataError, match=says):
        Forecasting(data=written(table, tmp_path), horizon=4).load(8, seed=0)


def test_cell_of_one_of_several_files_is_found_in_that_file(tmp_path: Path) -> None:
    table = _with("a", 90, "n/k")
    for name, rows in {"train": slice(0, 60), "valid": slice(60, 80), "test": slice(80, None)}.items():
        written(table[rows], tmp_path, f"{name}.csv")
    with pytest.raises(
        DataError, match=r"column 'a' holds .*: 'n/k' in line 12 of test\.csv; correct or remove it"
    ):
        Forecasting(data=str(tmp_path), horizon=4).load(8, seed=0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"target": "OT"}, r"no column of numbers is called 'OT' \(target\); there are: a, b"),
        ({"split": "80/20/20"}, "split=80/20/20 asks for 120 rows, and there are 100"),
        ({"season": 70}, "a season of 70 steps needs more training rows, and there are 70"),
    ],
)
def test_unfit_setting_then_one_clear_error(tmp_path: Path, settings: dict[str, object], says: str) -> None:
    with pytest.raises(DataError, match=says):
        replace(Forecasting(data=written(hourly(), tmp_path), horizon=4), **settings).load(8, seed=0)


@pytest.mark.parametrize("split", ["0.7/0.2/0.2", "0.7/0.3", "a/b/c", "1/0/0", "10.5/2/2", "1/2/3/0"])
def test_split_when_senseless_then_refused(split: str) -> None:
    with pytest.raises(ValueError, match="split has to be train/validation/test"):
        Forecasting(split=split)


def test_times_when_without_a_constant_step_then_refused(tmp_path: Path) -> None:
    seconds = np.cumsum(np.random.default_rng(0).integers(1, 10_000, 100))
    dates = (pd.Timestamp("2020-01-01") + pd.to_timedelta(seconds, "s")).astype(str)
    with pytest.raises(DataError, match="column 'date' has no constant step"):
        Forecasting(data=written(hourly().assign(date=dates), tmp_path), horizon=4).load(8, seed=0)
