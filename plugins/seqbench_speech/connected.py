"""Finds the words of an utterance by dynamic time warping against templates in a row (Ney 1984)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


def connected_words(asked: Tensor, templates: Sequence[Tensor]) -> list[int]:
    """Return which templates in a row are nearest to an utterance; none if it is too short for each.

    Each frame of the utterance is compared once. From one frame to the next a template stays, moves on by one
    frame or by two; after its last frame any template may begin, at its first frame or its second. The distance of
    a row is the sum of those of its frames (Ney 1984, the one-stage algorithm).

    Args:
        asked: an utterance, [frames, bands].
        templates: rows of [frames, bands].
    """
    import numpy as np

    apart, lasts = _distances(asked, templates)
    every = np.arange(len(templates))
    costs, begun = np.full_like(apart[0], np.inf), np.zeros(apart.shape[1:], dtype=np.int32)
    best, ends = 0.0, [(-1, 0)]
    for step, distances in enumerate(apart):
        costs, begun = _moved(costs, begun, best, step)
        costs = costs + distances
        found = int(costs[every, lasts].argmin())
        best = float(costs[found, lasts[found]])
        ends.append((found, int(begun[found, lasts[found]])))
    return _traced(ends) if np.isfinite(best) else []


def _distances(asked: Tensor, templates: Sequence[Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Return distances, [frames, templates, longest], infinite behind a template's end; and its last frame."""
    import numpy as np
    import torch

    lengths = [len(each) for each in templates]
    together = torch.cdist(asked.float(), torch.cat([each.float() for each in templates]))
    apart = torch.split(together, lengths, dim=1)
    found = np.full((len(asked), len(templates), max(lengths)), np.inf, dtype=np.float32)
    for place, distances in enumerate(apart):
        found[:, place, : lengths[place]] = distances.numpy()
    return found, np.array(lengths) - 1


def _moved(costs: np.ndarray, begun: np.ndarray, best: float, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the least cost of the ways to each frame of each template, and the step at which its word began."""
    import numpy as np

    rows, frames = costs.shape
    ways = np.empty((rows, frames + 2), costs.dtype)
    ways[:, 0], ways[:, 1], ways[:, 2:] = np.inf, best, costs
    steps = np.empty((rows, frames + 2), begun.dtype)
    steps[:, :2], steps[:, 2:] = step, begun
    least = np.minimum(ways[:, 1:-1], costs)
    origins = np.where(least == costs, begun, steps[:, 1:-1])
    is_two_on = ways[:, :-2] < least
    return np.minimum(ways[:, :-2], least), np.where(is_two_on, steps[:, :-2], origins)


def _traced(ends: Sequence[tuple[int, int]]) -> list[int]:
    """Return the templates in their order, from the best one that ends at each step and where it began."""
    found: list[int] = []
    step = len(ends) - 1
    while step:
        template, step = ends[step]
        found.append(template)
    return found[::-1]
