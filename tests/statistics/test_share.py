"""Tests the interval of a share by scipy's."""

from __future__ import annotations

import pytest
import scipy.stats

from seqbench.statistics import share_interval


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (0, 6), (1, 6), (4, 6), (6, 6), (7, 30), (99, 100)])
def test_interval_is_that_of_clopper_and_pearson(successes: int, n: int) -> None:
    expected = scipy.stats.binomtest(successes, n).proportion_ci(0.95, method="exact")
    assert share_interval(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-9)
