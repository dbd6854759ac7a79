"""Tests connected words against all rows of templates and all ways through each, enumerated."""

from __future__ import annotations

import math

import pytest
import torch
from seqbench_speech.connected import connected_words


def word_cost(frames: torch.Tensor, template: torch.Tensor) -> float:
    """Return the least cost of one template for these frames, over all ways through it."""

    def least(step: int, place: int) -> float:
        here = float((frames[step] - template[place]).norm())
        if step == len(frames) - 1:
            return here if place == len(template) - 1 else math.inf
        on = [place + move for move in (0, 1, 2) if place + move < len(template)]
        return here + min(least(step + 1, each) for each in on)

    return min(least(0, place) for place in (0, 1) if place < len(template))


def best_row(frames: torch.Tensor, templates: list[torch.Tensor]) -> tuple[float, list[int]]:
    """Return cost and templates of the best row, over all cuts of the utterance."""
    if not len(frames):
        return 0.0, []
    found = []
    for cut in range(len(frames)):
        cost, row = best_row(frames[:cut], templates)
        found += [(cost + word_cost(frames[cut:], each), [*row, place]) for place, each in enumerate(templates)]
    return min(found)


@pytest.mark.parametrize("steps", [1, 2, 4, 5])
def test_row_is_the_best_of_all(steps: int) -> None:
    for seed in range(10):
        rng = torch.Generator().manual_seed(seed)
        templates = [torch.randn(length, 2, generator=rng) for length in (1, 3, 4)]
        frames = torch.randn(steps, 2, generator=rng)
        assert connected_words(frames, templates) == best_row(frames, templates)[1]


def test_templates_that_are_said_slowly_or_fast_are_found_in_their_order() -> None:
    rng = torch.Generator().manual_seed(0)
    templates = [10 * torch.randn(length, 3, generator=rng) for length in (6, 8, 7)]
    said = torch.cat(
        [
            templates[2].repeat_interleave(2, dim=0),
            templates[0],
            templates[0],
            templates[1][::2],
            templates[1][-1:],
        ]
    )
    assert connected_words(said, templates) == [2, 0, 0, 1]


def test_utterance_that_is_too_short_for_each_template_is_none() -> None:
    assert connected_words(torch.zeros(2, 1), [torch.zeros(9, 1)]) == []
