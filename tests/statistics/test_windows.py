"""Tests windows of learning rates: the level that counts as learned, and widths worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from seqbench.statistics import learned_level, window


def test_level_is_half_of_the_way_and_one_that_nearly_diverged_does_not_move_it() -> None:
    learned = [0.002, 0.003, 0.01]
    ignorant = [0.167, 0.168, 0.167, 0.169, 0.167]
    found = learned_level([*learned, *ignorant], is_higher_better=False)
    moved = learned_level([*learned, *ignorant, 40.0], is_higher_better=False)
    assert found is not None
    assert moved is not None
    level, worse = found.level, moved.level
    assert found.nothing == pytest.approx(0.167, abs=0.001)
    assert level == pytest.approx((0.002 + 0.167) / 2, abs=0.001)
    assert worse == pytest.approx(level, abs=0.001)
    # By the worst score, the ignorant ones would count as learned.
    assert max(ignorant) > worse
    assert max(ignorant) < (0.002 + 40) / 2
    assert learned_level([0.1, 0.9, 0.5], is_higher_better=True) is None


def test_width_is_that_of_the_stretches_of_trials_that_learned() -> None:
    rates = [1e-4, 1e-3, 1e-2, 1e-1]
    found = window({rate: [i in (1, 2)] for i, rate in enumerate(rates)}, 1e-4, 1e-1)
    # From halfway to 1e-4 up to halfway to 1e-1.
    assert (found.decades, found.of, found.is_open, found.trials) == pytest.approx((2, 3, False, 4))
    assert window({rate: [False] for rate in rates}, 1e-4, 1e-1).decades == 0
    whole = window({rate: [True] for rate in rates}, 1e-4, 1e-1)
    assert (whole.decades, whole.is_open) == (pytest.approx(3), True)


def test_a_hole_in_the_window_is_no_part_of_it_and_shares_count() -> None:
    rates = [1e-4, 1e-3, 1e-2]
    assert window({1e-4: [True], 1e-3: [False], 1e-2: [True]}, 1e-4, 1e-2).decades == pytest.approx(1)
    assert window({rate: [True, False, False, False] for rate in rates}, 1e-4, 1e-2).decades == pytest.approx(0.5)


def test_width_from_random_rates_is_on_average_the_true_one() -> None:
    random = np.random.default_rng(0)
    widths = []
    for _ in range(400):
        tried = 10 ** random.uniform(-4, -2, 12)
        widths.append(window({float(rate): [3e-4 <= rate <= 3e-3] for rate in tried}, 1e-4, 1e-2).decades)
    assert np.mean(widths) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    ("scores", "is_clear"),
    [
        ([0.1, *[0.95, 0.96, 0.97] * 2, 0.98, 0.985, 0.99], False),
        ([0.120, 0.122, 0.124, 0.126, 0.128, 0.130], False),
        ([0.12, 0.13, 0.12, 0.13, 0.4], True),
    ],
)
def test_level_is_not_clear_where_nearly_all_learn_or_none(scores: list[float], is_clear: bool) -> None:
    found = learned_level(scores, is_higher_better=True)
    assert found is not None
    assert found.is_clear == is_clear
    assert found.best == pytest.approx(max(scores))
