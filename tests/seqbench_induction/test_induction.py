"""Tests that the special token's follower is what is asked for, and that only memory finds it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from seqbench_induction import Induction, seqbench_tasks
from torch import Tensor

from seqbench import DataError, Split
from tests.answering import everything, is_near, scores, trained_skill

SMALL = Induction(train_examples=64, validation_examples=32, test_examples=128)


def solved(split: Split) -> Tensor:
    """Answer each row with the token behind the first occurrence of its last token."""
    return torch.tensor([row[row.index(row[-1]) + 1] for row in everything(split).inputs.tolist()])


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [Induction]


@pytest.mark.parametrize("length", [3, 8, 16, 500])
def test_whoever_finds_the_earlier_special_token_scores_best(length: int) -> None:
    data = SMALL.load(length, seed=3)
    assert scores(data, solved(data.test)) == {metric.name: metric.best for metric in data.metrics}


@pytest.mark.parametrize("length", [3, 16, 100])
def test_special_token_stands_once_before_the_last_step_and_never_next_to_it(length: int) -> None:
    batch = everything(SMALL.load(length, seed=0).train)
    assert batch.inputs.shape == (64, length)
    assert batch.targets.shape == (64,)
    for row, target in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        assert row[-1] == 15
        assert row[:-2].count(15) == 1
        assert row[-2] != 15
        assert row[row.index(15) + 1] == target < 15


def test_special_token_reaches_every_step_but_the_last_two_equally_often_and_symbols_are_uniform() -> None:
    data = Induction(vocab_size=6, train_examples=12_000, test_examples=1).load(8, seed=0)
    batch = everything(data.train)
    assert all(is_near(n / 12_000, 1 / 6, 12_000) for n in (batch.inputs[:, :6] == 5).sum(dim=0).tolist())
    assert all(is_near(n / 12_000, 1 / 5, 12_000) for n in torch.bincount(batch.targets).tolist())
    symbols = batch.inputs[:, 0][batch.inputs[:, 0] < 5]
    assert all(is_near(n / len(symbols), 1 / 5, len(symbols)) for n in torch.bincount(symbols).tolist())


def test_answer_is_independent_of_what_is_read_at_the_end_so_that_chance_is_uniform() -> None:
    data = Induction(train_examples=8, test_examples=20_000).load(16, seed=0)
    (baseline,) = data.baselines
    assert baseline.scores == {"accuracy": 1 / 15, "loss": math.log(15)}
    rng = torch.Generator().manual_seed(1)
    for answers in (torch.zeros(20_000, dtype=torch.long), torch.randint(15, (20_000,), generator=rng)):
        assert is_near(scores(data, answers)["accuracy"], 1 / 15, 20_000)


def test_kinds_are_the_same_at_all_lengths_so_that_one_network_can_be_tested_at_others() -> None:
    task = Induction(train_examples=2, validation_examples=2, test_examples=2)
    assert len({(data.inputs, data.targets) for data in (task.load(n, 0) for n in (16, 64, 1000, 8192))}) == 1


def test_same_seed_gives_the_same_data_and_another_seed_split_or_length_does_not() -> None:
    one, same, other, longer = (SMALL.load(*at) for at in ((16, 0), (16, 0), (16, 1), (17, 0)))
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(one, part).inputs, getattr(same, part).inputs)
        assert torch.equal(getattr(one, part).targets, getattr(same, part).targets)
        assert not torch.equal(getattr(one, part).inputs, getattr(other, part).inputs)
    assert not torch.equal(one.train.inputs[:32], one.validation.inputs)
    assert not torch.equal(one.train.inputs[:, :16], longer.train.inputs[:, :16])


def test_default_sizes_and_types_are_those_documented() -> None:
    data = Induction().load(64, seed=0)
    assert (len(data.train), len(data.validation), len(data.test)) == (20_000, 256, 1_000)
    assert data.inputs.vocabulary_size == 16
    assert data.train.inputs.element_size() == 1
    assert data.facts == {"train_examples": 20_000, "test_rows_seen_in_training": 0.0}
    assert Induction(vocab_size=30_000, train_examples=2).load(8, seed=0).train.inputs.element_size() == 2


def test_training_data_stay_within_their_budget() -> None:
    task = Induction(train_time_steps=1_600, validation_examples=1, test_examples=1)
    assert [len(task.load(length, 0).train) for length in (16, 160, 8192)] == [100, 10, 1]


def test_facts_count_test_rows_that_were_seen_in_training() -> None:
    data = Induction(vocab_size=3, train_examples=10, validation_examples=1, test_examples=50).load(5, seed=0)
    train = data.train.inputs.tolist()
    expected = sum(row in train for row in data.test.inputs.tolist()) / 50
    assert 0 < expected < 1
    assert data.facts["test_rows_seen_in_training"] == expected


def test_example_shows_input_above_target_with_the_last_step_marked() -> None:
    data = Induction(vocab_size=6, train_examples=1).load(10, seed=0)
    row = data.test.inputs[0].tolist()
    assert data.show(0).splitlines() == [
        "input   " + " ".join("*" if token == 5 else str(token) for token in row),
        f"target                    {int(data.test.targets[0])}",
        "scored                    ^",
    ]


def test_long_example_shows_both_special_tokens_and_the_answer() -> None:
    data = SMALL.load(8192, seed=0)
    for example in range(8):
        written, target, _ = data.show(example).splitlines()
        words = written.split()
        assert words.count("*") == 2
        assert words[words.index("*") + 1] == target.split()[1]
        assert len(written) < 100


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"vocab_size": 2}, "vocab_size is 2; it must be at least 3"),
        ({"vocab_size": 40_000}, "at most 32000"),
        ({"test_examples": 0}, "test_examples is 0"),
    ],
)
def test_parameter_without_sense_is_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Induction(**parameters)


def test_length_without_room_for_an_answer_is_refused() -> None:
    with pytest.raises(DataError, match="^the special token .* at least 3$"):
        SMALL.load(2, seed=0)


@pytest.mark.slow
def test_a_gru_learns_it_at_a_short_length(tmp_path: Path) -> None:
    assert trained_skill(Induction(), "gru", tmp_path, length=16) > 0.9
