"""Averages scores over series: first within each series, then over the series.

Imports torch when it is loaded, so it is imported where a metric is made.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric


class MeanOverSeries(Metric):
    """The mean over series of each one's own mean: short series count as much as long ones.

    >>> metric = MeanOverSeries(2)
    >>> metric.update(torch.tensor([1.0, 3.0, 8.0]), torch.tensor([0, 0, 1]))
    >>> float(metric.compute())
    5.0
    """

    full_state_update = False
    sums: Tensor
    counts: Tensor

    def __init__(self, series: int) -> None:
        """Take the number of series."""
        super().__init__()
        self.add_state("sums", torch.zeros(series, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("counts", torch.zeros(series, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, values: Tensor, series: Tensor) -> None:
        """Add values: [items] numbers, and of which series each is, [items] int64."""
        # On the processor, where the order of the sums is always the same.
        places, size = series.cpu(), len(self.sums)
        added = torch.zeros(size, dtype=torch.float64).index_add_(0, places, values.double().cpu())
        self.sums += added.to(self.sums.device)
        self.counts += torch.bincount(places, minlength=size).to(self.counts)

    def compute(self) -> Tensor:
        """Return the mean over the series that have any value."""
        is_seen = self.counts > 0
        return (self.sums[is_seen] / self.counts[is_seen]).mean()
