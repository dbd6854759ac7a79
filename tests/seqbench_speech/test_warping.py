"""Tests time warping against its recursion written out, and against dtw-python.

Modules: seqbench_speech.templates.
"""

from __future__ import annotations

from functools import cache

import pytest
import torch
from seqbench_speech.warping import nearest, warped_distances


def rows(lengths: list[int], seed: int) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(length, 3, generator=rng) for length in lengths]


def written_out(one: torch.Tensor, other: torch.Tensor) -> float:
    def apart(i: int, j: int) -> float:
        return float((one[i].double() - other[j].double()).norm())

    @cache
    def least(i: int, j: int) -> float:
        if i < 0 or j < 0:
            return float("inf")
        if (i, j) == (0, 0):
            return 2 * apart(0, 0)
        here = apart(i, j)
        return min(least(i - 1, j) + here, least(i - 1, j - 1) + 2 * here, least(i, j - 1) + here)

    return least(len(one) - 1, len(other) - 1) / (len(one) + len(other))


ASKED, TEMPLATES = rows([1, 5, 9, 4], 0), rows([7, 1, 6], 1)


def test_distances_are_those_of_the_recursion_whatever_the_padding() -> None:
    found = warped_distances(ASKED, TEMPLATES)
    expected = torch.tensor([[written_out(one, other) for other in TEMPLATES] for one in ASKED])
    assert torch.allclose(found.float(), expected, atol=1e-4)


def test_distances_are_those_of_dtw_python() -> None:
    dtw = pytest.importorskip("dtw", reason="dtw-python is not installed")
    for one, row in zip(ASKED, warped_distances(ASKED, TEMPLATES), strict=True):
        for other, ours in zip(TEMPLATES, row.tolist(), strict=True):
            there = dtw.dtw(one.double().numpy(), other.double().numpy(), step_pattern="symmetric2")
            # It counts the distance of the first two frames once, and Sakoe & Chiba twice.
            first = float((one[0].double() - other[0].double()).norm())
            assert (there.distance + first) / (len(one) + len(other)) == pytest.approx(ours, abs=1e-4)


def test_slower_copy_of_a_template_is_nearest_to_it() -> None:
    slower = [each.repeat_interleave(2, dim=0) for each in TEMPLATES]
    assert warped_distances(slower, TEMPLATES).diagonal().tolist() == pytest.approx([0.0] * 3, abs=1e-2)
    assert nearest(slower, TEMPLATES, [5, 6, 7]) == [5, 6, 7]
