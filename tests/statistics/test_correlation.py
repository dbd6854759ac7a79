"""Tests Spearman's correlation by scipy, its strata by hand, and what an interval needs."""

from __future__ import annotations

import numpy as np
import pytest

from seqbench.statistics import Pair, spearman, spearman_within


def pairs(xs: list[float], ys: list[float], clusters: int = 1) -> list[Pair]:
    return [Pair(i % clusters, i % clusters, x, y) for i, (x, y) in enumerate(zip(xs, ys, strict=True))]


def test_correlation_is_scipys_with_and_without_ties() -> None:
    from scipy.stats import spearmanr

    random = np.random.default_rng(0)
    for decimals in (9, 0):
        x = random.normal(size=50).round(decimals)
        y = (x + random.normal(size=50)).round(decimals)
        found = spearman(pairs(list(x), list(y), clusters=7))
        assert found.rho == pytest.approx(spearmanr(x, y).statistic)
        assert found.interval is not None
        assert found.interval.low < found.rho < found.interval.high
        assert (found.n, found.clusters) == (50, 7)


def test_resamples_are_those_of_whole_clusters() -> None:
    # Each cluster alone has a correlation of 1, and its values are those of every other: any resample has 1.
    same = [Pair(c, c, x, x**2) for c in range(8) for x in (1.0, 2.0, 3.0)]
    found = spearman(same)
    assert found.interval is not None
    assert (found.interval.low, found.rho, found.interval.high) == pytest.approx((1, 1, 1))


def test_what_does_not_vary_or_is_of_few_tasks_has_no_correlation_or_no_interval() -> None:
    assert spearman(pairs([1, 1, 1], [1, 2, 3])).rho is None
    assert spearman(pairs([1, 2], [1, 2])).rho is None
    assert spearman_within([]).n == spearman([]).n == 0
    few = spearman(pairs([1.0, 2, 3, 4, 5, 6], [1.0, 3, 2, 4, 5, 6], clusters=3))
    assert few.rho is not None
    assert few.interval is None


def test_strata_keep_the_length_out_of_it() -> None:
    # A longer sequence has the longer horizon and the lower skill; among models the longer horizon is the better.
    cells = [
        Pair(task, (task, length), 10.0 * length + model, model - length)
        for task in range(6)
        for length in (1, 2, 3)
        for model in range(4)
    ]
    assert (spearman(cells).rho or 0) < 0
    within = spearman_within(cells)
    assert within.rho == pytest.approx(1)
    assert within.interval is not None
    assert within.interval.low == pytest.approx(1)
