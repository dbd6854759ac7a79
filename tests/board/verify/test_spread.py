"""Tests that a score of another processor is judged by the spread of further seeds."""

from __future__ import annotations

import random

import pytest

from seqbench.board.verify.spread import _half_width


def test_prediction_interval_holds_one_more_seed_as_often_as_it_says() -> None:
    # Of four numbers with standard deviation sqrt(4 / 3); t of 3 degrees of freedom at 99% is 5.8409.
    expected = 5.840909 * (4 / 3) ** 0.5 * (1 + 1 / 4) ** 0.5
    assert _half_width([-1.0, 1.0, -1.0, 1.0], 1, 0.0) == pytest.approx(expected)
    chance = random.Random(3)
    drawn = [[chance.gauss(0, 1) for _ in range(6)] for _ in range(2000)]
    within = sum(abs(last - sum(five) / 5) <= _half_width(five, 1, 0.0) for *five, last in drawn)
    assert 0.985 <= within / 2000 <= 0.995
