"""Computes mean, spread and the interval of the mean over several seeds.

A t interval for few values, a bootstrap for many; numpy is imported where one is computed. Nothing of scipy is
needed, whose import takes 0.2 s.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVEL = 0.95
"""The share of intervals that should cover the true mean."""

FOR_BOOTSTRAP = 15
"""With fewer values than this the t interval has better coverage; see the measurements in docs/reports.md."""

RESAMPLES = 4000
"""Number of resamples of a bootstrap; its seed is fixed, so that the same numbers give the same interval."""


@dataclass(frozen=True)
class Interval:
    """An estimate of where the true mean lies.

    Attributes:
        low, high: its ends.
        method: ``t`` or ``bootstrap``.
    """

    low: float
    high: float
    method: Literal["t", "bootstrap"]


@dataclass(frozen=True)
class SeedSummary:
    """Scores over seeds.

    Attributes:
        mean: their arithmetic mean.
        spread: sample standard deviation (divisor n - 1); None for a single one.
        n: how many.
        interval: of the mean, at 95%; None for a single one.
    """

    mean: float
    spread: float | None
    n: int
    interval: Interval | None = None


def summary(values: Iterable[float], *, least: float = -math.inf, most: float = math.inf) -> SeedSummary | None:
    """Return mean, spread and interval; None if there is no value.

    Args:
        values: finite numbers.
        least, most: bounds of all values; the interval is cut there, which does not reduce its coverage. One that
            a value passes, as luck may, bounds nothing.

    >>> found = summary([1.0, 2.0, 3.0])
    >>> found.mean, found.spread, found.n, round(found.interval.low, 3), round(found.interval.high, 3)
    (2.0, 1.0, 3, -0.484, 4.484)
    >>> summary([0.25])
    SeedSummary(mean=0.25, spread=None, n=1, interval=None)
    """
    numbers = list(values)
    if not numbers:
        return None
    if len(numbers) == 1:
        return SeedSummary(numbers[0], None, 1)
    return _of_several(tuple(numbers), least, most)


@lru_cache(maxsize=4096)
def _of_several(numbers: tuple[float, ...], least: float, most: float) -> SeedSummary:
    # A report writes the same seeds in several places.
    least = least if least <= min(numbers) else -math.inf
    most = most if max(numbers) <= most else math.inf
    found = interval(numbers, least=least, most=most)
    return SeedSummary(statistics.fmean(numbers), statistics.stdev(numbers), len(numbers), found)


def mean(values: Iterable[float]) -> float | None:
    """Return the arithmetic mean alone, as `summary` does; None if there is no value.

    >>> mean([1.0, 2.0, 3.0]), mean([])
    (2.0, None)
    """
    numbers = list(values)
    if len(numbers) < 2:
        return numbers[0] if numbers else None
    return statistics.fmean(numbers)


def interval(values: Sequence[float], *, least: float = -math.inf, most: float = math.inf) -> Interval | None:
    """Return the 95% interval of the mean; None for fewer than two values.

    Args:
        values: finite numbers, independent of each other.
        least, most: bounds of all values.
    """
    if len(values) < 2:
        return None
    if len(values) < FOR_BOOTSTRAP:
        found = _t_interval(values)
    else:
        found = _bootstrap_interval(values)
    # A value beyond the bounds, by rounding or because a bound is wrong, is never cut away.
    least, most = min(least, *values), max(most, *values)
    return Interval(max(found.low, least), min(found.high, most), found.method)


def _t_interval(values: Sequence[float]) -> Interval:
    """Return mean +- t * spread / sqrt(n): exact for normal values (Student 1908)."""
    mean, n = statistics.fmean(values), len(values)
    half = t_quantile(n) * statistics.stdev(values) / math.sqrt(n)
    return Interval(mean - half, mean + half, "t")


def _bootstrap_interval(values: Sequence[float]) -> Interval:
    """Return the expanded percentile interval of resampled means.

    The plain percentile interval is too narrow by the factor sqrt((n - 1) / n) and by normal instead of t
    quantiles; quantiles further out correct both (Hesterberg 2015, What Teachers Should Know about the
    Bootstrap, arXiv:1411.5279).
    """
    import numpy as np

    n = len(values)
    tail = expanded_tail(n, n)
    means = _shares(n) @ np.asarray(values, dtype=float)
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(low), float(high), "bootstrap")


def expanded_tail(drawn: int, n: int) -> float:
    """Return the share to cut off at either end of a bootstrap distribution (Hesterberg 2015, section 4.2).

    Args:
        drawn: values that one resample draws, so that its variance is too small by (drawn - 1) / drawn.
        n: one more than the degrees of freedom of the estimate of that variance.
    """
    # The share of a normal distribution below -x is erfc(x / sqrt(2)) / 2.
    return math.erfc(math.sqrt(drawn / (drawn - 1)) * t_quantile(n) / math.sqrt(2)) / 2


@lru_cache(maxsize=8)
def _shares(n: int) -> NDArray[np.float64]:
    """Return the share of each value in each resample: [resample, value]. A product takes a tenth of a look-up."""
    import numpy as np

    # Resampling has a fixed seed, so that the same values give the same interval.
    drawn = np.random.default_rng(0).integers(n, size=(RESAMPLES, n))
    places = drawn + n * np.arange(RESAMPLES)[:, None]
    shares = np.bincount(places.ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n) / n
    shares.flags.writeable = False
    return shares


@lru_cache(maxsize=1024)
def t_quantile(n: int) -> float:
    """Return the t within which, on both sides of 0, `LEVEL` of Student's distribution lies, given n values."""
    # The limits for infinitely many degrees of freedom, and for one.
    low, high = 1.9, 12.8
    while low < (middle := (low + high) / 2) < high:
        if _share_within(middle, n - 1) < LEVEL:
            low = middle
        else:
            high = middle
    return middle


def _share_within(t: float, freedom: int) -> float:
    """Return the share of Student's distribution between -t and t.

    Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 26.7.3 for odd degrees of freedom and 26.7.4
    for even ones.
    """
    angle = math.atan(t / math.sqrt(freedom))
    square, is_odd = math.cos(angle) ** 2, freedom % 2 == 1
    term = math.cos(angle) if is_odd else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(3 if is_odd else 2, freedom, 2):
        term *= (k - 1) / k * square
        total += term
    share = math.sin(angle) * total
    return 2 / math.pi * (angle + share) if is_odd else share
