"""Tests losses of labels against values by hand, for all types of targets, and messages on unfit ones."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from seqbench import UNSCORED, Batch, Split, StepLabels

TRUTH = torch.tensor([[[1, 0, 1], [0, 0, 0]], [[0, 1, 1], [1, 1, 1]]])


def batch_of(targets: torch.Tensor) -> Batch:
    return Batch(torch.zeros(2, 2, dtype=torch.int64), targets, torch.tensor([2, 2]))


def test_loss_of_a_step_is_the_sum_of_its_labels_in_nats_whatever_the_type_of_targets() -> None:
    torch.manual_seed(0)
    kind, head = StepLabels(3), nn.Linear(4, 3).double()
    hidden = torch.randn(2, 2, 4, dtype=torch.float64)
    logits = head(hidden).tolist()
    expected = [
        sum(
            math.log1p(math.exp(-logit if held else logit))
            for held, logit in zip(TRUTH[row, step], logits[row][step], strict=True)
        )
        for row, step in ((0, 0), (0, 1), (1, 0), (1, 1))
    ]
    for targets in (TRUTH, TRUTH.bool(), TRUTH.float(), TRUTH.to(torch.int8)):
        losses, rows = kind.losses(hidden, batch_of(targets), head)
        assert losses.tolist() == pytest.approx(expected, rel=1e-12)
        assert rows.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(("mark", "dtype"), [(UNSCORED, torch.int64), (math.nan, torch.float32)])
def test_step_that_is_marked_costs_nothing_and_reaches_no_metric(mark: float, dtype: torch.dtype) -> None:
    targets = TRUTH.to(dtype)
    targets[0, 1] = mark
    kind, head, hidden = StepLabels(3), nn.Linear(4, 3), torch.randn(2, 2, 4)
    losses, rows = kind.losses(hidden, batch_of(targets), head)
    assert (rows.tolist(), losses.isfinite().all().item()) == ([0, 1, 1], True)
    outputs, labels = kind.items(head(hidden), batch_of(targets))
    assert outputs.shape == (3, 3)
    assert labels.tolist() == [[1, 0, 1], [0, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (TRUTH.masked_fill(TRUTH == 1, 2), "one is 2"),
        (torch.tensor([[[1, UNSCORED, 0]]]), "one is -100"),
        (torch.tensor([[[1.0, math.nan, 0.0]]]), "one is nan"),
        (TRUTH[..., :2], "they are [2, 2, 2]"),
    ],
)
def test_targets_that_are_no_labels_are_told(targets: torch.Tensor, words: str) -> None:
    unfit = StepLabels(3).unfit(Split(torch.zeros(targets.shape[:2]), targets), "test targets")
    assert unfit is not None
    assert words in unfit.found
