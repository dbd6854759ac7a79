"""Tests that sorted symbols are asked for, and that the baseline knows each place's exact distribution."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
import torch
from seqbench_sort import Sort, most_probable, place_shares, seqbench_tasks
from torch import Tensor

from seqbench import UNSCORED, DataError, Split, evaluate
from tests.answering import STANDARD_ERRORS, everything, is_near, scores, trained_skill

SMALL = Sort(symbols=5, items=4, train_examples=64, validation_examples=32, test_examples=128)
DENSE = Sort(symbols=5, items=None, train_examples=64, validation_examples=32, test_examples=128)


def solved(split: Split, symbols: int) -> Tensor:
    """Answer the last steps of each row with its symbols, sorted, and all others with 0."""
    found = []
    for row in everything(split).inputs.tolist():
        held = sorted(token for token in row if token < symbols)
        found.append([0] * (len(row) - len(held)) + held)
    return torch.tensor(found)


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [Sort]


@pytest.mark.parametrize("task", [SMALL, DENSE])
@pytest.mark.parametrize("length", [2, 8, 16, 300])
def test_whoever_sorts_the_symbols_scores_best(task: Sort, length: int) -> None:
    data = task.load(length, seed=3)
    assert scores(data, solved(data.test, 5)) == {metric.name: metric.best for metric in data.metrics}


@pytest.mark.parametrize(("task", "length", "items", "steps"), [(SMALL, 7, 4, 15), (DENSE, 7, 7, 14)])
def test_symbols_come_first_then_blanks_then_a_delimiter_for_each(
    task: Sort, length: int, items: int, steps: int
) -> None:
    batch = everything(task.load(length, seed=0).train)
    assert batch.inputs.shape == batch.targets.shape == (64, steps)
    assert task.time_steps(length) == steps
    assert batch.inputs[:, :items].max() == 4
    assert (batch.inputs[:, items : steps - items] == 5).all()
    assert (batch.inputs[:, -items:] == 6).all()
    assert (batch.targets[:, :-items] == UNSCORED).all()
    assert (batch.targets[:, -items:].diff(dim=1) >= 0).all()


def by_hand(symbols: int, items: int) -> list[list[float]]:
    """Count each symbol at each place over all sequences: [items][symbols]."""
    rows = [sorted(row) for row in product(range(symbols), repeat=items)]
    return [[sum(row[i] == v for row in rows) / len(rows) for v in range(symbols)] for i in range(items)]


@pytest.mark.parametrize(("symbols", "items"), [(2, 2), (3, 4), (4, 3), (5, 5)])
def test_distribution_of_each_place_is_that_counted_over_all_sequences(symbols: int, items: int) -> None:
    assert place_shares(symbols, items).tolist() == [
        pytest.approx(shares, abs=1e-12) for shares in by_hand(symbols, items)
    ]


@pytest.mark.parametrize(("symbols", "items"), [(2, 3), (3, 4), (5, 5)])
def test_expected_scores_of_the_baseline_are_those_counted_over_all_sequences(symbols: int, items: int) -> None:
    shares = by_hand(symbols, items)
    answer = [max(range(symbols), key=place.__getitem__) for place in shares]
    rows = [sorted(row) for row in product(range(symbols), repeat=items)]
    hits = sum(a == v for row in rows for a, v in zip(answer, row, strict=True))
    found = most_probable(symbols, items).scores
    assert found["accuracy"] == pytest.approx(hits / len(rows) / items)
    assert found["exact_match"] == pytest.approx(sum(row == answer for row in rows) / len(rows))
    assert found["loss"] == pytest.approx(-sum(p * math.log(p) for place in shares for p in place if p) / items)


@pytest.mark.parametrize("items", [10, None])
def test_whoever_answers_by_place_sits_at_the_baseline_within_its_standard_error(items: int | None) -> None:
    """Counts of training data fit the answers; rows are independent, places in a row are not."""
    task = Sort(items=items, train_examples=20_000, test_examples=4_000)
    data = task.load(16, seed=0)
    n = items or 16
    train, test = everything(data.train).targets[:, -n:], everything(data.test).targets[:, -n:]
    answer = torch.tensor([Counter(column.tolist()).most_common(1)[0][0] for column in train.T])
    hits = (test == answer).double().mean(dim=1)
    expected = data.baselines[0].scores
    room = STANDARD_ERRORS * hits.std().item() / math.sqrt(len(hits))
    assert data.baselines[0].is_reference
    assert expected["accuracy"] - room - 0.003 < hits.mean().item() < expected["accuracy"] + room
    counts = torch.stack([torch.bincount(column, minlength=16) for column in train.T]) + 0.5
    logits = torch.zeros(task.time_steps(16), 16)
    logits[-n:] = (counts / counts.sum(dim=1, keepdim=True)).log()
    found = evaluate(data.metrics, data.test, lambda batch: logits.expand(len(batch.inputs), -1, -1))
    assert found["accuracy"] == pytest.approx(hits.mean().item())
    assert found["loss"] == pytest.approx(expected["loss"], rel=0.01)


def test_uniform_guess_is_reported_beside() -> None:
    data = Sort(train_examples=8, test_examples=4_000).load(16, seed=0)
    beside = data.baselines[1]
    assert not beside.is_reference
    assert beside.scores["accuracy"] == 1 / 16
    guesses = torch.randint(16, (4_000, 36), generator=torch.Generator().manual_seed(1))
    assert is_near(scores(data, guesses)["accuracy"], 1 / 16, 40_000)


def test_chance_of_the_dense_form_rises_as_documented() -> None:
    found = [round(most_probable(16, length).scores["accuracy"], 2) for length in (16, 8192)]
    assert found == [0.29, 0.95]
    assert "from 0.29 at T = 16 to 0.95 at T = 8192" in (Sort.__doc__ or "")


def test_kinds_are_the_same_at_all_lengths_so_that_one_network_can_be_tested_at_others() -> None:
    for items in (10, None):
        task = Sort(items=items, train_examples=2, validation_examples=2, test_examples=2)
        assert len({(data.inputs, data.targets) for data in (task.load(n, 0) for n in (16, 64, 8192))}) == 1


def test_same_seed_gives_the_same_data_and_another_seed_split_or_length_does_not() -> None:
    one, same, other, longer = (SMALL.load(*at) for at in ((16, 0), (16, 0), (16, 1), (17, 0)))
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(one, part).inputs, getattr(same, part).inputs)
        assert not torch.equal(getattr(one, part).inputs, getattr(other, part).inputs)
    assert not torch.equal(one.train.inputs[:32], one.validation.inputs)
    assert not torch.equal(one.train.inputs[:, :4], longer.train.inputs[:, :4])


def test_default_sizes_and_types_are_those_documented() -> None:
    data = Sort().load(64, seed=0)
    assert (len(data.train), len(data.validation), len(data.test)) == (20_000, 256, 512)
    assert data.train.inputs.element_size() == data.train.targets.element_size() == 1


def test_training_data_stay_within_their_budget() -> None:
    task = Sort(train_time_steps=3_600, validation_examples=1, test_examples=1)
    assert [len(task.load(length, 0).train) for length in (16, 340, 8192)] == [100, 10, 1]


def test_facts_count_sorted_rows_that_were_seen_in_training() -> None:
    data = Sort(symbols=3, items=4, train_examples=12, validation_examples=1, test_examples=50).load(9, seed=0)
    train = [sorted(row) for row in data.train.inputs[:, :4].tolist()]
    expected = sum(sorted(row) in train for row in data.test.inputs[:, :4].tolist()) / 50
    assert 0 < expected < 1
    assert data.facts == {"train_examples": 12, "test_answers_seen_in_training": expected}


def test_example_shows_input_above_target_with_sorted_steps_marked() -> None:
    data = Sort(symbols=5, items=3, train_examples=1).load(2, seed=0)
    a, b, c = row = data.test.inputs[0, :3].tolist()
    low, middle, high = sorted(row)
    assert data.show(0).splitlines() == [
        f"input   {a} {b} {c} . . > > >",
        f"target            {low} {middle} {high}",
        "scored            ^ ^ ^",
    ]


@pytest.mark.parametrize("task", [SMALL, DENSE])
def test_long_example_is_cut_in_the_middle(task: Sort) -> None:
    lines = task.load(8192, seed=0).show(0).splitlines()
    assert "more)" in lines[0]
    assert max(map(len, lines)) < 110


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"symbols": 1}, "symbols is 1; it must be at least 2"),
        ({"symbols": 1_001}, "at most 1000"),
        ({"items": 1}, "items is 1"),
        ({"test_examples": 0}, "test_examples is 0"),
    ],
)
def test_parameter_without_sense_is_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sort(**parameters)


@pytest.mark.parametrize(("task", "length", "least"), [(SMALL, 0, 1), (DENSE, 1, 2)])
def test_length_without_sense_is_refused(task: Sort, length: int, least: int) -> None:
    with pytest.raises(DataError, match=f"^there is nothing to sort.* take a length of at least {least}$"):
        task.load(length, seed=0)


@pytest.mark.slow
def test_a_gru_learns_it_at_a_short_length(tmp_path: Path) -> None:
    assert trained_skill(Sort(symbols=8, items=4), "gru", tmp_path, length=8) > 0.9
