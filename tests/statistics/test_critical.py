"""Tests Friedman's test and critical differences by Demsar's published example and scipy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from seqbench.statistics import LAST, rank_test, ranks_once, why_untested
from seqbench.statistics.critical import critical_difference, friedman, nemenyi_quantile

DEMSAR = {
    "C4.5": [4, 1, 4, 4, 4, 1, 3, 2.5, 4, 2.5, 4, 3, 4, 3],
    "C4.5+m": [3, 2, 1, 1, 2, 2.5, 2, 2.5, 3, 2.5, 2.5, 2, 1, 1],
    "C4.5+cf": [2, 3, 2, 3, 3, 4, 4, 4, 2, 2.5, 1, 4, 2, 4],
    "C4.5+m+cf": [1, 4, 3, 2, 1, 2.5, 1, 1, 1, 2.5, 2.5, 1, 3, 2],
}
"""The ranks of Demsar (2006), Table 6: four variants of a classifier on 14 data sets."""


def test_demsars_example_gives_his_numbers() -> None:
    found = rank_test(DEMSAR)
    assert {model: round(rank, 3) for model, rank in found.ranks.items()} == {
        "C4.5+m+cf": 1.964,
        "C4.5+m": 2.0,
        "C4.5+cf": 2.893,
        "C4.5": 3.143,
    }
    # Page 13: chi^2_F = 9.28, F_F = 3.69 with a critical value of 2.85, so that the models differ; CD = 1.25.
    assert found.chi_squared == pytest.approx(9.28, abs=0.005)
    assert found.p < 0.05
    assert found.difference == pytest.approx(1.25, abs=0.005)
    # At 5% no two of the four lie 1.25 apart: "Nemenyi's test is not powerful enough".
    assert found.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"),)


def test_quantiles_are_those_of_demsars_table_and_of_scipy() -> None:
    from scipy.stats import studentized_range

    table = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]
    assert [nemenyi_quantile(k) for k in range(2, 11)] == pytest.approx(table, abs=1e-3)
    assert nemenyi_quantile(4) == pytest.approx(studentized_range.ppf(0.95, 4, 1e6) / 2**0.5, abs=1e-4)


def test_statistic_is_scipys_and_its_p_value_that_of_all_permutations() -> None:
    from scipy.stats import friedmanchisquare

    scores = np.random.default_rng(1).normal(np.array([[0.0], [0.6], [1.2]]), 1.0, size=(3, 5))
    ranks = scores.argsort(axis=0).argsort(axis=0) + 1.0
    found = rank_test({str(i): list(row) for i, row in enumerate(ranks)})
    assert found.chi_squared == pytest.approx(friedmanchisquare(*scores).statistic)
    every = list(itertools.product(itertools.permutations([1, 2, 3]), repeat=5))
    sums = np.array(every).sum(axis=1)
    exact = ((sums**2).sum(axis=1) >= (ranks.sum(axis=1) ** 2).sum()).mean()
    assert found.p == pytest.approx(exact, abs=0.01)


def test_models_that_are_farther_apart_than_the_critical_difference_share_no_group() -> None:
    found = rank_test({"a": [1] * 10, "b": [2, 3] * 5, "c": [3, 2] * 5, "d": [4] * 10})
    assert found.difference == pytest.approx(critical_difference(4, 10))
    assert found.difference == pytest.approx(1.483, abs=1e-3)
    # Mean ranks 1, 2.5, 2.5 and 4.
    assert found.groups == (("b", "c"),)
    assert friedman([2.5] * 4, 10) == 0


def test_where_friedmans_test_shows_no_difference_all_models_are_one_group() -> None:
    found = rank_test({"a": [1, 1, 1, 2], "b": [3, 3, 3, 1], "c": [2, 2, 2, 4], "d": [4, 4, 4, 3]})
    # Mean ranks 1.25 and 3.75 are farther apart than 2.35, but p is 0.052.
    assert found.difference < 2.5
    assert found.p > 0.05
    assert found.groups == (("a", "b", "c", "d"),)


def outcomes(tasks: int, models: int = 3) -> dict[str, dict[tuple[str, int, int], float]]:
    return {
        f"m{m}": {(f"t{t}", length, 0): m + 0.01 * length for t in range(tasks) for length in (16, 64)}
        for m in range(models)
    }


def test_lengths_and_seeds_are_no_tasks_and_few_tasks_say_why_nothing_is_tested() -> None:
    assert why_untested(outcomes(4)) is None
    assert "3 tasks, and 4 are needed" in str(why_untested(outcomes(3)))
    assert "2 models were run everywhere" in str(why_untested(outcomes(9, models=2)))
    assert ranks_once(outcomes(6)) == {"m0": [3.0] * 6, "m1": [2.0] * 6, "m2": [1.0] * 6}


def test_a_task_counts_once_whatever_the_number_of_its_lengths() -> None:
    found = {
        "a": {("copy", 16, 0): 0.9, ("copy", 64, 0): 0.1, ("copy", 256, 0): 0.9},
        "b": {("copy", 16, 0): 0.8, ("copy", 64, 0): LAST, ("copy", 256, 0): 0.8},
        "c": {("copy", 16, 0): 0.7, ("copy", 64, 0): 0.9, ("copy", 256, 0): 0.7},
    }
    # Mean ranks 4/3, 7/3 and 7/3: the two that are equal share the ranks 2 and 3.
    assert ranks_once(found) == {"a": [1.0], "b": [2.5], "c": [2.5]}
