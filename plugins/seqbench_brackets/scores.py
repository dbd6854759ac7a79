"""Defines the accuracy by distance: each octave of distances to the opening bracket counts alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torchmetrics

from seqbench import UNSCORED, Batch, Split
from seqbench_brackets.strings import octaves, steps_since

if TYPE_CHECKING:
    from torch import Tensor

OCTAVES = 64
"""More than there are among distances of whole numbers."""


class MeanOverGroups(torchmetrics.Metric):
    """The mean, over the groups that occur, of the mean of each group's values.

    >>> metric = MeanOverGroups(groups=3)
    >>> metric.update(torch.tensor([1.0, 0, 0, 1]), torch.tensor([0, 0, 0, 2]))
    >>> float(metric.compute())  # (1/3 + 1) / 2
    0.6666666666666666
    """

    higher_is_better = True
    full_state_update = False
    sums: Tensor
    counts: Tensor

    def __init__(self, groups: int) -> None:
        super().__init__()
        for name in ("sums", "counts"):
            self.add_state(name, torch.zeros(groups, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, values: Tensor, groups: Tensor) -> None:
        """Add values [items] of these groups [items]."""
        self.sums += torch.zeros_like(self.sums).index_add_(0, groups, values.double())
        self.counts += torch.bincount(groups, minlength=len(self.counts))

    def compute(self) -> Tensor:
        """Return the mean over groups."""
        is_there = self.counts > 0
        return (self.sums[is_there] / self.counts[is_there]).mean()


def rights_by_octave(outputs: Tensor, batch: Batch, pairs: int) -> tuple[Tensor, Tensor]:
    """Return 1 or 0 for each scored step, right or wrong, and the octave of its distance: [items] each."""
    is_scored = batch.targets != UNSCORED
    distances = steps_since(batch.inputs.cpu(), pairs).to(outputs.device)
    rights = outputs[is_scored].argmax(-1) == batch.targets[is_scored]
    return rights.double(), octaves(distances[is_scored])


def one_string(test: Split, pairs: int) -> float:
    """Return the most that one string moves the accuracy by distance: its largest share of the questions."""
    batch = test.batch(torch.arange(len(test)))
    asked = torch.zeros(len(test), OCTAVES, dtype=torch.float64)
    groups = octaves(steps_since(batch.inputs, pairs).clamp_min(1))
    asked.scatter_add_(1, groups, (batch.targets != UNSCORED).double())
    there = asked[:, asked.sum(0) > 0]
    return float((there / there.sum(0)).sum(1).max() / there.shape[1])
