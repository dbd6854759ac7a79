"""Tests the expected best score of n trials against all draws, one by one."""

from __future__ import annotations

from itertools import combinations
from statistics import fmean

import numpy as np
import pytest

from seqbench.statistics import best_so_far, expected_best

SCORES = [0.5, 0.9, 0.1, 0.9, 0.3]


def test_expectation_is_the_mean_over_all_draws_without_replacement() -> None:
    for is_higher_better, best in ((True, max), (False, min)):
        by_hand = [fmean(best(drawn) for drawn in combinations(SCORES, n)) for n in range(1, 6)]
        assert expected_best(SCORES, is_higher_better=is_higher_better) == pytest.approx(by_hand)


def test_it_is_unbiased_for_new_trials_where_drawing_with_replacement_is_not() -> None:
    random = np.random.default_rng(0)
    drawn = random.random((1500, 10))
    without = np.mean([expected_best(list(row), is_higher_better=True)[9] or 0.0 for row in drawn])
    shares = (np.arange(1, 11) / 10) ** 10 - (np.arange(10) / 10) ** 10
    with_replacement = (np.sort(drawn, axis=1) * shares).sum(axis=1).mean()
    # The best of ten uniform numbers is 10/11 on average.
    assert without == pytest.approx(10 / 11, abs=0.006)
    assert with_replacement < 10 / 11 - 0.02


def test_trials_without_a_score_are_worse_than_all_others_and_never_filled_in() -> None:
    found = expected_best([0.4, None, 0.8, None], is_higher_better=True)
    assert found[:2] == [None, None]
    # Of the four draws of three, two have both scores, and one each has 0.4 or 0.8 alone.
    assert found[2:] == pytest.approx([(0.8 + 0.8 + 0.4 + 0.8) / 4, 0.8])
    assert expected_best([None, None], is_higher_better=False) == [None, None]
    assert expected_best([], is_higher_better=False) == []


def test_best_so_far_follows_the_order_of_the_trials() -> None:
    assert best_so_far([2.0, 3.0, None, 1.0], is_higher_better=False) == [2.0, 2.0, 2.0, 1.0]
