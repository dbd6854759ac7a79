"""Are mean, spread and usable length what their definitions say?"""

from __future__ import annotations

import math

import pytest

from seqbench.statistics import Summary, summary, usable_length


def test_summary_of_known_numbers_is_the_textbook_value() -> None:
    # Mean 5, sum of squared deviations 32, divisor 7.
    found = summary([2, 4, 4, 4, 5, 5, 7, 9])
    assert found is not None
    assert (found.mean, found.n) == (5.0, 8)
    assert found.spread == pytest.approx(math.sqrt(32 / 7))


def test_summary_of_one_number_has_no_spread_and_of_none_is_none() -> None:
    assert summary([0.3]) == Summary(0.3, None, 1)
    assert summary([]) is None


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
    assert str(usable_length(skills, diverged)) == expected
