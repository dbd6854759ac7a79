"""Tests by simulation that intervals after tuning hold the true score, and that those of the choice do not."""

from __future__ import annotations

import pytest

from benchmarks.tuning_coverage import coverage


@pytest.mark.slow
@pytest.mark.parametrize(("trials", "seeds"), [(12, 3), (12, 6), (48, 6), (12, 14)])
def test_intervals_after_tuning_hold_the_true_score_of_the_choice(trials: int, seeds: int) -> None:
    found = coverage(trials, seeds, runs=3000)
    assert 0.93 <= found.fresh <= 0.97
    # By the scores by which it was chosen, a setting looks better than it is.
    assert found.chosen < 0.93
    assert found.bias > 0.1


def test_a_search_of_one_trial_chooses_nothing_and_has_no_bias() -> None:
    found = coverage(1, 3, runs=400)
    assert abs(found.bias) < 0.1
    assert found.fresh > 0.9
    assert found.chosen > 0.9
