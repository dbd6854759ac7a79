"""Tests whether models rank alike over tasks, and how far apart mean ranks must be to differ.

Friedman's test, then Nemenyi's critical difference, as Demsar (2006), Statistical Comparisons of Classifiers over
Multiple Data Sets, JMLR 7, section 3.2, describes them. numpy is imported where it is used.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from seqbench.statistics.intervals import LEVEL
from seqbench.statistics.pairs import Outcomes, twice_ranks
from seqbench.statistics.ranks import task_ranks

LEAST_MODELS = 3
"""Of two models, the table of pairs tells more."""

LEAST_TASKS = 4
"""From here on it was measured that the critical difference, a normal approximation, errs in no more than 5 of 100
tables of equal models; see docs/reports.md."""

_PERMUTATIONS = 9999
_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class RankTest:
    """The models over the tasks, each task counted once.

    Attributes:
        ranks: model -> mean over the tasks of its rank there, best first.
        tasks: their number, N.
        chi_squared: Friedman's statistic.
        p: the share of permutations of the models within the tasks whose statistic is at least as large.
        difference: two mean ranks that differ by at least this differ at 5%, all pairs together.
        groups: the largest sets of models that lie within it; one of all models where p is above 0.05, since then
            no pair is said to differ.
    """

    ranks: Mapping[str, float]
    tasks: int
    chi_squared: float
    p: float
    difference: float
    groups: tuple[tuple[str, ...], ...]


def why_untested(outcomes: Outcomes) -> str | None:
    """Return why n is too small for a critical difference; None if it is not."""
    found = task_ranks(outcomes)
    tasks = len(next(iter(found.values()), {}))
    if len(found) < LEAST_MODELS:
        return f"{len(found)} models were run everywhere, and {LEAST_MODELS} are needed"
    if tasks < LEAST_TASKS:
        return (
            f"{tasks} task{'' if tasks == 1 else 's'}, and {LEAST_TASKS} are needed: lengths and seeds of one task"
            " are no tasks of their own"
        )
    return None


def ranks_once(outcomes: Outcomes) -> dict[str, list[float]]:
    """Return model -> its rank on each task: 1 for the smallest mean rank over the task's lengths and seeds.

    Friedman's test supposes that the ranks within a task are 1 to k, which mean ranks are not.
    """
    means = task_ranks(outcomes)
    tasks = list(next(iter(means.values()), {}))
    columns = [twice_ranks([own[task] for own in means.values()]) for task in tasks]
    return {model: [column[i] / 2 for column in columns] for i, model in enumerate(means)}


def rank_test(ranks: Mapping[str, Sequence[float]]) -> RankTest:
    """Test models by their ranks on each task; equal ones share their mean rank.

    >>> found = rank_test({"a": [1] * 6, "b": [2] * 6, "c": [3] * 6})
    >>> found.chi_squared, found.p, round(found.difference, 2), found.groups
    (12.0, 0.0001, 1.35, (('a', 'b'), ('b', 'c')))
    """
    k, n = len(ranks), len(next(iter(ranks.values())))
    means = {model: statistics.fmean(own) for model, own in ranks.items()}
    means = dict(sorted(means.items(), key=lambda pair: pair[1]))
    difference = critical_difference(k, n)
    p = _permutation_p(list(ranks.values()))
    return RankTest(
        means,
        n,
        friedman(list(means.values()), n),
        p,
        difference,
        _groups(means, difference) if p <= _SIGNIFICANT else (tuple(means),),
    )


def friedman(means: Sequence[float], n: int) -> float:
    """Return chi^2_F = 12 N / (k (k + 1)) (sum R_j^2 - k (k + 1)^2 / 4) (Friedman 1937; Demsar 2006, p. 11)."""
    k = len(means)
    return 12 * n / (k * (k + 1)) * (sum(rank**2 for rank in means) - k * (k + 1) ** 2 / 4)


def critical_difference(k: int, n: int) -> float:
    """Return CD = q sqrt(k (k + 1) / (6 N)) of k models on n tasks (Nemenyi 1963; Demsar 2006, p. 11)."""
    return nemenyi_quantile(k) * math.sqrt(k * (k + 1) / (6 * n))


@lru_cache(maxsize=64)
def nemenyi_quantile(k: int) -> float:
    """Return q: the range of k standard normal numbers is below q sqrt(2) with 95% (Demsar 2006, Table 5a).

    >>> [round(nemenyi_quantile(k), 3) for k in (2, 3, 10)]
    [1.96, 2.344, 3.164]
    """
    low, high = 1.0, 12.0
    while low < (middle := (low + high) / 2) < high:
        if _share_of_ranges(middle * math.sqrt(2), k) < LEVEL:
            low = middle
        else:
            high = middle
    return middle


def _share_of_ranges(width: float, k: int) -> float:
    """Return P(range of k standard normal numbers <= w) = k int phi(z) (Phi(z) - Phi(z - w))^(k - 1) dz."""
    step = 1 / 16
    # Beyond 8 standard deviations the density is below 1e-14; for such a function a plain sum is exact enough.
    places = [i * step for i in range(-128, 129)]
    return k * step * sum(_density(z) * (_below(z) - _below(z - width)) ** (k - 1) for z in places)


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _below(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def _permutation_p(ranks: Sequence[Sequence[float]]) -> float:
    """Return (1 + as large) / (1 + drawn) over random permutations of the models within each task.

    It is valid for few tasks and with ties, where the distributions of chi^2 and F are approximations. The largest
    sum of squared mean ranks is the largest statistic.
    """
    import numpy as np

    table = np.asarray(ranks, dtype=float).T
    order = np.random.default_rng(0).random((_PERMUTATIONS, *table.shape)).argsort(axis=2)
    drawn = np.take_along_axis(np.broadcast_to(table, order.shape), order, axis=2).sum(axis=1)
    seen = float((table.sum(axis=0) ** 2).sum())
    as_large = int(((drawn**2).sum(axis=1) >= seen * (1 - 1e-12)).sum())
    return (1 + as_large) / (1 + _PERMUTATIONS)


def _groups(means: Mapping[str, float], difference: float) -> tuple[tuple[str, ...], ...]:
    """Return the largest sets of neighbours whose mean ranks differ by less; ``means`` are in order."""
    names = list(means)
    runs = []
    for i, first in enumerate(names):
        within = [name for name in names[i:] if means[name] - means[first] < difference]
        runs.append((i, i + len(within)))
    largest = [run for run in runs if not any(a <= run[0] and run[1] <= b and (a, b) != run for a, b in runs)]
    return tuple(tuple(names[a:b]) for a, b in largest if b - a > 1)
