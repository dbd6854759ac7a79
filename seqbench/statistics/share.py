"""Computes the interval of a share, such as that of networks which learn."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from seqbench.statistics.intervals import LEVEL

_HALVINGS = 50


def share_interval(successes: int, n: int) -> tuple[float, float]:
    """Return the ends of the 95% interval of Clopper and Pearson (1934), which holds the share at least so often.

    It has a width where all agree: an end is the share at which as many successes, or as few, come about in 2.5%.

    Args:
        successes: how many of n.
        n: independent trials, at least 1.

    >>> [round(end, 3) for end in share_interval(6, 6)], [round(end, 3) for end in share_interval(1, 6)]
    ([0.541, 1.0], [0.004, 0.641])
    """
    tail = (1 - LEVEL) / 2
    low = 0.0 if successes == 0 else _root(lambda p: _at_least(successes, n, p) - tail)
    high = 1.0 if successes == n else _root(lambda p: tail - 1 + _at_least(successes + 1, n, p))
    return low, high


def _at_least(successes: int, n: int, p: float) -> float:
    """Return the probability of so many successes or more, with 0 < p < 1."""
    log_odds, rest = math.log(p) - math.log1p(-p), n * math.log1p(-p)
    logs = (_log_ways(n, k) + k * log_odds + rest for k in range(successes, n + 1))
    return math.fsum(map(math.exp, logs))


@lru_cache(maxsize=4096)
def _log_ways(n: int, k: int) -> float:
    """Return the logarithm of the number of ways to choose k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _root(rising: Callable[[float], float]) -> float:
    """Return where a rising function of a share passes 0."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2
