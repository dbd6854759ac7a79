"""Computes the best score that so many random trials are expected to reach.

The curve of Dodge, Gururangan, Card, Schwartz and Smith (2019), Show Your Work: Improved Reporting of Experimental
Results, EMNLP, section 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def expected_best(scores: Sequence[float | None], *, is_higher_better: bool) -> list[float | None]:
    """Return the expected best of n of the trials, for n = 1, 2, ... all of them.

    The n trials are drawn without replacement, E = sum_i v_(i) C(i - 1, n - 1) / C(N, n) over the scores from the
    worst to the best: unbiased for the best of n new trials, and the best score found at n = N. Dodge et al. draw
    with replacement, which is biased towards worse scores at large n (Tang et al. 2020, ACL; Dodge et al. 2021).

    Args:
        scores: of the trials, in any order. The result speaks of new trials only where settings were drawn at
            random; of a grid it speaks of n of its own settings. None is a trial without a score, worse than
            every other; while n trials may all be such, the expectation is unknown.

    >>> [round(best, 3) for best in expected_best([0.25, 1.0, 0.75], is_higher_better=True)]
    [0.667, 0.917, 1.0]
    >>> expected_best([2.0, None, 5.0], is_higher_better=False)
    [None, 3.0, 2.0]
    """
    known = sorted((score for score in scores if score is not None), reverse=not is_higher_better)
    lost, whole = len(scores) - len(known), len(scores)
    return [
        None if n <= lost else _expected(known, n, lost=lost, ways=math.comb(whole, n))
        for n in range(1, whole + 1)
    ]


def best_so_far(scores: Sequence[float | None], *, is_higher_better: bool) -> list[float | None]:
    """Return the best score of the first n trials, for a search whose later trials depend on the earlier ones.

    >>> best_so_far([None, 0.5, 0.25, 0.75], is_higher_better=True)
    [None, 0.5, 0.5, 0.75]
    """
    better = max if is_higher_better else min
    found: list[float | None] = []
    for n in range(1, len(scores) + 1):
        known = [score for score in scores[:n] if score is not None]
        found.append(better(known) if known else None)
    return found


def _expected(known: Sequence[float], n: int, *, lost: int, ways: int) -> float:
    """Return the sum over which score is the best of n: there are C(i - 1, n - 1) ways for the i-th from below."""
    return math.fsum(
        score * (math.comb(lost + place, n - 1) / ways)
        for place, score in enumerate(known)
        if lost + place >= n - 1
    )
