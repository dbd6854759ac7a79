"""Measures how far recordings are from each other by dynamic time warping (Sakoe & Chiba 1978)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

CELLS = 2**23
"""Cells of the tables that are filled at a time."""


def nearest(asked: Sequence[Tensor], templates: Sequence[Tensor], labels: Sequence[int]) -> list[int]:
    """Return the label of the nearest template of each recording, rows of [frames, bands]."""
    longest = max(map(len, templates)) * max(map(len, asked))
    size = max(1, CELLS // (longest * len(templates)))
    found: list[int] = []
    for begin in range(0, len(asked), size):
        distances = warped_distances(asked[begin : begin + size], templates)
        found += [labels[place] for place in distances.argmin(1).tolist()]
    return found


def warped_distances(asked: Sequence[Tensor], templates: Sequence[Tensor]) -> Tensor:
    """Return the warped distance of each pair: [asked, templates].

    The distance of two frames d(i, j) is Euclidean, and that of two recordings of N and M frames is g(N, M) /
    (N + M) with g(i, j) = min(g(i-1, j) + d, g(i-1, j-1) + 2 d, g(i, j-1) + d), the symmetric form without a slope
    constraint (Sakoe & Chiba 1978, table I, P = 0).
    """
    import torch
    from torch.nn.utils.rnn import pad_sequence

    ours, theirs = (pad_sequence([each.float() for each in rows]) for rows in (asked, templates))
    apart = torch.cdist(ours.flatten(0, 1), theirs.flatten(0, 1)).view(*ours.shape[:2], *theirs.shape[:2])
    ends = torch.tensor([len(each) for each in asked]), torch.tensor([len(each) for each in templates])
    return _ends_of_paths(apart, *ends) / (ends[0][:, None] + ends[1])


def _ends_of_paths(apart: Tensor, ours: Tensor, theirs: Tensor) -> Tensor:
    """Return g(N, M) of each pair: [asked, templates].

    Args:
        apart: distances of frames, [frames, asked, frames, templates].
        ours, theirs: N of each asked recording, M of each template.
    """
    import torch

    found = torch.empty(len(ours), len(theirs))
    before: list[Tensor] = []
    is_last = {step: (ours == step + 1).nonzero()[:, 0] for step in range(len(apart))}
    for i, distances in enumerate(apart):
        here: list[Tensor] = []
        for j, distance in enumerate(distances.unbind(1)):
            ways = [before[j] + distance] if i else []
            ways += [before[j - 1] + 2 * distance] if i and j else []
            ways += [here[j - 1] + distance] if j else []
            least = 2 * distance if not ways else ways[0]
            for way in ways[1:]:
                least = torch.minimum(least, way)
            here.append(least)
        if len(is_last[i]):
            rows = torch.stack(here)[theirs - 1, :, torch.arange(len(theirs))].T
            found[is_last[i]] = rows[is_last[i]]
        before = here
    return found
