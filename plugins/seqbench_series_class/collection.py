"""Holds labelled series: a list of arrays of [steps, channels], and the name of each one's class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Collection(NamedTuple):
    """Labelled series.

    Attributes:
        series: one or more, each [steps, channels] float64.
        labels: the name of the class of each.
    """

    series: Sequence[np.ndarray]
    labels: Sequence[str]

    @property
    def longest(self) -> int:
        """Steps of the longest series."""
        return max(map(len, self.series))

    @property
    def channels(self) -> int:
        """Numbers at a step."""
        return int(self.series[0].shape[1])

    @property
    def are_equal_long(self) -> bool:
        """Whether all series have the same number of steps."""
        return len({len(each) for each in self.series}) == 1

    def take(self, rows: Sequence[int]) -> Collection:
        """Return the series with these numbers."""
        return Collection([self.series[row] for row in rows], [self.labels[row] for row in rows])
