"""Compares two models on the cells that both were run on.

The same task, length and seed mean the same data, so cells are compared one by one: Wilcoxon's signed-rank test on
differences of skill, with Holm's correction over all pairs of models. Imports nothing of seqbench.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

Place = tuple[str, int, int]
"""The cells that models share: task, length, seed."""

Outcomes = Mapping[str, Mapping[Place, float]]
"""Model -> place -> skill, or `LAST`; a place that was not run is left out."""

LAST = -math.inf
"""The outcome of a cell that diverged or failed: worse than every skill, and never averaged."""

LEAST_PAIRS = 6
"""With fewer pairs no result can have p below 0.05 (2 / 2**5 = 0.0625), so nothing is tested."""

_EXACT_UP_TO = 100


@dataclass(frozen=True)
class Comparison:
    """Two models over the places that they share.

    Attributes:
        first, second: the models.
        n: number of places where both have an outcome.
        wins, ties, losses: those of the first model.
        difference: median of the first's skill minus the second's; None if no place is shared, or if the median
            pair has a cell without a skill.
        is_ahead: whether the rank sum of the first's wins exceeds that of its losses.
        p: two-sided p-value of the hypothesis that the two models are exchangeable; None (not tested) for fewer
            than six shared places.
        p_holm: the same, corrected for the number of tests.
    """

    first: str
    second: str
    n: int
    wins: int
    ties: int
    losses: int
    difference: float | None
    is_ahead: bool
    p: float | None
    p_holm: float | None = None


def compare(outcomes: Outcomes) -> list[Comparison]:
    """Compare every pair of models, in the given order of their names.

    >>> places = [("copy", 16, seed) for seed in range(6)]
    >>> (found,) = compare({"gru": {place: 0.75 for place in places}, "rnn": {place: 0.5 for place in places}})
    >>> found.n, found.wins, found.difference, found.p
    (6, 6, 0.25, 0.03125)
    """
    found = [_compare(first, second, outcomes) for first, second in combinations(outcomes, 2)]
    tested = [each.p for each in found if each.p is not None]
    corrected = iter(holm(tested))
    return [each if each.p is None else replace(each, p_holm=next(corrected)) for each in found]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected by Holm (1979): the error rate of all tests together is that of one test.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = largest
    return corrected


def signed_rank_p(differences: Sequence[float]) -> float:
    """Return the two-sided p-value of Wilcoxon's signed-rank test (Wilcoxon 1945).

    Differences of 0 are left out, equal ones share their mean rank, infinite ones rank highest. The p-value is
    exact, even with ties, for up to 100 differences; beyond that it is a normal approximation with continuity
    correction.

    >>> signed_rank_p([1.0, 2.0, 3.0, 4.0, 5.0, -6.0])
    0.4375
    """
    twice, positive = _signed_ranks(differences)
    smaller = min(positive, sum(twice) - positive)
    tail = _exact_tail if len(twice) <= _EXACT_UP_TO else _normal_tail
    return min(1.0, 2 * tail(twice, smaller))


def _signed_ranks(differences: Sequence[float]) -> tuple[list[int], int]:
    """Return twice the ranks of the nonzero differences, and the sum for the positive ones.

    Twice a rank is an integer even if ranks are shared.
    """
    moved = [difference for difference in differences if difference != 0]
    twice = twice_ranks([abs(difference) for difference in moved])
    return twice, sum(rank for rank, difference in zip(twice, moved, strict=True) if difference > 0)


def twice_ranks(values: Sequence[float]) -> list[int]:
    """Return twice the rank of each value, starting at the smallest; equal values share their mean rank.

    >>> twice_ranks([0.5, 0.1, 0.5])
    [5, 2, 5]
    """
    ordered = sorted(values)
    first = {value: i for i, value in reversed(list(enumerate(ordered)))}
    last = {value: i for i, value in enumerate(ordered)}
    return [first[value] + last[value] + 2 for value in values]


def _compare(first: str, second: str, outcomes: Outcomes) -> Comparison:
    ours, theirs = outcomes[first], outcomes[second]
    # Two cells without a skill are tied for last; infinity minus infinity would be NaN.
    gaps = [0.0 if ours[at] == theirs[at] else ours[at] - theirs[at] for at in sorted(ours.keys() & theirs.keys())]
    wins, losses = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
    twice, positive = _signed_ranks(gaps)
    p = signed_rank_p(gaps) if len(gaps) >= LEAST_PAIRS else None
    is_ahead = 2 * positive > sum(twice)
    return Comparison(
        first, second, len(gaps), wins, len(gaps) - wins - losses, losses, _median(gaps), is_ahead, p
    )


def _median(gaps: Sequence[float]) -> float | None:
    if not gaps:
        return None
    middle = (statistics.median_low(gaps), statistics.median_high(gaps))
    return sum(middle) / 2 if all(map(math.isfinite, middle)) else None


def _exact_tail(twice: Sequence[int], at_most: int) -> float:
    """Return the share of all sign assignments whose positive rank sum is at most this one."""
    import numpy as np

    share = np.zeros(sum(twice) + 1)
    share[0] = 1.0
    for rank in twice:
        moved = np.zeros_like(share)
        moved[rank:] = share[: len(share) - rank]
        share = (share + moved) / 2
    return float(share[: at_most + 1].sum())


def _normal_tail(twice: Sequence[int], at_most: int) -> float:
    mean = sum(twice) / 4
    deviation = math.sqrt(sum(rank**2 for rank in twice)) / 4
    return 0.5 * math.erfc((mean - at_most / 2 - 0.5) / deviation / math.sqrt(2))
