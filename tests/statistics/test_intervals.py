"""Tests summaries and intervals of seeds by textbook values, and how often an interval covers the true mean."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import scipy.stats

from seqbench.statistics import (
    SeedSummary,
    interval,
    summary,
)


def test_summary_of_known_numbers_is_the_textbook_value() -> None:
    # Mean 5, sum of squared deviations 32, divisor 7.
    values = [2.0, 4, 4, 4, 5, 5, 7, 9]
    found = summary(values)
    assert found is not None
    assert (found.mean, found.n) == (5.0, 8)
    assert found.spread == pytest.approx(math.sqrt(32 / 7))
    expected = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high))


def test_summary_of_one_number_has_no_spread_and_of_none_is_none() -> None:
    assert summary([0.3]) == SeedSummary(0.3, None, 1, None)
    assert summary([]) is None


def test_bound_that_a_value_passes_by_luck_cuts_nothing() -> None:
    assert summary([0.9, 1.2], most=1.0) == summary([0.9, 1.2])
    assert summary([-0.1, 0.2], least=0.0) == summary([-0.1, 0.2])


def test_interval_is_cut_where_no_value_can_lie() -> None:
    found = interval([0.9, 1.0], least=0.0, most=1.0)
    assert found is not None
    assert found.high == 1.0
    # Student's t with one degree of freedom: 12.706 * 0.0707 / sqrt(2) below the mean.
    assert found.low == pytest.approx(0.95 - 12.7062 * 0.05, abs=1e-5)


@pytest.mark.parametrize(("n", "method"), [(3, "t"), (5, "t"), (10, "t"), (20, "bootstrap")])
def test_interval_covers_the_true_mean_in_95_of_100(n: int, method: str) -> None:
    draws = np.random.default_rng(n).normal(0.7, 0.1, size=(4000, n))
    found = [interval([float(score) for score in scores]) for scores in draws]
    assert {each.method for each in found if each} == {method}
    covered = np.mean([each is not None and each.low <= 0.7 <= each.high for each in found])
    assert 0.93 <= covered <= 0.97


def test_interval_of_the_same_values_is_the_same_to_the_bit() -> None:
    values = [random.Random(i).random() for i in range(30)]
    assert interval(values) == interval(values)


@pytest.mark.parametrize("n", range(2, 15))
def test_interval_of_few_values_is_that_of_scipy(n: int) -> None:
    values = [random.Random(i).random() for i in range(n)]
    found, expected = interval(values), scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-13)


@pytest.mark.parametrize("n", [15, 16, 51, 100, 301])
def test_interval_of_many_values_has_the_tails_that_scipy_knows(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    resampled = values[np.random.default_rng(0).integers(n, size=(4000, n))].mean(axis=1)
    tail = scipy.stats.norm.cdf(-math.sqrt(n / (n - 1)) * scipy.stats.t.ppf(0.975, n - 1))
    found = interval(values.tolist())
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(resampled, [tail, 1 - tail])), rel=1e-11)
