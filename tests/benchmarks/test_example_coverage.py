"""Tests by simulation that intervals over test examples hold the true score, and that those over steps do not."""

from __future__ import annotations

import pytest

from benchmarks.example_coverage import LAWS, coverage


@pytest.mark.slow
@pytest.mark.parametrize("name", LAWS)
def test_intervals_over_examples_hold_the_true_score(name: str) -> None:
    assert 0.92 <= coverage(LAWS[name], 200, runs=3000) <= 0.975


def test_steps_that_go_together_are_no_examples() -> None:
    law = LAWS["accuracy 0.9 of steps that go together"]
    assert coverage(law, 100, runs=300) > 0.9
    assert coverage(law, 100, runs=300, by_steps=True) < 0.75
