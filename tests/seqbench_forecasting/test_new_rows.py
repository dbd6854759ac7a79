"""Tests that new rows get the scale of the training rows, and forecasts the units of the data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from seqbench_forecasting.task import Forecasting

from seqbench import Batch, DataError, Experiment, load_trained, run
from seqbench.data.row_files import read_rows
from seqbench.experiment.schema import Training

LENGTH, HORIZON = 24, 6


def table(hours: int = 400) -> pd.DataFrame:
    """Return an hourly table of two channels, on scales of their own."""
    rng, hour = np.random.default_rng(0), np.arange(hours)
    return pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=hours, freq="h").astype(str),
            "load": 900 + 200 * np.sin(hour / 24 * 2 * np.pi) + rng.normal(0, 10, hours),
            "wind": 4 + rng.gamma(2, 1, hours),
        }
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    table().to_csv(tmp_path / "load.csv", index=False)
    return tmp_path / "load.csv"


def batch(inputs: Any, targets: list[int]) -> Batch:
    return Batch(inputs, torch.tensor(targets), torch.full((len(targets),), LENGTH))


def stored(task: Forecasting) -> dict[str, Any]:
    """Return what is kept with the weights, as it is read back."""
    found: dict[str, Any] = json.loads(json.dumps(dict(task.load(LENGTH, 0).fitted), allow_nan=False))
    return found


def test_the_last_steps_are_scaled_with_the_training_rows(data: Path) -> None:
    task = Forecasting(data=str(data), horizon=HORIZON)
    fitted, rows = stored(task), read_rows(data)
    training = table()[["load", "wind"]].to_numpy()[:280]
    later = table(500)[["load", "wind"]].to_numpy()[200:]
    new = [
        {"wind": row[1], "time": f"2024-03-{1 + i // 24:02d} {i % 24:02d}:00", "load": row[0]}
        for i, row in enumerate(later)
    ]
    found = task.encode(new, LENGTH, fitted)
    expected = (later[-LENGTH:] - training.mean(0)) / training.std(0)
    assert found.inputs.shape == (1, LENGTH, 2)
    assert found.targets.tolist() == [0]
    assert torch.allclose(found.inputs[0].double(), torch.tensor(expected), atol=1e-5)
    # The rows of a test window give the input that the network was tested with.
    window = task.load(LENGTH, 0).test.inputs[-1]
    assert torch.equal(task.encode(rows[: 400 - HORIZON], LENGTH, fitted).inputs[0], window)


def test_a_forecast_has_names_and_the_units_of_the_data(data: Path) -> None:
    task = Forecasting(data=str(data), horizon=HORIZON, target="load")
    fitted, test = stored(task), task.load(LENGTH, 0).test
    (answer,) = task.answers(test.targets[-1:], batch(test.inputs[-1:], [0]), fitted)
    assert [list(step) for step in answer] == [["load"]] * HORIZON
    assert [step["load"] for step in answer] == pytest.approx(
        table()["load"].to_numpy()[-HORIZON:].tolist(), rel=1e-5
    )


def test_generated_series_are_answered_too() -> None:
    task = Forecasting(horizon=HORIZON)
    fitted = json.loads(json.dumps(dict(task.load(LENGTH, 0).fitted)))
    rows = [{name: float(step) for name in fitted["channels"]} for step in range(LENGTH)]
    rows[3][fitted["channels"][0]] = 7.5
    assert task.encode(rows, LENGTH, fitted).inputs.shape == (1, LENGTH, 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: [{"time": row["time"], "load": row["load"]} for row in rows], "have no column wind, which"),
        (lambda rows: rows[:10], "reads the last 24 steps, and the rows hold 10; give more rows"),
        (lambda rows: rows[::-1], "needed in the order of time"),
        (lambda rows: [*rows[:-1], {**rows[-1], "load": None}], "column 'load' has a missing value in row 48"),
        (lambda rows: [*rows[:-1], {**rows[-1], "load": "much"}], "load"),
    ],
)
def test_rows_that_do_not_fit_are_told(data: Path, change: Any, words: str) -> None:
    task = Forecasting(data=str(data), horizon=HORIZON)
    with pytest.raises(DataError, match=words):
        task.encode(change(read_rows(data)[:48]), LENGTH, stored(task))


def test_each_of_several_series_has_its_own_scale(tmp_path: Path) -> None:
    sites = {
        site: table().assign(site=site, load=lambda t, n=n: t["load"] * n) for n, site in enumerate("abc", start=1)
    }
    pd.concat(sites.values()).to_csv(tmp_path / "sites.csv", index=False)
    task = Forecasting(data=str(tmp_path / "sites.csv"), horizon=HORIZON, group="site", target="load")
    fitted, rows = stored(task), read_rows(tmp_path / "sites.csv")
    new = [row for row in rows if row["site"] in "ca"]
    found = task.encode(new, LENGTH, fitted)
    assert found.targets.tolist() == [0, 2]
    assert torch.allclose(found.inputs[0], found.inputs[1], atol=1e-5)
    answers = task.answers(torch.zeros(2, HORIZON, 1), found.batch(torch.arange(2)), fitted)
    means = {site: float(rows["load"][:280].mean()) for site, rows in sites.items()}
    assert [answer[0] for answer in answers] == [
        {"series": site, "load": pytest.approx(means[site], rel=1e-9)} for site in "ac"
    ]
    with pytest.raises(DataError, match="not trained on a series 'd', .*; it was on a, b, c"):
        task.encode([{**row, "site": "d"} for row in rows[:48]], LENGTH, fitted)
    with pytest.raises(DataError, match="the rows of series 'b' hold 10"):
        task.encode([*rows[:400], *rows[400:410]], LENGTH, fitted)


def test_one_of_several_series_is_read_from_the_same_file(tmp_path: Path) -> None:
    pd.concat([table().assign(site=site) for site in "ab"]).to_csv(tmp_path / "sites.csv", index=False)
    one = Forecasting(data=str(tmp_path / "sites.csv"), horizon=HORIZON, group="site", series="b")
    found = one.encode(read_rows(tmp_path / "sites.csv"), LENGTH, stored(one))
    assert found.inputs.shape == (1, LENGTH, 2)


def test_series_in_columns_are_read_as_they_were(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "columns.csv", index=False)
    task = Forecasting(data=str(tmp_path / "columns.csv"), horizon=HORIZON, layout="columns")
    fitted = stored(task)
    found = task.encode(read_rows(tmp_path / "columns.csv")[-30:], LENGTH, fitted)
    assert [fitted["series"][number] for number in found.targets.tolist()] == ["load", "wind"]
    assert found.inputs.shape == (2, LENGTH, 1)


@pytest.mark.slow
def test_forecasts_of_rows_have_the_error_that_the_record_tells(shared_data: Path, tmp_path: Path) -> None:
    path, length, horizon = shared_data / "forecasting-national-illness" / "national_illness.csv", 36, 12
    asked = Experiment(
        tasks=("forecasting",),
        models=("gru",),
        lengths=(length,),
        parameters={"forecasting": {"data": str(path), "horizon": horizon}},
        training=Training(steps=30),
    )
    key = run(asked, tmp_path, executor="serial", keep_weights=True)["key"].iloc[0]
    trained, rows = load_trained(tmp_path, key), read_rows(path)
    numbers = pd.read_csv(path).drop(columns="date")
    first = int(0.7 * len(numbers)) + len(numbers) - int(0.7 * len(numbers)) - int(0.2 * len(numbers))
    training = numbers[: int(0.7 * len(numbers))]
    errors = []
    for start in range(first, len(numbers) - horizon + 1):
        (steps,) = trained.predict(rows[start - length : start])
        missed = pd.DataFrame(steps) - numbers[start : start + horizon].reset_index(drop=True)
        errors.append(float(((missed / training.std(ddof=0)) ** 2).to_numpy().mean()))
    assert trained.record.test is not None
    assert np.mean(errors) == pytest.approx(trained.record.test.scores["mse"], rel=1e-5)
