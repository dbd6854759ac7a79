"""Tests the best path and the prefix beam against all alignments, each collapsed by hand."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby, product

import pytest
import torch
from seqbench_speech.transcripts import best_path, prefix_beam, transcripts


def all_transcripts(log_probabilities: torch.Tensor) -> dict[tuple[int, ...], float]:
    """Return the probability of each transcript: that of all paths that collapse to it."""
    found: dict[tuple[int, ...], float] = defaultdict(float)
    chances = log_probabilities.exp().tolist()
    for path in product(range(len(chances[0])), repeat=len(chances)):
        chance = 1.0
        for row, output in zip(chances, path, strict=True):
            chance *= row[output]
        found[tuple(output - 1 for output, _ in groupby(path) if output)] += chance
    return found


def outputs(seed: int, steps: int, symbols: int, sharpness: float = 1.0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    drawn = torch.randn(steps, 1 + symbols, generator=rng, dtype=torch.float64)
    return (sharpness * drawn).log_softmax(-1)


@pytest.mark.parametrize(("steps", "symbols"), [(1, 3), (4, 2), (6, 2), (5, 3)])
def test_wide_beam_finds_the_most_probable_of_all_transcripts(steps: int, symbols: int) -> None:
    for seed in range(20):
        given = outputs(seed, steps, symbols)
        chances = all_transcripts(given)
        assert chances[tuple(prefix_beam(given, 10_000))] == pytest.approx(max(chances.values()), rel=1e-12)


def test_beam_sums_over_alignments_where_the_best_path_does_not() -> None:
    # Blank has 0.6 at each of two steps: the likeliest path is silent, and "0" has 0.4 + 0.6 x 0.4 = 0.64.
    given = torch.tensor([[0.6, 0.4], [0.6, 0.4]], dtype=torch.float64).log()
    assert best_path(given) == []
    assert prefix_beam(given, 4) == [0]


def test_symbol_is_written_twice_only_across_a_blank() -> None:
    sure = torch.eye(3, dtype=torch.float64).clamp_min(1e-9).log()
    for path, symbols in (((1, 1, 2), [0, 1]), ((1, 0, 1), [0, 0]), ((0, 0, 0), []), ((2, 2, 2), [1])):
        assert best_path(sure[list(path)]) == prefix_beam(sure[list(path)], 8) == symbols


def test_narrow_beam_on_sharp_outputs_agrees_with_the_best_path() -> None:
    given = outputs(0, 60, 5, sharpness=30.0)
    assert prefix_beam(given, 4) == best_path(given)


def test_rows_are_read_up_to_their_length() -> None:
    sure = torch.eye(3).clamp_min(1e-9).log()[torch.tensor([[1, 0, 2, 2], [2, 1, 1, 1]])]
    for beams in (1, 3):
        assert transcripts(sure, torch.tensor([4, 1]), beams) == [[0, 1], [1]]
