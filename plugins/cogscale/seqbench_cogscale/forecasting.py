"""Defines the forecasting tasks of CogScale, each on one deterministic series: a sine, and the Lorenz system."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from seqbench import TaskData
from seqbench_cogscale.arrays import splits
from seqbench_cogscale.scores import last_value
from seqbench_cogscale.task import NumberTask

if TYPE_CHECKING:
    from torch import Tensor

SHORTEST = 5
"""Times the distance of a forecast that the series has to be long; below, the distance is shorter."""


@dataclass(frozen=True)
class Forecasting(NumberTask, ABC):
    """The first 45% of one series are for training, the next 10% for validation, the last 45% for the test.

    The series is the same for every seed, as nothing in it is random, and each split is one row: the rows of
    validation and test begin with what comes before them, where nothing is scored. The chaotic series is scaled
    by the mean and the deviation of all its steps, those of the test too, as the package has it.
    """

    @property
    def is_longer_harder(self) -> bool:
        """A longer series is more to learn from; the distance of the forecast stays."""
        return False

    def distance(self, length: int) -> int:
        """Return how many steps ahead is forecast: as the difficulty has it, or T / 5 where that is less."""
        return min(int(self.preset.values["forecast_length"]), max(1, length // SHORTEST))

    def tensors(self, length: int, seed: int) -> Mapping[str, Tensor]:
        """Return the three rows."""
        changes = {"sequence_length": length, "forecast_length": self.distance(length)}
        return splits(self.preset.made(changes, seed))

    def task_data(self, tensors: Mapping[str, Tensor]) -> TaskData:
        """Return numbers, with the last value as one more baseline."""
        data = super().task_data(tensors)
        return replace(data, baselines=(*data.baselines, last_value(data.test)))


@dataclass(frozen=True)
class SinusForecasting(Forecasting):
    """Forecast a sine whose phase is modulated by a slower one, some steps ahead.

    Two steps ahead, at T = 10, in the test split::

        input   0.00 0.66 0.99 0.83 0.26 -0.44 -0.92 -0.95 -0.50 0.19
        target                           -0.95 -0.50  0.19  0.79 1.00
        scored                               ^     ^     ^     ^    ^

    Steps ahead: 5 (small, where T is 200), 15 (medium, 2000), 50 (large, 20000), or T / 5 where that is less.
    """

    name: ClassVar[str] = "cogscale-sinus-forecasting"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "sinus_forecasting"


@dataclass(frozen=True)
class ChaoticForecasting(Forecasting):
    """Forecast the three numbers of the Lorenz system some steps of 0.01 ahead.

    Two steps ahead, at T = 10, in the test split; the first of the numbers::

        input   -0.54 -0.43 -0.32 -0.23 -0.14 -0.05 0.04 0.13 0.22 0.33
        target                                 0.13 0.22 0.33 0.44 0.56
        scored                                    ^    ^    ^    ^    ^

    Steps ahead: 5 (small, where T is 200), 15 (medium, 2000), 50 (large, 20000), or T / 5 where that is less.
    """

    name: ClassVar[str] = "cogscale-chaotic-forecasting"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "chaotic_forecasting"
