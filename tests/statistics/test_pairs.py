"""Tests comparisons of models in pairs by scipy, by counting all signs, and by their error rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from seqbench.statistics import (
    LAST,
    compare,
    holm,
    signed_rank_p,
)


def test_signed_rank_p_without_ties_is_that_of_scipy() -> None:
    for n in (6, 11, 40, 150):
        differences = [float(d) for d in np.random.default_rng(n).normal(0.2, 1, n)]
        method = "exact" if n <= 100 else "approx"
        expected = scipy.stats.wilcoxon(differences, method=method, correction=True).pvalue
        assert signed_rank_p(differences) == pytest.approx(expected, rel=1e-9)


def test_signed_rank_p_with_ties_counts_every_way_to_sign_them() -> None:
    differences = [0.0, 0.5, 0.5, -0.25, 1.0, 1.0, -0.25, math.inf, -0.75]
    ranks = [0, 3.5, 3.5, 1.5, 6.5, 6.5, 1.5, 8, 5]
    moved = [rank for rank in ranks if rank]
    signs = [[1 if (way >> i) & 1 else 0 for i in range(8)] for way in range(256)]
    sums = [sum(rank for rank, sign in zip(moved, each, strict=True) if sign) for each in signs]
    seen = sum(rank for rank, difference in zip(ranks, differences, strict=True) if difference > 0)
    as_extreme = sum(min(each, 36 - each) <= min(seen, 36 - seen) for each in sums)
    assert signed_rank_p(differences) == pytest.approx(as_extreme / 256)


@pytest.mark.parametrize("n", [6, 10, 30, 150])
def test_compare_of_equal_models_errs_in_no_more_than_5_of_100(n: int) -> None:
    generator = np.random.default_rng(n)
    places = [("copy", 16, seed) for seed in range(n)]
    wrong = 0
    for _ in range(1500):
        # Difficulty of the data is shared by a pair; scores are rounded, so that some are equal.
        data = generator.normal(0.5, 0.3, n)
        skills = (data + generator.normal(0, 0.1, (2, n))).round(2)
        pair = {
            name: dict(zip(places, map(float, own), strict=True)) for name, own in zip("ab", skills, strict=True)
        }
        (found,) = compare(pair)
        wrong += found.p is not None and found.p <= 0.05
    # Three standard errors above 5% are 6.7%; an exact test of few pairs stays well below.
    assert wrong / 1500 <= 0.067
    assert wrong / 1500 >= 0.015


def test_holm_over_ties_of_many_models_errs_in_no_more_than_5_of_100_families() -> None:
    generator = np.random.default_rng(5)
    wrong = 0
    for _ in range(300):
        skills = generator.normal(0.5, 0.1, (5, 16))
        outcomes = {str(i): {("copy", 16, s): float(x) for s, x in enumerate(row)} for i, row in enumerate(skills)}
        found = compare(outcomes)
        assert len(found) == 10
        wrong += any(each.p_holm is not None and each.p_holm <= 0.05 for each in found)
    assert wrong / 300 <= 0.088  # 5% and three standard errors


def test_holm_is_the_textbook_example() -> None:
    # Holm 1979: sorted p times what is left of the family, never falling, at most 1.
    assert holm([0.04, 0.001, 0.9, 0.02]) == pytest.approx([0.08, 0.004, 0.9, 0.06])
    assert holm([]) == []


def test_compare_takes_shared_places_only_and_ranks_a_cell_without_skill_last() -> None:
    outcomes = {
        "gru": {("copy", 16, seed): 0.25 * seed for seed in range(7)},
        "rnn": {("copy", 16, seed): (LAST if seed < 4 else 0.25) for seed in range(1, 7)},
        "new": {("copy", 16, 0): 0.5},
        "far": {("copy", 64, 0): 0.5},
    }
    by_pair = {(each.first, each.second): each for each in compare(outcomes)}
    both = by_pair["gru", "rnn"]
    assert (both.n, both.wins, both.ties, both.losses, both.difference) == (6, 6, 0, 0, None)
    assert both.p == pytest.approx(2 / 2**6)
    assert by_pair["gru", "new"].p is None
    assert by_pair["gru", "new"].difference == -0.5
    assert by_pair["gru", "far"].n == 0
    assert by_pair["gru", "far"].difference is None
    # The tests that were not made are none to correct for.
    assert both.p_holm == both.p
