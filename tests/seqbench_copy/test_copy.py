"""Tests that copy memory is laid out as published, and that its scores need memory."""

from __future__ import annotations

import math

import pytest
import torch
from seqbench_copy import Copy, Layout, seqbench_tasks
from torch import Tensor

from seqbench import UNSCORED, Batch, DataError, TaskData, evaluate

SMALL = Copy(train_examples=64, validation_examples=32, test_examples=128)
PATTERN = torch.tensor([[2, 0, 1]])
BLANK, DELIMITER = 3, 4

# Worked by hand from the papers for T = 4, three symbols, a pattern of three; 10 steps each.
BY_HAND: dict[Layout, list[int]] = {
    "urnn": [2, 0, 1, 3, 3, 3, 4, 3, 3, 3],
    "tcn": [2, 0, 1, 3, 3, 3, 4, 4, 4, 4],
    "s4": [2, 0, 1, 3, 3, 3, 3, 4, 4, 4],
}


def scores(data: TaskData, symbol_at: Tensor) -> dict[str, float]:
    """Score a predictor that is sure of ``symbol_at``: [examples, time]."""
    rows = iter((torch.nn.functional.one_hot(symbol_at, data.targets.head_size) * 1e4).split(50))
    return evaluate(data.metrics, data.test, lambda batch: next(rows), batch_size=50)


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [Copy]


@pytest.mark.parametrize("layout", BY_HAND)
def test_layout_is_the_published_one_by_hand(layout: Layout) -> None:
    task = Copy(symbols=3, pattern=3, layout=layout)
    assert task.inputs(PATTERN, length=4).tolist() == [BY_HAND[layout]]


@pytest.mark.parametrize("layout", BY_HAND)
@pytest.mark.parametrize("length", [1, 2, 100])
def test_last_steps_ask_for_the_first_symbols_and_no_other_step_is_scored(layout: Layout, length: int) -> None:
    task = Copy(layout=layout, train_examples=16, test_examples=16)
    batch = task.load(length, seed=0).train.batch(torch.arange(16))
    assert batch.inputs.shape == batch.targets.shape == (16, length + 20)
    assert task.time_steps(length) == length + 20
    assert torch.equal(batch.targets[:, -10:], batch.inputs[:, :10])
    assert (batch.targets[:, :-10] == UNSCORED).all()
    assert batch.inputs[:, :10].max() < 8  # symbols only
    assert (batch.inputs[:, 10:] >= 8).all()  # and none after the pattern


@pytest.mark.parametrize(("layout", "delimiters"), [("urnn", 1), ("tcn", 11), ("s4", 10)])
def test_published_sizes_at_t_100_give_120_steps_and_ten_categories(layout: Layout, delimiters: int) -> None:
    data = Copy(layout=layout, train_examples=8, test_examples=8).load(100, seed=0)
    inputs = data.test.batch(torch.arange(8)).inputs
    assert inputs.shape[1] == 120
    assert data.inputs.vocabulary_size == 10
    assert (inputs == 9).sum(dim=1).tolist() == [delimiters] * 8
    assert (inputs == 8).sum(dim=1).tolist() == [110 - delimiters] * 8


def test_memoryless_baseline_at_t_100_is_an_eighth_and_the_published_loss() -> None:
    (baseline,) = SMALL.load(100, seed=0).baselines
    assert baseline.is_reference
    assert baseline.scores["accuracy"] == 0.125
    assert baseline.scores["exact_match"] == pytest.approx(8.0**-10)
    assert baseline.scores["loss"] == pytest.approx(math.log(8), abs=1e-9)
    assert baseline.scores["loss_ratio"] == pytest.approx(1, abs=1e-9)
    assert baseline.scores["loss_all_positions"] == pytest.approx(0.1733, abs=5e-5)
    assert baseline.scores["loss_all_positions"] == pytest.approx(10 * math.log(8) / 120, abs=1e-9)


@pytest.mark.parametrize("layout", BY_HAND)
def test_perfect_predictor_scores_best_on_every_metric(layout: Layout) -> None:
    data = Copy(layout=layout, train_examples=8, test_examples=128).load(30, seed=3)
    inputs = data.test.batch(torch.arange(128)).inputs
    recall = inputs[:, :10].repeat(1, 5)  # 50 steps: the last ten repeat the first ten
    assert scores(data, recall) == {metric.name: metric.best for metric in data.metrics}


@pytest.mark.slow
def test_predictors_without_memory_sit_at_the_baseline_whatever_they_answer() -> None:
    data = Copy(train_examples=8, test_examples=4096).load(20, seed=0)
    rng = torch.Generator().manual_seed(1)
    standard_error = (0.125 * 0.875 / 40_960) ** 0.5
    for answers in (
        torch.zeros(4096, 40, dtype=torch.long),
        torch.randint(8, (4096, 40), generator=rng),
        torch.arange(40).remainder(8).expand(4096, 40),
    ):
        found = scores(data, answers)
        assert found["accuracy"] == pytest.approx(0.125, abs=4 * standard_error)
        assert found["exact_match"] == 0


def test_copy_of_the_blanks_alone_wins_nothing() -> None:
    """A network that is right at each blank and at no recalled step, 100 of 120 positions, scores 0."""
    data = SMALL.load(100, seed=0)
    targets = data.test.batch(torch.arange(128)).targets
    found = scores(data, (targets.clamp(min=0) + 1) % 8)
    assert found["accuracy"] == 0
    assert found["exact_match"] == 0


def test_one_mistake_costs_a_tenth_of_a_pattern_and_the_whole_match() -> None:
    data = SMALL.load(20, seed=0)
    answers = data.test.batch(torch.arange(128)).targets.clamp(min=0)
    answers[:64, -1] = (answers[:64, -1] + 1) % 8
    found = scores(data, answers)
    assert found["accuracy"] == pytest.approx(0.95)
    assert found["exact_match"] == 0.5


def test_losses_are_nats_worked_by_hand() -> None:
    data = Copy(symbols=2, pattern=1, train_examples=1, test_examples=2).load(2, seed=0)
    targets = data.test.batch(torch.arange(2)).targets

    def predict(batch: Batch) -> Tensor:  # three quarters on the right symbol: odds of 3
        return torch.nn.functional.one_hot(targets.clamp(min=0), 2) * math.log(3)

    found = evaluate(data.metrics, data.test, predict)
    assert found["loss"] == pytest.approx(-math.log(0.75))
    assert found["loss_ratio"] == pytest.approx(-math.log(0.75) / math.log(2))
    assert found["loss_all_positions"] == pytest.approx(-math.log(0.75) / 4)  # one of 2 + 2 steps is scored


def test_loss_stays_nan_when_outputs_are_nan() -> None:
    data = SMALL.load(8, seed=0)
    found = evaluate(data.metrics, data.test, lambda batch: torch.full((*batch.inputs.shape, 8), math.nan))
    assert math.isnan(found["loss"])


def test_same_seed_gives_the_same_data_and_another_seed_or_split_does_not() -> None:
    one, same, other = (SMALL.load(16, seed) for seed in (0, 0, 1))
    for split in ("train", "validation", "test"):
        assert torch.equal(getattr(one, split).inputs, getattr(same, split).inputs)
        assert not torch.equal(getattr(one, split).inputs, getattr(other, split).inputs)
    assert not torch.equal(one.train.inputs[:32], one.validation.inputs)


def test_splits_share_no_pattern_when_parameters_are_the_defaults() -> None:
    data = Copy().load(8, seed=0)
    patterns = [{tuple(row) for row in split.inputs[:, :10].tolist()} for split in (data.train, data.test)]
    assert (len(data.train), len(data.validation), len(data.test)) == (20_000, 256, 512)
    assert not patterns[0] & patterns[1]
    assert data.facts["test_patterns_seen_in_training"] == 0


def test_facts_say_so_when_all_patterns_were_seen_in_training() -> None:
    data = Copy(symbols=2, pattern=1, train_examples=64, test_examples=64).load(8, seed=0)
    assert data.facts["test_patterns_seen_in_training"] == 1


def test_tokens_take_one_byte_each_and_two_when_symbols_are_many() -> None:
    assert SMALL.load(8192, seed=0).train.inputs.element_size() == 1
    many = Copy(symbols=30_000, train_examples=2, test_examples=2, validation_examples=2).load(8, seed=0)
    batch = many.train.batch(torch.arange(2))
    assert many.train.inputs.element_size() == 2
    assert torch.equal(batch.inputs[:, :10], batch.targets[:, -10:])
    assert batch.inputs.max() == 30_001


def test_example_shows_input_above_target_with_recalled_steps_marked() -> None:
    data = Copy(symbols=3, pattern=3, train_examples=1).load(4, seed=0)
    a, b, c = data.test.inputs[0, :3].tolist()
    assert data.show(0).splitlines() == [
        f"input   {a} {b} {c} . . . > . . .",
        f"target                {a} {b} {c}",
        "scored                ^ ^ ^",
    ]


def test_example_is_cut_short_when_the_wait_is_long() -> None:
    lines = SMALL.load(8192, seed=0).show(127).splitlines()
    assert "(8182 more)" in lines[0]
    assert max(len(line) for line in lines) < 110
    assert lines[1][-19:] == lines[0][8:27]  # the target ends below the end of the input
    assert len(lines[0]) == len(lines[1]) == len(lines[2])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"symbols": 1}, "symbols is 1; it must be at least 2"),
        ({"symbols": 40_000}, "at most 32000"),
        ({"pattern": 0}, "pattern is 0"),
        ({"test_examples": 0}, "test_examples is 0"),
        ({"layout": "ntm"}, "layout is 'ntm'; it must be 'urnn', 'tcn' or 's4'"),
    ],
)
def test_parameter_without_sense_is_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Copy(**parameters)


def test_length_below_one_is_refused() -> None:
    with pytest.raises(DataError, match="^no step .* at least 1$"):
        SMALL.load(0, seed=0)
