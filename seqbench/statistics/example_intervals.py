"""Computes the interval of one network's score over draws of the test examples."""

from __future__ import annotations

import math

from seqbench.statistics.intervals import t_quantile

BEYOND = 1e-6
"""How far, as a share of the range, a score may lie beyond a bound by rounding."""
MOST = 1000
"""From this many examples on Student's t is that of as many: 1.9623, against 1.9600 of infinitely many."""


def example_interval(
    score: float, error: float, examples: int, *, least: float = -math.inf, most: float = math.inf
) -> tuple[float, float]:
    """Return the ends of the 95% interval.

    Between two bounds it is Wilson's (1927) interval of a share, for as many independent answers as have this
    standard error (Korn and Graubard 1998): it never passes a bound, and has a width where all examples are alike.
    Otherwise it is ``score ± t * error``, cut at the bound.

    Args:
        score: mean over the examples.
        error: its standard error.
        examples: how many, at least 2.
        least, most: bounds of the score.

    >>> low, high = example_interval(1.0, 0.0, 100, least=0.0, most=1.0)
    >>> round(low, 3), high
    (0.962, 1.0)
    """
    t, span = t_quantile(min(examples, MOST)), most - least
    inside = min(max(score, least), most)
    if math.isinf(span) or not span or abs(score - inside) > BEYOND * span:
        return max(score - t * error, min(least, score)), min(score + t * error, max(most, score))
    low, high = _wilson((inside - least) / span, error / span, examples, t)
    return least + span * low, least + span * high


def _wilson(share: float, error: float, examples: int, t: float) -> tuple[float, float]:
    variance = share * (1 - share)
    # All examples alike say nothing of their spread: they then count as one answer each.
    n = variance / error / error if error > 0 < variance else float(examples)
    middle = (share + t * t / (2 * n)) / (1 + t * t / n)
    half = t / (1 + t * t / n) * math.sqrt(variance / n + t * t / (4 * n * n))
    # At a bound the end is the bound, which the formula gives but for rounding.
    return (middle - half if share > 0 else 0.0), (middle + half if share < 1 else 1.0)
