"""Tests that the adding problem is laid out as published, and solved only by remembering both numbers."""

from __future__ import annotations

import math

import pytest
import torch
from seqbench_adding import Adding, seqbench_tasks
from torch import Tensor

from seqbench import Batch, DataError, Split, TaskData, evaluate

SMALL = Adding(train_examples=64, validation_examples=32, test_examples=128)
MANY = Adding(train_examples=64, validation_examples=8, test_examples=20_000)


def everything(split: Split) -> Batch:
    return split.batch(torch.arange(len(split)))


def marked(batch: Batch) -> Tensor:
    """Read the marked values off one by one: [batch, 2], first and second."""
    rows = [[v for v, marker in row if marker == 1] for row in batch.inputs.tolist()]
    return torch.tensor(rows)


def scores(data: TaskData, answers: Tensor) -> dict[str, float]:
    """Score these answers: [examples]."""
    rows = iter(answers.reshape(-1, 1, 1).split(50))
    return evaluate(data.metrics, data.test, lambda batch: next(rows), batch_size=50)


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [Adding]


@pytest.mark.parametrize("length", [2, 3, 8, 101])
def test_each_half_has_one_marker_and_the_target_is_the_sum(length: int) -> None:
    batch = everything(SMALL.load(length, seed=0).train)
    values, markers = batch.inputs[:, :, 0], batch.inputs[:, :, 1]
    assert batch.inputs.shape == (64, length, 2)
    assert batch.inputs.dtype == batch.targets.dtype == torch.float32
    assert batch.targets.shape == (64, 1, 1)
    assert ((values >= 0) & (values < 1)).all()
    assert set(markers.unique().tolist()) <= {0.0, 1.0}
    assert (markers[:, : length // 2].sum(dim=1) == 1).all()
    assert (markers[:, length // 2 :].sum(dim=1) == 1).all()
    assert torch.equal(batch.targets[:, 0, 0], marked(batch).sum(dim=1))


def test_markers_reach_every_step_equally_often_and_values_are_uniform() -> None:
    inputs = everything(MANY.load(9, seed=0).test).inputs
    expected = torch.tensor([20_000 / 4] * 4 + [20_000 / 5] * 5)  # halves of 4 and 5 steps
    assert ((inputs[:, :, 1].sum(dim=0) - expected).abs() < 5 * expected.sqrt()).all()
    values = inputs[:, :, 0].double()
    assert values.mean().item() == pytest.approx(0.5, abs=5 * (1 / 12 / values.numel()) ** 0.5)
    assert values.var().item() == pytest.approx(1 / 12, rel=0.02)


def test_perfect_predictor_scores_best_on_every_metric() -> None:
    data = SMALL.load(30, seed=3)
    found = scores(data, marked(everything(data.test)).sum(dim=1))
    assert found == {metric.name: metric.best for metric in data.metrics}


def test_always_one_sits_at_a_sixth_within_its_standard_error() -> None:
    """Expectations over the triangular density of a sum of two uniform numbers, worked by hand."""
    baseline = MANY.load(8, seed=0).baselines[0]
    n = 20_000
    assert baseline.name == "always 1"
    assert baseline.is_reference
    # E d^2 = 1/6 and E d^4 = 1/15 for d = sum - 1, so var d^2 = 7/180; E |d| = 1/3, var |d| = 1/18
    assert baseline.scores["mse"] == pytest.approx(1 / 6, abs=4 * (7 / 180 / n) ** 0.5)
    assert baseline.scores["mae"] == pytest.approx(1 / 3, abs=4 * (1 / 18 / n) ** 0.5)
    share = 1 - 0.92**2
    assert baseline.scores["share_correct"] == pytest.approx(share, abs=4 * (share * (1 - share) / n) ** 0.5)


def test_mean_of_training_targets_is_fitted_on_training_data_and_is_no_reference() -> None:
    data = SMALL.load(8, seed=0)
    baseline = data.baselines[1]
    mean = everything(data.train).targets.mean()
    expected = (everything(data.test).targets - mean).square().mean().item()
    assert not baseline.is_reference
    assert baseline.scores["mse"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_who_remembers_one_value_only_scores_a_twelfth() -> None:
    data = MANY.load(8, seed=0)
    for known in marked(everything(data.test)).T:
        assert scores(data, known + 0.5)["mse"] == pytest.approx(1 / 12, rel=0.03)


def test_who_adds_without_looking_at_the_markers_is_worse_than_always_one() -> None:
    data = MANY.load(8, seed=0)
    guess = everything(data.test).inputs[:, [0, 7], 0].sum(dim=1)
    assert scores(data, guess)["mse"] > data.baselines[0].scores["mse"]


def test_metrics_are_worked_by_hand() -> None:
    data = Adding(train_examples=1, test_examples=4).load(8, seed=0)
    sums = everything(data.test).targets[:, 0, 0]
    found = scores(data, sums + torch.tensor([0.0, 0.07, -0.09, 0.4]))
    assert found["mse"] == pytest.approx((0.07**2 + 0.09**2 + 0.4**2) / 4, rel=1e-5)
    assert found["mae"] == pytest.approx(0.14, rel=1e-5)
    assert found["share_correct"] == 0.5


def test_answers_that_are_nan_have_no_score() -> None:
    found = scores(SMALL.load(8, seed=0), torch.full((128,), math.nan))
    assert all(math.isnan(found[name]) for name in ("mse", "mae", "share_correct"))


def test_same_seed_gives_the_same_data_and_another_seed_or_split_does_not() -> None:
    one, same, other = (SMALL.load(16, seed) for seed in (0, 0, 1))
    for part in ("train", "validation", "test"):
        a, b, c = (everything(getattr(data, part)) for data in (one, same, other))
        assert torch.equal(a.inputs, b.inputs)
        assert torch.equal(a.targets, b.targets)
        assert not torch.equal(a.inputs, c.inputs)
    assert not torch.equal(everything(one.train).inputs[:32], everything(one.validation).inputs)


def test_training_data_stay_within_their_budget_at_every_length() -> None:
    task = Adding(train_time_steps=8_000, validation_examples=1, test_examples=1)
    for length, examples in ((2, 4_000), (80, 100), (8192, 1)):
        data = task.load(length, seed=0)
        assert len(data.train) == data.facts["train_examples"] == examples


def test_default_sizes_are_those_documented() -> None:
    data = Adding().load(100, seed=0)
    assert (len(data.train), len(data.validation), len(data.test)) == (20_000, 256, 1_000)
    assert Adding().time_steps(100) == 100


def test_example_shows_values_and_markers_above_the_target() -> None:
    data = SMALL.load(4, seed=0)
    inputs = data.test.batch(torch.tensor([0])).inputs[0]
    values = " ".join(f"{value:.2f}" for value in inputs[:, 0].tolist())
    markers = "    ".join(f"{marker:.0f}" for marker in inputs[:, 1].tolist())
    total = sum(value for value, marker in inputs.tolist() if marker)
    assert data.show(0).splitlines() == [
        f"value   {values}",
        f"marker  {markers}",
        f"target                 {total:.2f}",
        "scored                 ^",
    ]


def test_example_is_cut_short_but_shows_both_markers_when_the_sequence_is_long() -> None:
    data = SMALL.load(8192, seed=0)
    for example in range(20):
        values, markers, target, scored = data.show(example).splitlines()
        assert markers[8:].split().count("1") == 2
        assert "more)" in values
        assert len(values) < 140
        assert target.index(target[8:].strip()) == scored.index("^")


@pytest.mark.parametrize("field", ["train_examples", "train_time_steps", "validation_examples", "test_examples"])
def test_parameter_without_sense_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} is 0; it must be at least 1"):
        Adding(**{field: 0})


@pytest.mark.parametrize("length", [0, 1])
def test_length_below_two_is_refused(length: int) -> None:
    with pytest.raises(DataError, match="^two steps .* at least 2$"):
        SMALL.load(length, seed=0)
