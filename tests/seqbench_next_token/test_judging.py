"""Tests the judgement of written texts against counts by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from seqbench_next_token.judging import copied, distinct, judged
from seqbench_next_token.kneser_ney import KneserNey

TRAIN = np.random.default_rng(0).integers(0, 9, 2000)


def longest_by_hand(text: list[int], train: list[int]) -> int:
    def is_there(run: list[int]) -> bool:
        return any(train[at : at + len(run)] == run for at in range(len(train)))

    return max(n for n in range(30) if any(is_there(text[at : at + n]) for at in range(len(text) - n + 1)))


@pytest.mark.parametrize("seed", range(4))
def test_longest_copied_run_and_copied_8_grams_are_those_found_by_looking(seed: int) -> None:
    rng = np.random.default_rng(seed + 1)
    text = rng.integers(0, 9, 40).tolist()
    text[10:23] = TRAIN[500:513].tolist()
    found = copied([text, [1]], TRAIN)
    assert found["longest_copied_run"] == longest_by_hand(text, TRAIN.tolist()) >= 13
    runs = {tuple(TRAIN[at : at + 8]) for at in range(1993)}
    assert found["copied_8_grams"] == sum(tuple(text[at : at + 8]) in runs for at in range(33)) / 33


def test_variety_counts_different_n_grams_within_samples() -> None:
    assert distinct([[1, 1, 1], [1, 1]], 1) == 0.2
    assert distinct([[1, 2], [1, 2]], 2) == 0.5
    assert distinct([[1]], 2) is None


def test_scores_of_short_samples_are_left_out_and_of_none_too() -> None:
    model = KneserNey.fit(TRAIN, 9, 3)
    assert judged([], TRAIN, model, 2) == {}
    assert judged([[3]], TRAIN, model, 2) == {"distinct_1": 1.0, "longest_copied_run": 1}
    found = judged([TRAIN[:50].tolist()], TRAIN, model, 3)
    assert found["copied_8_grams"] == 1.0
    assert found["longest_copied_run"] == 50
    expected = math.exp(-model.log_probabilities(TRAIN[:50])[2].mean())
    assert found["kneser_ney_perplexity"] == pytest.approx(expected)
