"""Tests the metrics that tasks with an answer at steps share, by hand.

Modules: seqbench_stepwise.columns.
"""

from __future__ import annotations

import math

import pytest
import torch
from seqbench_stepwise.columns import columns
from seqbench_stepwise.scores import accuracy, exact_match, last_accuracy, loss

from seqbench import UNSCORED, Batch, Split, evaluate

TARGETS = torch.tensor([[UNSCORED, 0, 1], [UNSCORED, 1, 1], [UNSCORED, UNSCORED, 0]])
TEST = Split(torch.zeros(3, 3, dtype=torch.long), TARGETS)
METRICS = (accuracy(2), last_accuracy(), exact_match(), loss())


def test_metrics_of_answers_worked_by_hand() -> None:
    said = torch.tensor([[0, 0, 1], [0, 0, 1], [1, 1, 1]])  # wrong once in the second row, and in the third
    odds = torch.nn.functional.one_hot(said, 2) * math.log(3)  # three quarters on what is said
    found = evaluate(METRICS, TEST, lambda batch: odds[: len(batch.inputs)])
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["last_accuracy"] == pytest.approx(2 / 3)
    assert found["exact_match"] == pytest.approx(1 / 3)
    assert found["loss"] == pytest.approx((3 * -math.log(0.75) + 2 * -math.log(0.25)) / 5)


def test_outputs_that_are_nan_have_no_score() -> None:
    def nothing(batch: Batch) -> torch.Tensor:
        return torch.full((len(batch.inputs), 3, 2), math.nan)

    assert all(math.isnan(score) for score in evaluate(METRICS, TEST, nothing).values())


def test_columns_keep_both_ends_of_a_long_example_and_one_step_more_than_both() -> None:
    text = columns({"input": list("abcde"), "scored": ["", "", "^", "", "^"]}, keep=2)
    assert text.splitlines() == ["input   a b c d e", "scored      ^   ^"]
    assert columns({"input": list("abcdef")}, keep=2) == "input   a b (2 more) e f"
