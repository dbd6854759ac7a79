"""Tests that associative recall is laid out as published, and that only associations beat its baselines."""

from __future__ import annotations

import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from seqbench_recall import Recall, power_law, seqbench_tasks, steps_to_show, values_shown
from torch import Tensor

from seqbench import UNSCORED, DataError, Split
from tests.answering import STANDARD_ERRORS, everything, is_near, scores, standard_error, trained_skill

SMALL = Recall(vocab_size=64, train_examples=64, validation_examples=32, test_examples=128)


def read(row: list[int], pairs: int, values: int) -> list[int]:
    """Answer each step of a row with the value that its token had in the pairs, or with 0."""
    value_of = {row[2 * i]: row[2 * i + 1] - values for i in range(pairs)}
    return [value_of.get(token, 0) for token in row]


def solved(split: Split, pairs: int, values: int) -> Tensor:
    return torch.tensor([read(row, pairs, values) for row in everything(split).inputs.tolist()])


def asked(split: Split) -> list[list[int]]:
    """Return the pair that each query asks for, in the order of the queries."""
    batch = everything(split)
    found = []
    for row, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        found.append([row.index(row[step]) // 2 for step, target in enumerate(targets) if target != UNSCORED])
    return found


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [Recall]


@pytest.mark.parametrize("random_non_queries", [False, True])
@pytest.mark.parametrize("length", [8, 9, 16, 63, 300])
def test_whoever_reads_the_pairs_and_looks_up_the_keys_scores_best(length: int, random_non_queries: bool) -> None:
    task = Recall(vocab_size=64, random_non_queries=random_non_queries, train_examples=8, test_examples=128)
    data = task.load(length, seed=3)
    assert scores(data, solved(data.test, task.pairs(length), 32)) == {m.name: m.best for m in data.metrics}


@pytest.mark.parametrize("length", [8, 9, 16, 65, 300])
def test_pairs_come_first_and_each_key_is_asked_once_at_an_even_distance(length: int) -> None:
    pairs = SMALL.pairs(length)
    batch = everything(SMALL.load(length, seed=0).train)
    assert batch.inputs.shape == batch.targets.shape == (64, length)
    assert SMALL.time_steps(length) == length
    for row, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        keys, values = row[0 : 2 * pairs : 2], row[1 : 2 * pairs : 2]
        assert len(set(keys)) == len(set(values)) == pairs
        assert all(1 <= key < 32 for key in keys)
        assert all(32 <= value < 64 for value in values)
        queries = [step for step in range(2 * pairs, length) if row[step]]
        assert sorted(row[step] for step in queries) == sorted(keys)
        assert all(step % 2 == 0 for step in queries)
        assert [step for step, target in enumerate(targets) if target != UNSCORED] == queries


def test_random_tokens_replace_blanks_only_and_are_not_scored() -> None:
    task = Recall(vocab_size=64, random_non_queries=True, train_examples=500)
    batch = everything(task.load(64, seed=0).train)
    assert ((batch.targets != UNSCORED).sum(dim=1) == 4).all()
    free = batch.inputs[:, 8:][batch.targets[:, 8:] == UNSCORED]
    counts = torch.bincount(free, minlength=64)
    assert ((counts - len(free) / 64).abs() < STANDARD_ERRORS * (len(free) / 64) ** 0.5).all()


def shares_of_two(weights: np.ndarray) -> np.ndarray:
    """Return the probability that each place is among two drawn without replacement, summed pair by pair."""
    first = weights / weights.sum()
    share = np.zeros(len(first))
    for one, two in permutations(range(len(first)), 2):
        share[[one, two]] += first[one] * first[two] / (1 - first[one])
    return share


@pytest.mark.parametrize(("power_a", "is_power_law"), [(0.01, True), (0.5, True), (1.0, False)])
def test_gaps_follow_the_power_law(power_a: float, is_power_law: bool) -> None:
    """Two queries at 20 places: the exact probability of each place, by the paper's a i ** (a - 1)."""
    task = Recall(vocab_size=64, num_kv_pairs=2, power_a=power_a, train_examples=20_000, test_examples=1)
    found = (everything(task.load(44, seed=5).train).targets[:, 4::2] != UNSCORED).double().mean(dim=0).numpy()
    expected = shares_of_two(power_a * np.arange(1, 21) ** (power_a - 1))
    far = np.abs(found - expected) / np.sqrt(expected * (1 - expected) / 20_000)
    assert far.max() < STANDARD_ERRORS
    uniform = np.abs(found - 0.1) / np.sqrt(0.1 * 0.9 / 20_000)
    assert (uniform.max() > 20) == is_power_law  # the test can tell


def test_gaps_of_many_pairs_are_those_of_draws_without_replacement() -> None:
    """NumPy's choice, as in the published generator, is the oracle; places are compared in two samples."""
    task = Recall(vocab_size=64, train_examples=20_000, test_examples=1)
    found = (everything(task.load(96, seed=5).train).targets[:, 12::2] != UNSCORED).double().mean(dim=0).numpy()
    shares, rng = power_law(42, 0.01).numpy(), np.random.default_rng(0)
    oracle = np.zeros(42)
    for _ in range(5_000):
        oracle[rng.choice(42, size=6, replace=False, p=shares / shares.sum())] += 1 / 5_000
    error = np.sqrt(oracle * (1 - oracle) * (1 / 5_000 + 1 / 20_000))
    assert (np.abs(found - oracle) < STANDARD_ERRORS * error).all()


def test_every_pair_is_equally_often_asked_first_wherever_it_was_shown() -> None:
    task = Recall(vocab_size=64, train_examples=8_000, test_examples=1)
    first = [order[0] for order in asked(task.load(64, seed=0).train)]
    assert all(is_near(first.count(pair) / 8_000, 0.25, 8_000) for pair in range(4))


def test_keys_and_values_are_drawn_uniformly() -> None:
    task = Recall(vocab_size=16, train_examples=7_000, test_examples=1)
    inputs = everything(task.load(16, seed=0).train).inputs
    for column, first, count in ((0, 1, 7), (1, 8, 8), (2, 1, 7), (3, 8, 8)):
        counts = torch.bincount(inputs[:, column] - first, minlength=count)
        assert all(is_near(n / 7_000, 1 / count, 7_000) for n in counts.tolist())


def test_guess_among_all_values_sits_at_the_memoryless_baseline() -> None:
    data = Recall(vocab_size=16, train_examples=8, test_examples=2_000).load(64, seed=0)
    memoryless = next(base for base in data.baselines if base.name == "memoryless")
    rng = torch.Generator().manual_seed(1)
    for answers in (torch.randint(8, (2_000, 64), generator=rng), torch.full((2_000, 64), 3)):
        assert is_near(scores(data, answers)["accuracy"], memoryless.scores["accuracy"], 8_000)
    assert memoryless.scores["accuracy"] == 1 / 8
    assert memoryless.scores["exact_match"] == 8.0**-4
    assert memoryless.scores["loss"] == math.log(8)


@pytest.mark.parametrize("is_shuffled", [True, False])
def test_values_shown_without_their_keys_sit_at_the_reference_baseline_in_any_order(is_shuffled: bool) -> None:
    """Answers in the order shown are as good as any other: no query's place tells its pair."""
    data = Recall(vocab_size=64, train_examples=8, test_examples=5_000).load(48, seed=0)
    batch, rng = everything(data.test), np.random.default_rng(0)
    answers = torch.zeros_like(batch.inputs)
    for row, (tokens, targets) in enumerate(zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True)):
        values = [value - 32 for value in tokens[1:6:2]]
        queries = [step for step, target in enumerate(targets) if target != UNSCORED]
        answers[row, queries] = torch.tensor(rng.permutation(values) if is_shuffled else values)
    found, expected = scores(data, answers), values_shown(3).scores
    # The number of hits of a random permutation has variance 1.
    assert abs(found["accuracy"] - 1 / 3) < STANDARD_ERRORS * math.sqrt(1 / 5_000) / 3
    assert abs(found["exact_match"] - 1 / 6) < STANDARD_ERRORS * standard_error(1 / 6, 5_000)
    assert expected["exact_match"] == pytest.approx(1 / 6)
    assert [base.name for base in data.baselines if base.scores["accuracy"] == expected["accuracy"]] == [
        "values shown, in any order"
    ]


def test_number_of_pairs_grows_with_the_length_or_is_fixed() -> None:
    assert [Recall().pairs(length) for length in (8, 16, 47, 48, 512, 8192)] == [2, 2, 2, 3, 32, 512]
    assert [Recall(steps_per_pair=4).pairs(length) for length in (8, 16, 64)] == [2, 4, 16]
    assert [Recall(num_kv_pairs=4).pairs(length) for length in (16, 64, 8192)] == [4, 4, 4]


def test_kinds_are_the_same_at_all_lengths_so_that_one_network_can_be_tested_at_others() -> None:
    task = Recall(train_examples=2, validation_examples=2, test_examples=2)
    kinds = {(data.inputs, data.targets) for data in (task.load(length, 0) for length in (16, 64, 1000, 8192))}
    assert len(kinds) == 1


def test_same_seed_gives_the_same_data_and_another_seed_split_or_length_does_not() -> None:
    one, same, other, longer = (SMALL.load(*at) for at in ((16, 0), (16, 0), (16, 1), (17, 0)))
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(one, part).inputs, getattr(same, part).inputs)
        assert torch.equal(getattr(one, part).targets, getattr(same, part).targets)
        assert not torch.equal(getattr(one, part).inputs, getattr(other, part).inputs)
    assert not torch.equal(one.train.inputs[:32], one.validation.inputs)
    assert not torch.equal(one.train.inputs[:, :4], longer.train.inputs[:, :4])


def test_default_sizes_and_types_are_those_documented() -> None:
    data = Recall().load(64, seed=0)
    assert (len(data.train), len(data.validation), len(data.test)) == (20_000, 256, 512)
    assert data.train.inputs.element_size() == data.train.targets.element_size() == 2
    assert SMALL.load(64, seed=0).train.inputs.element_size() == 1
    assert data.facts == {"train_examples": 20_000, "pairs": 4, "test_rows_seen_in_training": 0.0}


def test_training_data_stay_within_their_budget() -> None:
    task = Recall(vocab_size=64, train_time_steps=1_600, validation_examples=1, test_examples=1)
    assert [len(task.load(length, 0).train) for length in (16, 160, 400)] == [100, 10, 4]


def test_facts_count_test_rows_that_were_seen_in_training() -> None:
    data = Recall(vocab_size=6, train_examples=40, validation_examples=1, test_examples=50).load(8, seed=0)
    train = data.train.inputs.tolist()
    assert data.facts["test_rows_seen_in_training"] == sum(r in train for r in data.test.inputs.tolist()) / 50 > 0


def test_example_shows_input_above_target_with_queries_marked() -> None:
    data = Recall(vocab_size=10, train_examples=1, test_examples=1).load(9, seed=0)
    row, targets = data.test.inputs[0].tolist(), data.test.targets[0].tolist()
    written, target, scored = data.show(0).splitlines()
    assert written.split() == ["input", *("." if token == 0 else str(token) for token in row)]
    assert target.split() == ["target", *(str(each + 5) for each in targets if each != UNSCORED)]
    assert [written[i] for i, sign in enumerate(scored) if sign == "^"] == [
        str(token) for token, each in zip(row, targets, strict=True) if each != UNSCORED
    ]


def test_long_example_is_cut_to_some_queries() -> None:
    text = Recall(train_examples=1, test_examples=1).load(8192, seed=0).show(0)
    assert text.count("^") == 6
    assert max(map(len, text.splitlines())) < 200
    assert sorted(set(steps_to_show([8, 30], length=40))) == [*range(10), 29, 30, 31, 39]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"vocab_size": 7}, "vocab_size is 7"),
        ({"vocab_size": 4}, "at least 6"),
        ({"num_kv_pairs": 1}, "num_kv_pairs is 1"),
        ({"steps_per_pair": 3}, "at least 4"),
        ({"power_a": 0.0}, "power_a is 0"),
        ({"num_kv_pairs": 4, "steps_per_pair": 8}, "steps_per_pair, 8, would count for nothing"),
        ({"num_kv_pairs": 32, "vocab_size": 64}, "31 keys; set vocab_size to 66 or more"),
    ],
)
def test_parameter_without_sense_is_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recall(**parameters)


@pytest.mark.parametrize(
    ("task", "length", "message"),
    [
        (Recall(), 7, "2 pairs take 4 steps and their queries 4 more; take a length of at least 8"),
        (Recall(num_kv_pairs=8), 31, "at least 32, or a smaller recall.num_kv_pairs"),
        (SMALL, 512, "32 pairs.*31 keys; set recall.vocab_size to 66 or more, or recall.steps_per_pair to 17"),
    ],
)
def test_length_without_room_or_keys_is_refused_with_what_would_do(
    task: Recall, length: int, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        task.load(length, seed=0)


def test_steps_per_pair_that_the_error_names_is_enough() -> None:
    assert Recall(vocab_size=64, steps_per_pair=17).pairs(512) <= 31


@pytest.mark.slow
def test_a_gru_learns_it_at_a_short_length(tmp_path: Path) -> None:
    assert trained_skill(Recall(vocab_size=16), "gru", tmp_path, length=16) > 0.8
