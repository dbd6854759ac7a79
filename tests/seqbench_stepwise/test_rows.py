"""Tests draws, sizes, worked examples and metrics that tasks with an answer at steps share.

Modules: seqbench_stepwise.columns, seqbench_stepwise.rows.
"""

from __future__ import annotations

import math
from itertools import permutations

import pytest
import torch
from seqbench_stepwise.columns import aligned, worked_example
from seqbench_stepwise.rows import draw_distinct, rows_within, share_seen, smallest_type
from seqbench_stepwise.scores import exact_match, guess, loss
from torch import Tensor

from seqbench import UNSCORED, Batch, Split, evaluate
from tests.answering import is_near

SPLIT = Split(torch.tensor([[4, 0, 1], [2, 4, 0]]), torch.tensor([[UNSCORED, 1, 0], [UNSCORED, 0, 1]]))


def three_quarters(batch: Batch) -> Tensor:
    """Put three quarters on the right class of two: odds of 3."""
    return torch.nn.functional.one_hot(batch.targets.clamp(min=0), 2) * math.log(3)


def test_metrics_are_worked_by_hand() -> None:
    found = evaluate((exact_match(), loss()), SPLIT, three_quarters)
    assert found == {"exact_match": 1.0, "loss": pytest.approx(-math.log(0.75))}
    last_is_wrong = torch.tensor([1, 1, -1])[:, None]
    assert evaluate((exact_match(),), SPLIT, lambda batch: three_quarters(batch) * last_is_wrong) == {
        "exact_match": 0.0
    }


def test_metrics_are_unknown_when_outputs_are_nan() -> None:
    found = evaluate((exact_match(), loss()), SPLIT, lambda batch: torch.full((2, 3, 2), math.nan))
    assert all(math.isnan(score) for score in found.values())


def test_guess_has_the_expected_scores_of_equal_probabilities() -> None:
    base = guess("by chance", choices=8, answers=2, is_reference=False)
    assert base.scores == {"accuracy": 1 / 8, "exact_match": 1 / 64, "loss": math.log(8)}
    assert not base.is_reference
    assert guess("many", choices=512, answers=512).scores["exact_match"] == 0  # too small for a float


def test_draws_are_distinct_and_as_probable_as_one_after_the_other() -> None:
    weights = torch.tensor([4.0, 2.0, 1.0, 1.0])
    drawn = draw_distinct(torch.Generator().manual_seed(0), 40_000, weights, 2)
    found = [tuple(row) for row in drawn.tolist()]
    for one, two in permutations(range(4), 2):
        expected = weights[one] / 8 * weights[two] / (8 - weights[one])
        assert is_near(found.count((one, two)) / 40_000, float(expected), 40_000)
    assert all(one != two for one, two in found)


def test_rows_that_are_drawn_in_several_parts_all_differ() -> None:
    drawn = draw_distinct(torch.Generator().manual_seed(0), 3, torch.ones(1_100_000), 5)
    assert len({tuple(row) for row in drawn.tolist()}) == 3


def test_sizes() -> None:
    assert [rows_within(20, 100, steps) for steps in (1, 5, 10, 1000)] == [20, 20, 10, 1]
    assert [smallest_type(n) for n in (128, 129, 2**15, 2**15 + 1)] == [
        torch.int8,
        torch.int16,
        torch.int16,
        torch.int32,
    ]


def test_repeated_rows_are_counted_where_rows_are_views() -> None:
    rows = torch.arange(40).remainder(7).view(10, 4)
    expected = sum(row in rows[:5, 1:].tolist() for row in rows[5:, 1:].tolist()) / 5
    assert share_seen(rows[5:, 1:], rows[:5, 1:]) == expected


def test_steps_that_are_not_shown_are_counted_but_a_single_one_is_shown() -> None:
    signs = [str(n) for n in range(10)]
    assert aligned({"input": signs}, [1, 4, 6]) == "input   0 1 (2 more) 4 5 6 (3 more)"
    assert aligned({"input": signs}, [-3, 0, 12, 9]) == "input   0 (8 more) 9"


def test_short_example_is_shown_whole_and_a_long_one_where_it_says() -> None:
    def shown(scored: list[int]) -> list[int]:
        return scored

    text = worked_example(SPLIT, 1, sign=lambda token: "." if token == 4 else str(token), answer=str, shown=shown)
    assert text == "input   2 . 0\ntarget    0 1\nscored    ^ ^"
    long = Split(torch.zeros(1, 60, dtype=torch.int8), torch.tensor([3]))
    assert worked_example(long, 0, sign=str, answer=str, shown=shown) == (
        "input   (59 more) 0\ntarget            3\nscored            ^"
    )
