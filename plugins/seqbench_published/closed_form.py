"""Computes forecasts of Zeng et al. 2023 that need no training, and their errors on the test windows of a table.

NLinear forecasts y = x_L + W (x - x_L) + b, one map for all channels; here W and b by least squares on training
windows, which the paper approaches by gradient steps. Repeat forecasts y = x_L.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
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
        return closed_form_error(_values(path, self.parts), self)


@dataclass(frozen=True)
class Repeat:
    """Returns the mean squared error of the last value as the forecast, on whole batches of test windows.

    The authors' code leaves out the last batch of the test if it is not full (`drop_last`).

    Attributes:
        horizon: steps of target.
        batch: windows in a batch; 1 for all windows.
        parts: rows of training, validation and test.
    """

    horizon: int
    batch: int = 1
    parts: Sequence[int] = PARTS

    def __call__(self, path: Path | None) -> float:
        """Read the table and return the error.

        Raises:
            DataError: it has too few rows.
        """
        return repeat_error(_values(path, self.parts), self)


def _values(path: Path | None, parts: Sequence[int]) -> np.ndarray:
    """Return the columns of numbers of a table, [rows, channels]."""
    table = read_tables(str(path))["all"].select_dtypes("number")
    if len(table) < sum(parts):
        raise DataError(f"{path} has {len(table)} rows, and {sum(parts)} are needed")
    return table.to_numpy(float)


def closed_form_error(values: np.ndarray, asked: ClosedNLinear) -> float:
    """Return the error on a series, [rows, channels]."""
    import numpy as np

    train, validation, test = asked.parts
    scaled = _scaled(values, train)
    past, future = _less_last(scaled[:train], asked)
    weights = np.linalg.solve(past.T @ past, past.T @ future)
    start = train + validation
    past, future = _less_last(scaled[start - asked.look_back : start + test], asked)
    return float(((past @ weights - future) ** 2).mean())


def repeat_error(values: np.ndarray, asked: Repeat) -> float:
    """Return the error of the last value on a series, [rows, channels].

    Raises:
        DataError: there is no whole batch.
    """
    train, validation, test = asked.parts
    start = train + validation
    rows = _scaled(values, train)[start - 1 : start + test]
    windows = (test - asked.horizon + 1) // asked.batch * asked.batch
    if not windows:
        found = test - asked.horizon + 1
        raise DataError(f"there are {found} test windows, fewer than a batch of {asked.batch}")
    # Summed step by step: all windows at once are a hundred megabytes.
    ahead = range(1, asked.horizon + 1)
    return fmean(float(((rows[h : h + windows] - rows[:windows]) ** 2).mean()) for h in ahead)


def _scaled(values: np.ndarray, train: int) -> np.ndarray:
    """Return a series with mean 0 and deviation 1 in each channel of its training rows."""
    scaled: np.ndarray = (values - values[:train].mean(0)) / values[:train].std(0)
    return scaled


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
