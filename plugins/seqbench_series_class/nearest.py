"""Names the class of the nearest training series: by Euclidean distance, and by dynamic time warping.

Time warping is unconstrained, with squared differences summed over channels (Sakoe & Chiba 1978; the dependent
form of Shokoohi-Yekta et al. 2017 for several channels).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def nearest_by_distance(asked: Sequence[np.ndarray], known: Sequence[np.ndarray]) -> np.ndarray:
    """Return the number of the nearest of the known series, all equally long, for each that is asked: [asked]."""
    import numpy as np

    ours, theirs = (np.stack([each.ravel() for each in series]) for series in (asked, known))
    # |a - b|^2 without |a|^2, which is the same for all b.
    nearest: np.ndarray = ((theirs**2).sum(1) - 2 * ours @ theirs.T).argmin(1)
    return nearest


def warping_cost(asked: Sequence[np.ndarray], known: Sequence[np.ndarray]) -> int:
    """Return how many pairs of steps `nearest_by_warping` compares, times channels."""
    return sum(map(len, asked)) * len(known) * max(map(len, known)) * int(known[0].shape[1])


def nearest_by_warping(asked: Sequence[np.ndarray], known: Sequence[np.ndarray]) -> np.ndarray:
    """Return the number of the nearest of the known series for each that is asked: [asked]."""
    import numpy as np

    lengths = np.array([len(each) for each in known])
    padded = np.zeros((int(known[0].shape[1]), len(known), int(lengths.max())))
    for place, each in enumerate(known):
        padded[:, place, : len(each)] = each.T
    return np.array([int(warped_distances(each, padded, lengths).argmin()) for each in asked])


def warped_distances(asked: np.ndarray, known: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the warped distance of a series to each of the known ones, squared: [known].

    g(i, j) = |a_i - b_j|^2 + min(g(i-1, j), g(i-1, j-1), g(i, j-1)), filled diagonal by diagonal, i + j = d.

    Args:
        asked: [steps, channels].
        known: [channels, known, longest], padded at the end.
        lengths: [known], the steps of each.
    """
    import numpy as np

    steps, longest = len(asked), known.shape[2]
    backwards = known[:, :, ::-1]
    last = np.full((known.shape[1], steps + 1), np.inf)
    before = last.copy()
    before[:, 0] = 0.0  # g(-1, -1); column i + 1 holds g(i, d - i)
    found = np.empty(known.shape[1])
    for d in range(steps + longest - 1):
        first, stop = max(0, d - longest + 1), min(steps, d + 1)
        theirs = backwards[:, :, longest - 1 - d + first : longest - 1 - d + stop]
        apart = sum((own - other) ** 2 for own, other in zip(asked[first:stop].T, theirs, strict=True))
        here = np.full_like(last, np.inf)
        least = np.minimum(last[:, first + 1 : stop + 1], last[:, first:stop])
        here[:, first + 1 : stop + 1] = apart + np.minimum(least, before[:, first:stop])
        is_end = lengths == d - steps + 2
        found[is_end] = here[is_end, steps]
        before, last = last, here
    return found
