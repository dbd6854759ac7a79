"""Tests that the usable length follows its definition, and that its bounds hold the truth."""

from __future__ import annotations

import numpy as np
import pytest

from seqbench.statistics import (
    summary,
    usable_length,
)


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
