"""Tests that selective copying is laid out as published, and that its scores need memory of symbols alone."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import pytest
import torch
from seqbench_selective_copy import SelectiveCopy, draw_places, seqbench_tasks
from torch import Tensor

from seqbench import UNSCORED, DataError, Split
from tests.answering import everything, is_near, scores, trained_skill

SMALL = SelectiveCopy(symbols=5, pattern=4, train_examples=64, validation_examples=32, test_examples=128)


def read(row: list[int], symbols: int, pattern: int) -> list[int]:
    """Answer the last steps of a row with what stood between its blanks, and all others with 0."""
    kept = [token for token in row if token < symbols]
    return [0] * (len(row) - pattern) + kept


def solved(split: Split, symbols: int, pattern: int) -> Tensor:
    return torch.tensor([read(row, symbols, pattern) for row in everything(split).inputs.tolist()])


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [SelectiveCopy]


@pytest.mark.parametrize("length", [1, 8, 16, 300])
def test_whoever_leaves_out_the_blanks_scores_best(length: int) -> None:
    data = SMALL.load(length, seed=3)
    assert scores(data, solved(data.test, 5, 4)) == {metric.name: metric.best for metric in data.metrics}


@pytest.mark.parametrize("length", [1, 16, 100])
def test_symbols_stand_among_blanks_and_delimiters_ask_for_them(length: int) -> None:
    batch = everything(SMALL.load(length, seed=0).train)
    assert batch.inputs.shape == batch.targets.shape == (64, length + 8)
    assert SMALL.time_steps(length) == length + 8
    for row, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        assert row[length + 4 :] == [6] * 4
        assert sorted(row[: length + 4])[4:] == [5] * length
        assert targets[: length + 4] == [UNSCORED] * (length + 4)
        assert targets[length + 4 :] == [token for token in row[: length + 4] if token < 5]


def test_published_sizes_give_16_tokens() -> None:
    task = SelectiveCopy(train_examples=2, validation_examples=2, test_examples=2)
    assert (task.symbols, task.pattern) == (14, 16)
    assert task.load(4096, seed=0).inputs.vocabulary_size == 16


def test_every_choice_of_places_is_equally_probable() -> None:
    drawn = draw_places(torch.Generator().manual_seed(0), rows=20_000, steps=6, count=3)
    found = [tuple(row) for row in drawn.tolist()]
    assert set(found) == set(combinations(range(6), 3))
    assert all(is_near(found.count(places) / 20_000, 1 / 20, 20_000) for places in set(found))


def test_symbols_are_uniform_at_every_recalled_position() -> None:
    task = SelectiveCopy(symbols=5, pattern=4, train_examples=10_000, test_examples=1)
    recalled = everything(task.load(9, seed=0).train).targets[:, -4:]
    for column in recalled.T:
        counts = torch.bincount(column, minlength=5).tolist()
        assert all(is_near(n / 10_000, 1 / 5, 10_000) for n in counts)


def test_a_symbol_is_carried_half_the_length_and_the_pattern_on_average_as_documented() -> None:
    inputs = everything(SelectiveCopy(symbols=5, pattern=4, train_examples=4_000).load(30, seed=0).train).inputs
    starts = (inputs < 5).nonzero()[:, 1].view(-1, 4)
    carried = torch.arange(34, 38) - starts
    assert carried.double().mean().item() == pytest.approx(30 / 2 + 4, abs=0.2)
    assert carried.max() <= 34


def test_predictors_without_memory_sit_at_the_baseline_whatever_they_answer() -> None:
    data = SelectiveCopy(train_examples=8, test_examples=1_024).load(20, seed=0)
    (baseline,) = data.baselines
    assert baseline.scores == {"accuracy": 1 / 14, "exact_match": 14.0**-16, "loss": math.log(14)}
    rng = torch.Generator().manual_seed(1)
    for answers in (
        torch.zeros(1_024, 52, dtype=torch.long),
        torch.randint(14, (1_024, 52), generator=rng),
        torch.arange(52).remainder(14).expand(1_024, 52),
    ):
        found = scores(data, answers)
        assert is_near(found["accuracy"], 1 / 14, 1_024 * 16)
        assert found["exact_match"] == 0


def test_a_fixed_delay_which_solves_copy_is_hardly_better_than_chance() -> None:
    data = SelectiveCopy(train_examples=8, test_examples=500).load(64, seed=0)
    inputs = everything(data.test).inputs
    best = max(scores(data, inputs.roll(lag, 1).clamp(max=13))["accuracy"] for lag in (16, 48, 80))
    assert best < 1 / 14 + 0.1


def test_one_mistake_costs_a_quarter_of_a_pattern_and_the_whole_match() -> None:
    data = SMALL.load(20, seed=0)
    answers = solved(data.test, 5, 4)
    answers[:64, -1] = (answers[:64, -1] + 1) % 5
    found = scores(data, answers)
    assert found["accuracy"] == pytest.approx(1 - 64 / 512)
    assert found["exact_match"] == 0.5


def test_kinds_are_the_same_at_all_lengths_so_that_one_network_can_be_tested_at_others() -> None:
    task = SelectiveCopy(train_examples=2, validation_examples=2, test_examples=2)
    assert len({(data.inputs, data.targets) for data in (task.load(n, 0) for n in (16, 64, 1000, 8192))}) == 1


def test_same_seed_gives_the_same_data_and_another_seed_split_or_length_does_not() -> None:
    one, same, other, longer = (SMALL.load(*at) for at in ((16, 0), (16, 0), (16, 1), (17, 0)))
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(one, part).inputs, getattr(same, part).inputs)
        assert not torch.equal(getattr(one, part).inputs, getattr(other, part).inputs)
    assert not torch.equal(one.train.inputs[:32], one.validation.inputs)
    assert not torch.equal(one.train.targets[:, -4:], longer.train.targets[:, -4:])


def test_default_sizes_and_types_are_those_documented() -> None:
    data = SelectiveCopy().load(64, seed=0)
    assert (len(data.train), len(data.validation), len(data.test)) == (20_000, 256, 512)
    assert data.train.inputs.element_size() == data.train.targets.element_size() == 1
    assert data.facts == {"train_examples": 20_000, "test_patterns_seen_in_training": 0.0}
    many = SelectiveCopy(symbols=30_000, train_examples=2, test_examples=2).load(8, seed=0)
    assert many.train.inputs.element_size() == 2


def test_training_data_stay_within_their_budget() -> None:
    task = SelectiveCopy(train_time_steps=4_800, validation_examples=1, test_examples=1)
    assert [len(task.load(length, 0).train) for length in (16, 448, 8192)] == [100, 10, 1]


def test_facts_count_patterns_that_were_seen_in_training_at_any_places() -> None:
    task = SelectiveCopy(symbols=2, pattern=4, train_examples=12, validation_examples=1, test_examples=50)
    data = task.load(40, seed=0)
    train = data.train.targets[:, -4:].tolist()
    expected = sum(pattern in train for pattern in data.test.targets[:, -4:].tolist()) / 50
    assert 0 < expected < 1
    assert data.facts["test_patterns_seen_in_training"] == expected


def test_example_shows_input_above_target_with_recalled_steps_marked() -> None:
    data = SelectiveCopy(symbols=3, pattern=3, train_examples=1).load(4, seed=0)
    row = data.test.inputs[0].tolist()
    signs = " ".join({3: ".", 4: ">"}.get(token, str(token)) for token in row)
    a, b, c = (token for token in row if token < 3)
    assert data.show(0).splitlines() == [
        f"input   {signs}",
        f"target                {a} {b} {c}",
        "scored                ^ ^ ^",
    ]


def test_long_example_shows_every_symbol_and_counts_the_blanks() -> None:
    data = SMALL.load(8192, seed=0)
    written, target, _ = data.show(0).splitlines()
    counted = sum(int(word[1:]) for word in written.split() if word.startswith("("))
    assert counted + written.count(" .") == 8192
    assert written[-7:] == "> > > >"
    assert target.split()[1:] == [word for word in written.split() if word.isdigit()]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"symbols": 1}, "symbols is 1; it must be at least 2"),
        ({"symbols": 40_000}, "at most 32000"),
        ({"pattern": 0}, "pattern is 0"),
        ({"test_examples": 0}, "test_examples is 0"),
    ],
)
def test_parameter_without_sense_is_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SelectiveCopy(**parameters)


def test_length_below_one_is_refused() -> None:
    with pytest.raises(DataError, match="^there is no blank .* at least 1$"):
        SMALL.load(0, seed=0)


@pytest.mark.slow
def test_a_gru_learns_it_at_a_short_length(tmp_path: Path) -> None:
    assert trained_skill(SelectiveCopy(symbols=4, pattern=3), "gru", tmp_path, length=16) > 0.9
