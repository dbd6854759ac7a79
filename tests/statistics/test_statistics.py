"""Tests coverage and error rates of the statistics, their definitions, and textbook examples."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import scipy.stats

from seqbench.statistics import (
    LAST,
    SeedSummary,
    compare,
    holm,
    interval,
    mean_ranks,
    signed_rank_p,
    summary,
    usable_length,
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


@pytest.mark.parametrize(
    ("skills", "diverged", "expected"),
    [
        ({8: 0.9, 16: 0.5, 32: 0.49}, (), "16"),
        ({8: 0.9, 16: 0.5}, (), ">= 16"),
        ({8: 0.3, 16: 0.9}, (), "-"),
        ({8: 0.9, 16: 0.1, 32: 0.9}, (), "8"),  # a length that holds beyond one that does not is not reached
        ({32: 0.9, 8: 0.9}, (), ">= 32"),  # whatever the order
        ({8: 0.9, 16: 0.9}, (16,), "8"),  # the other seeds do well, and one diverged
        ({8: 0.9}, (16,), "8"),
        ({}, (8,), "-"),
        ({8: 0.9, 16: None, 32: 0.9}, (), ">= 8 (T=16 unknown)"),
        ({8: None, 16: 0.9}, (), "? (T=8 unknown)"),
        ({8: None, 16: 0.9}, (8,), "-"),
        ({8: -3.0}, (), "-"),
        ({}, (), "-"),
    ],
)
def test_usable_length_follows_its_definition(
    skills: dict[int, float | None], diverged: tuple[int, ...], expected: str
) -> None:
    known = {length: None if skill is None else summary([skill]) for length, skill in skills.items()}
    found = usable_length(known, diverged)
    assert str(found) == expected
    # One seed does not say how sure that is.
    assert found.interval in ("", "[-, -]")


def test_usable_length_of_seeds_that_disagree_says_so() -> None:
    # The mean is 0.6 at T=16 either way; with the wide spread it may as well not hold.
    sure = usable_length(
        {8: summary([0.9, 0.9, 0.91]), 16: summary([0.6, 0.61, 0.59]), 32: summary([0.1, 0.1, 0.1])}
    )
    unsure = usable_length(
        {8: summary([0.9, 0.9, 0.91]), 16: summary([1.0, 0.8, 0.0]), 32: summary([0.1, 0.9, 0.2])}
    )
    assert (str(sure), sure.interval, sure.n) == ("16", "[16, 16]", 3)
    assert (str(unsure), unsure.interval) == ("16", "[8, >= 32]")
    one_seed = usable_length({8: summary([0.9, 0.9]), 16: summary([0.6])})
    assert (str(one_seed), one_seed.interval, one_seed.n) == (">= 16", "", 1)


def test_usable_length_bounds_hold_the_truth_in_95_of_100() -> None:
    truth = {16: 0.95, 64: 0.6, 256: 0.42, 1024: 0.0}
    draws = np.random.default_rng(0).normal(0, 0.12, size=(1000, 4, 3))
    held = 0
    for noise in draws:
        scores = zip(truth.items(), noise, strict=True)
        skills = {length: summary([mean + float(error) for error in errors]) for (length, mean), errors in scores}
        found = usable_length(skills)
        assert found.low is not None
        assert found.high is not None
        held += (found.low.length or 0) <= 64 <= (found.high.length or 0)
    assert held >= 950


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


def test_mean_ranks_weigh_tasks_alike_and_leave_out_who_did_not_run_everywhere() -> None:
    outcomes = {
        "a": {("copy", 16, 0): 0.9, ("copy", 64, 0): 0.9, ("sentiment", 16, 0): 0.1},
        "b": {("copy", 16, 0): 0.5, ("copy", 64, 0): LAST, ("sentiment", 16, 0): 0.3},
        "c": {("copy", 16, 0): 0.5, ("copy", 64, 0): LAST, ("sentiment", 16, 0): 0.2},
        "d": {("copy", 16, 0): 1.0, ("copy", 64, 0): 1.0},
    }
    found = mean_ranks(outcomes)
    # By hand: a is 1 and 1 on copy, 3 on sentiment; b 2.5, 2.5, 1; c 2.5, 2.5, 2.
    assert [(each.model, each.rank, each.missing) for each in found] == [
        ("b", 1.75, 0),
        ("a", 2.0, 0),
        ("c", 2.25, 0),
        ("d", None, 1),
    ]
    assert found[0].interval is not None
    assert (found[0].interval.low, found[0].interval.high) == (1, 3)
