"""Tests that an echo repeats its signal T steps later, and that its spectrum and its chance are as stated."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from seqbench_echo import Echo, seqbench_tasks
from torch import Tensor

from seqbench import Batch, DataError, Experiment, Split, StepValues, TaskData, evaluate, run

SIZES = {"train_examples": 64, "validation_examples": 32, "test_examples": 128}


def small(**parameters: object) -> Echo:
    return Echo(**{**SIZES, **parameters})  # type: ignore[arg-type]


def many(**parameters: object) -> Echo:
    return small(test_examples=4_000, train_examples=1, validation_examples=1, **parameters)


def everything(split: Split) -> Batch:
    return split.batch(torch.arange(len(split)))


def echoed(row: list[list[float]], length: int) -> list[float]:
    """Solve a sequence step by step: keep all values, and say the one of T steps ago at each cue."""
    said = []
    for step, (_, cue) in enumerate(row):
        said.append(row[step - length][0] if cue == 1 else 0.0)
    return said


def scores(data: TaskData, answers: Tensor) -> dict[str, float]:
    """Score these answers: [examples, time]."""
    rows = iter(answers[:, :, None].split(50))
    return evaluate(data.metrics, data.test, lambda batch: next(rows), batch_size=50, targets=StepValues(1))


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [Echo]


@pytest.mark.parametrize("spectrum", ["white", "band"])
@pytest.mark.parametrize("length", [10, 11, 64])
def test_solver_that_keeps_all_values_is_perfect(spectrum: str, length: int) -> None:
    data = small(spectrum=spectrum).load(length, seed=1)
    answers = torch.tensor([echoed(row, length) for row in everything(data.test).inputs.tolist()])
    assert scores(data, answers) == {metric.name: 0.0 for metric in data.metrics}


@pytest.mark.parametrize("length", [1, 4, 10, 100])
def test_steps_of_the_echo_alone_are_scored_and_have_a_cue(length: int) -> None:
    data = small().load(length, seed=0)
    batch = everything(data.train)
    values, cues = batch.inputs[:, :, 0], batch.inputs[:, :, 1]
    assert batch.inputs.shape == (64, length + 10, 2)
    assert small().time_steps(length) == length + 10
    assert torch.equal(cues == 1, ~batch.targets[:, :, 0].isnan())
    assert (cues.sum(1) == 10).all()
    assert (cues[:, :length] == 0).all()
    assert torch.equal(batch.targets[:, length:, 0], values[:, :10])
    assert (values[:, 10:] == 0).all()


def test_white_signal_is_uniform_and_its_steps_are_independent() -> None:
    signals = everything(many().load(10, seed=0).test).inputs[:, :10, 0].double()
    assert float(signals.abs().max()) <= 1
    assert float(signals.mean()) == pytest.approx(0, abs=4 * (1 / 3 / 40_000) ** 0.5)
    assert float(signals.var()) == pytest.approx(1 / 3, abs=4 * (4 / 45 / 40_000) ** 0.5)
    covariance = signals.T @ signals / len(signals)
    assert float((covariance - torch.eye(10) / 3).abs().max()) < 5 * (1 / 9 / 4_000) ** 0.5


@pytest.mark.parametrize("band", [0.2, 0.5, 1.0])
def test_signal_in_a_band_has_the_covariance_of_its_spectrum(band: float) -> None:
    signals = (
        everything(many(spectrum="band", band=band, signal=20).load(20, seed=0).test).inputs[:, :20, 0].double()
    )
    frequencies = torch.arange(1, round(40 * band) + 1) / 80  # turns a step: up to half of the band
    lags = torch.arange(20)
    expected = (2 * math.pi * frequencies[:, None] * lags).cos().mean(0) / 3
    found = torch.stack([(signals[:, : 20 - lag] * signals[:, lag:]).mean() for lag in lags.tolist()])
    assert float((found - expected).abs().max()) < 0.03
    assert float(signals.var(0).sub(1 / 3).abs().max()) < 5 * (2 / 9 / 4_000) ** 0.5  # the same at every step


def test_always_0_scores_the_variance_within_its_standard_error() -> None:
    (white,) = many().load(16, seed=0).baselines
    assert white.name == "always 0"
    assert white.is_reference
    assert white.scores["nmse"] == pytest.approx(1, abs=4 * (4 / 45 * 9 / 40_000) ** 0.5)
    assert white.scores["mse"] == pytest.approx(white.scores["nmse"] / 3)
    assert white.scores["mae"] == pytest.approx(0.5, abs=4 * (1 / 12 / 40_000) ** 0.5)
    (band,) = many(spectrum="band").load(16, seed=0).baselines
    assert band.scores["nmse"] == pytest.approx(1, abs=0.05)


def test_metrics_are_worked_by_hand() -> None:
    data = small(signal=2, test_examples=2).load(3, seed=0)
    answers = everything(data.test).targets[:, :, 0].nan_to_num(99.0) + torch.tensor([7.0, 7, 7, 0.5, -0.25])
    found = scores(data, answers)
    assert found["mse"] == pytest.approx((0.25 + 0.0625) / 2, rel=1e-5)
    assert found["nmse"] == pytest.approx(3 * found["mse"])
    assert found["mae"] == pytest.approx(0.375, rel=1e-5)
    assert all(math.isnan(score) for score in scores(data, answers * math.nan).values())


def test_echo_may_begin_while_a_white_signal_goes_on() -> None:
    data = small(signal=30).load(8, seed=0)
    batch = everything(data.test)
    assert torch.equal(batch.targets[:, 8:, 0], batch.inputs[:, :30, 0])
    assert (batch.inputs[:, 8:30, 0] != 0).all()
    answers = torch.tensor([echoed(row, 8) for row in batch.inputs.tolist()])
    assert scores(data, answers)["nmse"] == 0


def test_same_seed_gives_the_same_data_and_another_seed_split_or_length_does_not() -> None:
    one, same, other, longer = (small().load(*which) for which in ((16, 0), (16, 0), (16, 1), (17, 0)))
    for part in ("train", "validation", "test"):
        mine = getattr(one, part).inputs
        assert torch.equal(mine, getattr(same, part).inputs)
        assert not torch.equal(mine, getattr(other, part).inputs)
        assert not torch.equal(mine[:, :10], getattr(longer, part).inputs[:, :10])
    assert not torch.equal(one.train.inputs[:32], one.validation.inputs)


def test_training_data_stay_within_their_budget() -> None:
    for length, examples in ((10, 50), (90, 10), (5000, 1)):
        data = small(train_time_steps=1_000).load(length, seed=0)
        assert len(data.train) == data.facts["train_examples"] == examples


def test_example_shows_the_signal_above_its_echo() -> None:
    data = small(signal=2).load(3, seed=0)
    signs = [f"{value:.2f}" for value in everything(data.test).inputs[0, :2, 0].tolist()]
    values, cues, targets, scored = (line.split() for line in data.show(0).splitlines())
    assert values == ["value", *signs, "0.00", "0.00", "0.00"]
    assert cues == ["cue", "0", "0", "0", "1", "1"]
    assert targets == ["target", *signs]
    assert scored == ["scored", "^", "^"]
    assert max(map(len, small().load(8192, seed=0).show(1).splitlines())) < 200


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"signal": 0}, "signal is 0; it must be at least 1"),
        ({"spectrum": "pink"}, "spectrum is 'pink'; it must be 'white' or 'band'"),
        ({"band": 0.0}, "band is 0"),
        ({"band": 1.5}, "band is 1.5; .*at most 1"),
        ({"band": 0.3}, "band is 0.3, but spectrum is white .* count for nothing; set spectrum to band"),
    ],
)
def test_parameter_without_sense_is_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Echo(**parameters)  # type: ignore[arg-type]


def test_length_without_sense_is_refused() -> None:
    with pytest.raises(DataError, match="^an echo comes .* at least 1$"):
        small().load(0, seed=0)
    with pytest.raises(DataError, match="^a signal of 10 steps in a band .* a length of at least 10, a shorter"):
        small(spectrum="band").load(9, seed=0)


@pytest.mark.slow
def test_gru_learns_to_repeat_a_short_signal(tmp_path: Path) -> None:
    experiment = Experiment.model_validate(
        {
            "tasks": ["echo"],
            "models": ["gru"],
            "lengths": [8],
            "training": {"steps": 1000, "learning_rate": 5e-3},
            "gradients": "off",
            "parameters": {"echo": {"signal": 2}, "gru": {"hidden_size": 64}},
        }
    )
    assert run(experiment, tmp_path, executor="serial")["score"].max() < 0.1
