"""Tests the standard error of a score over draws of the examples by textbook formulas, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassAccuracy

from seqbench import ContractError, Metric, Split
from seqbench.contracts.example_sums import ExampleSums
from seqbench.contracts.metrics import Meters


def error_of(sums: list[float], counts: list[float], score: float) -> float | None:
    found = ExampleSums("one")
    # In two batches, as a test reads them.
    for rows in (slice(None, 2), slice(2, None)):
        found.add(torch.tensor(sums[rows]), torch.tensor(counts[rows]))
    return found.standard_error(score)


def test_error_of_a_mean_is_the_textbook_one() -> None:
    values = [1.0, 4.0, 4.0, 7.0]
    # Deviations -3, 0, 0, 3: variance 18 / 3, of the mean a quarter of it.
    assert error_of(values, [1.0] * 4, 4.0) == pytest.approx(math.sqrt(6 / 4))


def test_error_of_a_share_of_steps_is_that_of_the_jackknife_over_sequences() -> None:
    random = np.random.default_rng(0)
    counts = random.integers(5, 15, 400).astype(float)
    hits = random.binomial(counts.astype(int), random.beta(2, 2, 400)).astype(float)
    score = hits.sum() / counts.sum()
    left_out = (hits.sum() - hits) / (counts.sum() - counts)
    expected = math.sqrt(399 / 400 * ((left_out - left_out.mean()) ** 2).sum())
    assert error_of(hits.tolist(), counts.tolist(), score) == pytest.approx(expected, rel=0.01)
    # Steps of one sequence go together: as independent ones they would seem to say more than they do.
    assert expected > 1.5 * math.sqrt(score * (1 - score) / counts.sum())


def test_error_is_unknown_of_one_example_and_of_no_score() -> None:
    assert error_of([1.0], [1.0], 1.0) is None
    assert error_of([1.0, 0.0, 0.0], [1.0] * 3, math.nan) is None
    assert error_of([0.0, 0.0, 0.0], [0.0] * 3, 0.0) is None


def error_by_class(right: list[list[float]], of: list[list[float]], score: float) -> float | None:
    found = ExampleSums("one")
    found.add(torch.tensor(right), torch.tensor(of))
    return found.standard_error(score)


def test_error_is_unknown_where_a_class_has_one_example() -> None:
    of = [[1.0, 0.0]] * 9 + [[0.0, 1.0]]
    right = [[1.0, 0.0]] * 5 + [[0.0, 0.0]] * 4 + [[0.0, 1.0]]
    assert error_by_class(right, of, (5 / 9 + 1) / 2) is None
    assert error_by_class([*right, [0.0, 0.0]], [*of, [0.0, 1.0]], (5 / 9 + 1 / 2) / 2) is not None


def test_error_of_examples_that_are_all_alike_is_zero_where_each_is_one_answer_and_unknown_elsewhere() -> None:
    # 1 of 49 right in each: (1 / 49) * 49 is not 1.
    assert error_of([1.0] * 100, [49.0] * 100, 1 / 49) == 0.0
    assert error_by_class([[1.0, 0.0]] * 9 + [[0.0, 1.0]] * 2, [[1.0, 0.0]] * 9 + [[0.0, 1.0]] * 2, 1.0) is None
    assert error_by_class([[1.0, 0.0]] * 2 + [[0.0, 1.0]] * 2, [[1.0, 0.0]] * 2 + [[0.0, 1.0]] * 2, 1.0) == 0.0


def test_examples_of_which_nothing_is_scored_do_not_count() -> None:
    assert error_of([1.0, 1.0, *[0.0] * 98], [1.0, 1.0, *[0.0] * 98], 1.0) is None
    assert error_of([5.0, 0.0, 0.0], [10.0, 0.0, 0.0], 0.5) is None
    assert error_of([1.0, 0.0, 0.0], [1.0, 1.0, 0.0], 0.5) == error_of([1.0, 0.0], [1.0, 1.0], 0.5)


def test_examples_that_do_not_add_up_to_the_score_are_refused() -> None:
    with pytest.raises(ContractError, match="per_example of the metric one adds up to 0.5 .* scores 0.6"):
        error_of([1.0, 0.0], [1.0, 1.0], 0.6)
    for sums, counts in ((torch.ones(2), torch.ones(3)), (torch.ones(2, 2, 2), torch.ones(2, 2, 2))):
        with pytest.raises(ContractError, match=r"two tensors \[batch\] or \[batch, groups\]"):
            ExampleSums("one").add(sums, counts)


def test_bundled_metrics_add_up_on_random_answers() -> None:
    from seqbench_sentiment.scores import metrics as of_texts
    from seqbench_stepwise.scores import accuracy, exact_match, last_accuracy, loss

    torch.manual_seed(0)
    classes = torch.randint(3, (40,))
    steps = torch.randint(3, (40, 5))
    steps[torch.rand(40, 5) < 0.3] = -100
    steps[:, -1] = 1
    for targets, metrics in (
        (classes, of_texts(3)),
        (steps, (accuracy(3), exact_match(), last_accuracy(), loss())),
    ):
        split = Split(torch.zeros(40, 5), targets)
        meters = Meters(metrics, by_example=True)
        for rows in torch.arange(40).split(16):
            batch = split.batch(rows)
            meters.update(torch.randn(*batch.targets.shape, 3), batch)
        found = meters.standard_errors()
        assert set(found) == {metric.name for metric in metrics} - {"macro_f1"}
        assert all(0 <= error < 0.3 for error in found.values())


def test_balanced_accuracy_has_the_error_of_independent_classes() -> None:
    from seqbench_pixels.scores import metrics

    # Of 60 images of class 0 half are right, of 40 of class 1 a quarter: exact errors of the two recalls.
    targets = torch.tensor([0] * 60 + [1] * 40)
    said = torch.tensor([0] * 30 + [1] * 30 + [1] * 10 + [0] * 30)
    meters = Meters(metrics(2)[1:2], by_example=True)
    split = Split(torch.zeros(100, 1), targets)
    meters.update(torch.eye(2)[said], split.batch(torch.arange(100)))
    expected = math.sqrt(0.25 / 60 + 0.1875 / 40) / 2
    assert meters.standard_errors()["balanced_accuracy"] == pytest.approx(expected, rel=0.01)


def test_metric_that_says_nothing_of_examples_has_no_error_and_nobody_pays_who_does_not_ask() -> None:
    def never(outputs: torch.Tensor, batch: object) -> tuple[torch.Tensor, torch.Tensor]:
        raise AssertionError

    split = Split(torch.zeros(4, 1), torch.zeros(4, dtype=torch.long))
    batch, outputs = split.batch(torch.arange(4)), torch.zeros(4, 2)
    silent = Metric("silent", lambda: MulticlassAccuracy(2, average="micro"))
    costly = Metric("costly", MeanMetric, prepare=lambda outputs, batch: (torch.ones(4),), per_example=never)
    plain, asking = Meters((silent, costly)), Meters((silent,), by_example=True)
    for meters in (plain, asking):
        meters.update(outputs, batch)
        assert meters.standard_errors() == {}
