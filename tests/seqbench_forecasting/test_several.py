"""Tests that several series are kept apart, scored as in M4, and detected if a table is read as one series.

Modules: seqbench_forecasting.headers, seqbench_forecasting.laid, seqbench_forecasting.layouts,
seqbench_forecasting.means, seqbench_forecasting.mixed, seqbench_forecasting.wide.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from seqbench_forecasting.options import Options
from seqbench_forecasting.several import SeriesForecast
from seqbench_forecasting.table import panel_from_tables
from seqbench_forecasting.task import Forecasting

from seqbench import Batch, DataError, TaskData, evaluate

_RNG = np.random.default_rng(0)
GROUP, ROWS = {"group": "unique_id"}, {"layout": "rows"}
SAY = "Say --set forecasting.group=unique_id"
SERIES = {
    f"H{n + 1}": np.round(
        20 + 9 * n + _RNG.normal(size=60 + 7 * n).cumsum() + np.sin(np.arange(60 + 7 * n) / 2), 3
    )
    for n in range(5)
}
LONGEST = max(map(len, SERIES.values()))
TIMES, COUNT = pd.date_range("2020-01-01", periods=LONGEST, freq="h"), range(1, LONGEST + 1)
M4: dict[str, Any] = {"horizon": 6, "split": "rest/6/6", "season": 4}


def long(*, times: bool = True) -> pd.DataFrame:
    ds = TIMES if times else COUNT
    parts = [
        pd.DataFrame({"unique_id": name, "ds": ds[: len(values)], "y": values}) for name, values in SERIES.items()
    ]
    return pd.concat(parts, ignore_index=True)


def in_rows() -> pd.DataFrame:
    """Write them as the files of the M4 competition: V1 names the series, and short rows end in empty cells."""
    rows = [[name, *values, *[None] * (LONGEST - len(values))] for name, values in SERIES.items()]
    return pd.DataFrame(rows, columns=[f"V{n + 1}" for n in range(LONGEST + 1)])


def in_columns() -> pd.DataFrame:
    return pd.DataFrame({"date": TIMES, **{name: pd.Series(values) for name, values in SERIES.items()}})


def load(frame: pd.DataFrame, folder: Path, length: int = 12, **settings: Any) -> TaskData:
    path = folder / "a.csv"
    frame.to_csv(path, index=False)
    return Forecasting(data=str(path), **{**M4, **settings}).load(length, seed=0)


LAYOUTS: dict[str, tuple[pd.DataFrame, dict[str, str]]] = {
    "long": (long(), {"group": "unique_id"}),
    "long without dates": (long(times=False), {"group": "unique_id"}),
    "long, by time": (long().sort_values("ds", kind="stable"), {"group": "unique_id"}),
    "rows": (in_rows(), {"layout": "rows"}),
    "wide rows": (in_rows(), {"layout": "wide"}),
    "columns": (in_columns(), {"layout": "columns"}),
    "wide columns": (in_columns(), {"layout": "wide"}),
}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load(in_rows(), tmp_path_factory.mktemp("m4"), layout="rows")


def test_numbers_beside_the_steps_of_a_row_then_left_out_and_told(tmp_path: Path, reference: TaskData) -> None:
    frame = in_rows()
    frame.insert(1, "Lat", 52.5)
    frame.insert(2, "Long", 13.4)
    frame["total"] = 1000.0
    left = load(frame, tmp_path, layout="rows")
    assert torch.equal(left.test.targets, reference.test.targets)
    assert all(
        f"{name} (numbers beside the steps of a row)" in str(left.facts["left_out"]) for name in ("Lat", "total")
    )


@pytest.mark.parametrize(("frame", "settings"), LAYOUTS.values(), ids=LAYOUTS)
def test_layout_then_the_same_series_windows_and_scores(
    tmp_path: Path, reference: TaskData, frame: pd.DataFrame, settings: dict[str, Any]
) -> None:
    data = load(frame, tmp_path, **settings)
    assert (data.facts["series"], data.facts["series_names"]) == (5, "H1, H2, H3, H4, H5")
    assert data.facts["split_rows"] == f"{sum(map(len, SERIES.values())) - 60}/30/30"
    pairs = (data.train, reference.train), (data.validation, reference.validation), (data.test, reference.test)
    for one, other in pairs:
        rows = torch.arange(len(one))
        assert all(torch.equal(a, b) for a, b in zip(one.batch(rows), other.batch(rows), strict=True))
    for one, other in zip(data.baselines, reference.baselines, strict=True):
        assert (one.name, one.scores) == (other.name, pytest.approx(other.scores, rel=1e-12))
    assert data.show(1).startswith("series H2: rows")


def test_one_series_then_its_own_scores_whose_mean_is_that_of_all(tmp_path: Path, reference: TaskData) -> None:
    alone = []
    for name in SERIES:
        both = [
            load(long(), tmp_path, group="unique_id", series=name),
            load(in_rows(), tmp_path, layout="rows", series=name),
        ]
        assert both[0].baselines == both[1].baselines
        assert both[0].facts["series"] == 1
        alone.append(both[0])
    for place, baseline in enumerate(reference.baselines[:3]):
        for metric, score in baseline.scores.items():
            mean = np.mean([data.baselines[place].scores[metric] for data in alone])
            assert score == pytest.approx(mean, rel=1e-12), (baseline.name, metric)


def test_mase_and_smape_then_as_utilsforecast_says(reference: TaskData) -> None:
    losses = pytest.importorskip("utilsforecast.losses")
    rows = reference.test.batch(torch.arange(len(reference.test)))
    noise = torch.randn(rows.targets[..., :1].shape, generator=torch.Generator().manual_seed(0))
    outputs = rows.targets[..., :1] + noise

    def predict(batch: Batch) -> torch.Tensor:
        return outputs[batch.targets[:, 0, -1].long()]  # one test window a series

    scores = evaluate(reference.metrics, reference.test, predict)
    frames, training = [], []
    for place, (name, values) in enumerate(SERIES.items()):
        past, actual = values[:-12], values[-6:]
        forecast = outputs[place, :, 0].double().numpy() * past.std() + past.mean()
        steps = np.arange(len(values))
        training.append(pd.DataFrame({"unique_id": name, "ds": steps[:-12], "y": past}))
        frames.append(pd.DataFrame({"unique_id": name, "ds": steps[-6:], "y": actual, "f": forecast}))
    table, train = pd.concat(frames), pd.concat(training)
    mase = losses.mase(table, ["f"], seasonality=4, train_df=train)["f"].mean()
    smape = losses.smape(table, ["f"])["f"].mean()
    assert scores["mase"] == pytest.approx(mase, rel=1e-5)
    assert scores["smape"] == pytest.approx(200 * smape, rel=1e-5)  # theirs goes from 0 to 1


def test_scores_when_worked_by_hand_then_equal(tmp_path: Path) -> None:
    """The last value misses by 1 and by 20; in steps of the training rows, 1 and 10, by 1 and by 2."""
    slow = [*range(10), 9, 9, 9, 10]
    fast = [*[10 * (n % 2) for n in range(20)], 10, 10, 10, 30]
    frame = pd.DataFrame({"id": ["slow"] * 14 + ["fast"] * 24, "y": [*slow, *fast]})
    data = load(frame, tmp_path, 2, group="id", horizon=1, split="rest/3/1", season=None, columns="y")
    scores = next(b.scores for b in data.baselines if b.name == "last value")
    assert scores["mase"] == pytest.approx((1 + 2) / 2)
    assert scores["smape"] == pytest.approx((200 * 1 / 19 + 200 * 20 / 40) / 2, rel=1e-6)
    deviations = np.std(range(10)), 5.0
    assert scores["mae"] == pytest.approx((1 / deviations[0] + 20 / deviations[1]) / 2, rel=1e-6)


def test_windows_never_cross_and_each_series_has_its_own_scale(tmp_path: Path) -> None:
    squares = np.arange(90.0) ** 2
    frame = pd.DataFrame({"id": ["a"] * 50 + ["b"] * 90, "y": [*squares[:50], *1e6 + squares]})
    data = load(frame, tmp_path, group="id", columns="y", horizon=3, split="0.6/0.2/0.2", season=None)
    scales = [frame.y[:30], frame.y[50:104]]
    for split in (data.train, data.validation, data.test):
        batch = split.batch(torch.arange(len(split)))
        series = batch.targets[:, 0, -1].long()
        windows = torch.cat([batch.inputs[..., 0], batch.targets[..., 0]], 1).double().numpy()
        for number, scale in enumerate(scales):
            own = windows[series.numpy() == number] * scale.std(ddof=0) + scale.mean() - 1e6 * number
            steps = np.sqrt(np.maximum(own, 0)).round()
            assert (np.diff(steps, axis=1) == 1).all()
    assert [len(split) for split in (data.train, data.validation, data.test)] == [16 + 40, 8 + 16, 8 + 16]


def test_kind_then_trains_on_what_is_forecast_and_not_on_the_number_of_the_series() -> None:
    kind, head = SeriesForecast(steps=3, channels=2), torch.nn.Linear(4, 6)
    hidden, targets = torch.randn(5, 7, 4), torch.randn(5, 3, 3)
    batch = Batch(hidden, targets, torch.full((5,), 7))
    outputs = kind.outputs(hidden, batch.lengths, head)
    assert outputs.shape == (5, 3, 2)
    losses, rows = kind.losses(hidden, batch, head)
    assert rows.tolist() == [0, 1, 2, 3, 4]
    torch.testing.assert_close(losses, (outputs - targets[..., :2]).square().mean((1, 2)))


def test_covariates_of_a_long_table_then_read_and_not_forecast(tmp_path: Path) -> None:
    frame = long().assign(price=lambda table: np.cos(np.arange(len(table))), store="north", zone=7)
    data = load(frame, tmp_path, group="unique_id", target="y")
    assert (data.facts["forecast"], data.facts["covariates"]) == ("y", "price")
    assert data.facts["left_out"] == ", ".join(
        f"{n} (the same in all rows of a series)" for n in ("store", "zone")
    )
    batch = data.test.batch(torch.arange(5))
    assert (batch.inputs.shape, batch.targets.shape) == ((5, 12, 2), (5, 6, 2))
    last_value = evaluate(data.metrics, data.test, lambda batch: batch.inputs[:, -1:, 1:].expand(-1, 6, -1))
    assert last_value != data.baselines[0].scores  # 'y' comes first
    last_value = evaluate(data.metrics, data.test, lambda batch: batch.inputs[:, -1:, :1].expand(-1, 6, -1))
    assert last_value == pytest.approx(data.baselines[0].scores)


def test_headers_that_are_dates_then_the_times(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(3, 40)).cumsum(1)
    table = pd.DataFrame(values, columns=range(1960, 2000))
    table.insert(0, "Code", ["AA", "BB", "CC"])
    table.insert(0, "Country", ["A", "B", "C"])
    data = load(table, tmp_path, layout="wide")
    assert (data.facts["first_time"], data.facts["step"]) == ("1960-01-01", "1 year")
    assert data.facts["series_names"] == "A, B, C"
    assert data.facts["left_out"] == "Code (texts beside the numbers of a row)"


# Tables that hold several series and would be read as one


def without_names() -> pd.DataFrame:
    return long().drop(columns="unique_id")


def numbered() -> pd.DataFrame:
    return long(times=False).assign(unique_id=lambda table: table.unique_id.str[1:].astype(int))


MIXED = {
    "long": (long(), f"'ds' repeat or start anew. {SAY} to train and test on all 5 of them"),
    "by time": (long().sort_values("ds", kind="stable"), f"'ds' repeat or start anew. {SAY}"),
    "counts": (long(times=False), f"'ds' counts and starts anew in row 61. {SAY}"),
    "numbers": (numbered(), f"starts anew in row 61. {SAY} .* --set forecasting.series=1 for one alone"),
    "names only": (long()[["unique_id", "y"]], f"column 'unique_id' names groups of rows. {SAY}"),
    "no names": (without_names(), "'ds' start anew in row 61 .*no column names the series"),
    "rows": (
        in_rows(),
        "a series in each of its 5 rows .* 88 columns .*--set forecasting.layout=rows",
    ),
    "rows without names": (in_rows().drop(columns="V1").iloc[:, :50], "would be read as 5 steps of 50 channels"),
    "columns": (in_columns(), "'H1' has a missing value in row 61, .*say --set forecasting.layout=columns"),
}


@pytest.mark.parametrize(("frame", "says"), MIXED.values(), ids=MIXED)
def test_table_of_several_series_when_read_as_one_then_refused(frame: pd.DataFrame, says: str) -> None:
    with pytest.raises(DataError, match=says):
        panel_from_tables({"all": frame.reset_index(drop=True)}, Options())


@pytest.mark.parametrize(
    ("frame", "settings", "says"),
    [
        (long(), {**GROUP, "series": "H9"}, r"no series is called 'H9' \(series\); there are: H1, H2"),
        (long()[::-1], GROUP, "in column 'ds' .* comes after .*"),
        (long().assign(unique_id=None), GROUP, "column 'unique_id' .* is empty in line 2"),
        (in_rows().assign(V1="x"), ROWS, "two series are called 'x'"),
        (in_rows().assign(V20=[1, None, 1, 1, 1]), ROWS, r"'V20' has a missing value in line 3 \(series 'H2'\)"),
        (in_rows(), {**ROWS, "target": "V3"}, "with layout=rows there is one"),
        (long(), {**GROUP, "horizon": 30}, "of 60 rows of series 'H1' these have 48, 6 and 6"),
        (long(), {**GROUP, "season": 60}, "a season of 60 steps needs more training rows, and there are 48"),
    ],
)
def test_unfit_layout_then_one_clear_error(
    tmp_path: Path, frame: pd.DataFrame, settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        load(frame, tmp_path, **settings)


def test_series_that_is_constant_then_named(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="constant in the training rows.*value of H3"):
        data = load(in_columns().assign(H3=1.0), tmp_path, layout="columns")
    assert data.facts["left_out_of_mase"] == "value of H3"


def test_step_that_differs_between_series_then_refused() -> None:
    frame = long()
    frame.loc[frame.unique_id == "H3", "ds"] = pd.date_range("2020-01-01", periods=len(SERIES["H3"]), freq="D")
    with pytest.raises(DataError, match="steps of different lengths: 1 hour in 'H1', 1 day in 'H3'"):
        panel_from_tables({"all": frame}, Options(group="unique_id"))


def test_group_beside_a_wide_layout_then_refused() -> None:
    with pytest.raises(ValueError, match="group names series of a long table, and layout=rows says"):
        Forecasting(group="a", layout="rows")
    with pytest.raises(ValueError, match="dates has to be day-first, month-first or a format"):
        Forecasting(dates="european")


def test_season_that_leaves_no_training_window_then_the_seasonal_baseline_stands(tmp_path: Path) -> None:
    data = load(long(), tmp_path, group="unique_id", season=46)  # 48 training rows of the shortest, horizon 6
    assert "seasonal naive" in [baseline.name for baseline in data.baselines]


def test_marker_in_a_small_series_beside_a_large_one_then_refused(tmp_path: Path) -> None:
    frame = long()
    frame.loc[frame["unique_id"] == "H5", "y"] *= 1e5
    frame.loc[7, "y"] = -999
    with pytest.raises(DataError, match="column 'y' of series 'H1' holds -999 in line 9"):
        load(frame, tmp_path, group="unique_id")


def test_numbers_beside_the_steps_of_a_row_then_no_steps(tmp_path: Path) -> None:
    days = pd.date_range("2020-01-22", periods=60).strftime("%-m/%-d/%y")
    counts = pd.DataFrame(_RNG.integers(1, 99, (3, 60)), columns=days)
    frame = pd.concat(
        [pd.DataFrame({"Country": ["a", "b", "c"], "Lat": [1.5, 2.5, 3.5], "Long": [9, 8, 7]}), counts], axis=1
    )
    data = load(frame, tmp_path, layout="rows")
    assert (data.facts["rows"], data.facts["first_time"], data.facts["step"]) == (180, "2020-01-22", "1 day")
    assert data.facts["left_out"] == ", ".join(f"{n} (numbers beside the steps of a row)" for n in ("Lat", "Long"))
    with pytest.raises(DataError, match="this looks like a wide table"):
        load(frame, tmp_path)


def test_group_among_the_columns_to_read_then_it_still_names_the_series(tmp_path: Path) -> None:
    data = load(long(), tmp_path, group="unique_id", columns="unique_id,y")
    assert (data.facts["series"], data.facts["channels"]) == (5, "y")
    with pytest.raises(DataError, match="names the series .* to be left out"):
        load(long(), tmp_path, group="unique_id", exclude="unique_id")
