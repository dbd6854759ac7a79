"""Tests intervals over test examples by scipy's interval of a share and of a mean, and at their bounds."""

from __future__ import annotations

import math

import pytest
import scipy.stats

from seqbench.statistics import example_interval


@pytest.mark.parametrize(("right", "n"), [(0, 50), (1, 50), (37, 50), (498, 500), (500, 500)])
def test_interval_of_a_share_is_nearly_wilsons(right: int, n: int) -> None:
    share = right / n
    error = math.sqrt(share * (1 - share) / (n - 1))
    found = example_interval(share, error, n, least=0.0, most=1.0)
    expected = scipy.stats.binomtest(right, n).proportion_ci(method="wilson")
    # Ours has Student's t for the normal quantile, and one answer fewer.
    assert found == pytest.approx((expected.low, expected.high), abs=0.4 / n)


def test_interval_of_a_loss_is_students_and_ends_at_its_best() -> None:
    expected = scipy.stats.t.interval(0.95, 19, 2.0, 0.5)
    assert example_interval(2.0, 0.5, 20, least=0.0) == pytest.approx(expected)
    assert example_interval(0.1, 0.5, 20, least=0.0)[0] == 0.0


def test_interval_holds_a_score_that_luck_put_beyond_a_bound() -> None:
    low, high = example_interval(1.02, 0.0, 20, least=0.0, most=1.0)
    assert low <= 1.02 <= high


def test_score_a_rounding_beyond_a_bound_has_the_interval_of_the_bound() -> None:
    exact = example_interval(1.0, 0.0, 100, least=0.0, most=1.0)
    assert example_interval(1.0000001, 0.0, 100, least=0.0, most=1.0) == exact


def test_bounds_may_lie_anywhere() -> None:
    low, high = example_interval(0.0, 0.05, 400, least=-1.0, most=1.0)
    assert low == pytest.approx(-high)
    assert high == pytest.approx(0.0979, abs=1e-3)
    points = example_interval(50.0, 2.5, 400, least=0.0, most=100.0)
    assert points == pytest.approx((50 + 50 * low, 50 + 50 * high))


def test_steps_that_go_together_widen_the_interval() -> None:
    alone = example_interval(0.9, 0.01, 500, least=0.0, most=1.0)
    together = example_interval(0.9, 0.03, 500, least=0.0, most=1.0)
    assert together[0] < alone[0] < alone[1] < together[1]
