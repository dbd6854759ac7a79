"""Tests by simulation that intervals over tasks hold the truth, and that equal models are seldom told apart."""

from __future__ import annotations

import pytest

from benchmarks.task_coverage import correlation_coverage, false_differences, rank_coverage, seed_coverage


@pytest.mark.slow
@pytest.mark.parametrize(("tasks", "seeds"), [(6, 3), (15, 6)])
def test_intervals_hold_the_true_mean_rank(tasks: int, seeds: int) -> None:
    assert 0.90 <= rank_coverage(tasks, seeds, runs=200) <= 1
    assert 0.90 <= seed_coverage(tasks, seeds, runs=200) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("is_within", [False, True])
@pytest.mark.parametrize("tasks", [8])
def test_intervals_over_tasks_hold_the_true_correlation(tasks: int, is_within: bool) -> None:
    # A bootstrap of so few tasks covers a little less than 95%: 0.91 to 0.95 were measured.
    assert 0.86 <= correlation_coverage(tasks, runs=200, is_within=is_within) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("models", [3, 5, 8])
@pytest.mark.parametrize("tasks", [4, 20])
def test_equal_models_are_told_apart_in_at_most_one_table_of_twenty(models: int, tasks: int) -> None:
    assert false_differences(models, tasks, runs=500) <= 0.05 + 3 * (0.05 * 0.95 / 500) ** 0.5
