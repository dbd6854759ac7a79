"""Computes in closed form what NLinear (Zeng et al. 2023) approaches by gradient steps, and its test error.

NLinear forecasts y = x_L + W (x - x_L) + b, one map for all channels; W and b by least squares on training
windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench import DataError, read_tables

if TYPE_CHECKING:
    import numpy as np

PARTS = (8640, 2880, 2880)
"""Rows of training, validation and test: twelve, four and four months of 30 days, hour by hour."""


@dataclass(frozen=True)
class ClosedNLinear:
    """Returns the mean squared error on all test windows of a table, scaled by its training rows.

    Attributes:
        look_back, horizon: steps of input and of target.
        parts: rows of training, validation and test.
    """

    look_back: int
    horizon: int
    parts: Sequence[int] = PARTS

    def __call__(self, path: Path | None) -> float:
        """Read the table and return the error.

        Raises:
            DataError: it has too few rows.
        """
        table = read_tables(str(path))["all"].select_dtypes("number")
        if len(table) < sum(self.parts):
            raise DataError(f"{path} has {len(table)} rows, and {sum(self.parts)} are needed")
        return closed_form_error(table.to_numpy(float), self)


def closed_form_error(values: np.ndarray, asked: ClosedNLinear) -> float:
    """Return the error on a series, [rows, channels]."""
    import numpy as np

    train, validation, test = asked.parts
    scaled = (values - values[:train].mean(0)) / values[:train].std(0)
    past, future = _less_last(scaled[:train], asked)
    weights = np.linalg.solve(past.T @ past, past.T @ future)
    start = train + validation
    past, future = _less_last(scaled[start - asked.look_back : start + test], asked)
    return float(((past @ weights - future) ** 2).mean())


def _less_last(rows: np.ndarray, asked: ClosedNLinear) -> tuple[np.ndarray, np.ndarray]:
    """Return all windows of all channels less the last value of their past: [windows, look-back], [.., horizon].

    The last column of the past would be zeros; it is the ones of the intercept instead.
    """
    import numpy as np

    windows = np.lib.stride_tricks.sliding_window_view(rows, asked.look_back + asked.horizon, axis=0)
    flat = windows.reshape(-1, asked.look_back + asked.horizon)
    less = flat - flat[:, asked.look_back - 1, None]
    past = less[:, : asked.look_back]
    past[:, -1] = 1.0
    return past, less[:, asked.look_back :]
