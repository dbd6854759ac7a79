"""Tests losses of numbers at steps against values by hand, and the kit's messages on unfit ones."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from seqbench import Batch, Split, StepValues

TRUTH = torch.tensor([[[1.0, 2.0], [math.nan] * 2, [0.5, -1.0]]], dtype=torch.float64)


def test_loss_of_a_step_is_its_squared_error_the_mean_over_channels() -> None:
    kind, batch = StepValues(2), Batch(torch.zeros(1, 3, 1), TRUTH, torch.tensor([3]))
    hidden = torch.tensor([[[0.0, 0.0], [7.0, 7.0], [1.5, 1.0]]], dtype=torch.float64)
    losses, rows = kind.losses(hidden, batch, nn.Identity())
    assert (losses.tolist(), rows.tolist()) == ([2.5, 2.5], [0, 0])
    outputs, targets = kind.items(hidden, batch)
    assert (outputs.tolist(), targets.tolist()) == ([[0, 0], [1.5, 1]], [[1, 2], [0.5, -1]])


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (torch.tensor([[[1.0, math.nan]]]), "some are not finite"),
        (torch.tensor([[[1.0, math.inf]]]), "some are not finite"),
        (torch.tensor([[[1, 2]]]), "they are torch.int64"),
        (torch.zeros(1, 2), "they are [1, 2]"),
    ],
)
def test_targets_that_are_no_numbers_are_told(targets: torch.Tensor, words: str) -> None:
    unfit = StepValues(2).unfit(Split(torch.zeros(targets.shape[:2]), targets), "test targets")
    assert unfit is not None
    assert words in unfit.found
