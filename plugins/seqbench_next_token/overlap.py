"""Measures how much of one text stands in another: the share of its runs of 16 tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

RUN = 16
"""Tokens of a run; of a shorter text all of it is one, from `SHORTEST` on."""

SHORTEST = 5

_FACTOR = 0x9E3779B97F4A7C15
"""An odd number of 64 bits, the base of the hash."""


def share_within(part: Tensor, train: Tensor, unknown: int | None) -> float:
    """Return the share of the runs of a text, at each place one, that stand in the training text too.

    A run half of which is unknown tokens says nothing, and is not counted. Runs are compared by a hash of 64 bits.

    Args:
        part, train: [tokens]
        unknown: the token of what is outside the vocabulary; None if nothing is.

    >>> import torch
    >>> share_within(torch.tensor([1, 2, 3, 4, 5]), torch.tensor([9, 1, 2, 3, 4, 5]), None)
    1.0
    """
    import numpy as np

    size = min(RUN, len(part))
    if size < SHORTEST or len(train) < size:
        return 0.0
    found, known = _hashes(part.numpy(), size), _hashes(train.numpy(), size)
    if unknown is not None:
        totals = np.cumsum(np.concatenate(([0], part.numpy() == unknown)))
        found = found[2 * (totals[size:] - totals[:-size]) < size]
    return float(np.isin(found, known).mean()) if len(found) else 0.0


def _hashes(tokens: NDArray[np.integer], size: int) -> NDArray[np.uint64]:
    """Return sum_k t[i + k] FACTOR^(size - 1 - k) mod 2^64 of the run at each place i."""
    import numpy as np

    values = tokens.astype(np.uint64) + np.uint64(1)
    places = len(values) - size + 1
    sums = np.zeros(places, dtype=np.uint64)
    for k in range(size):
        sums *= np.uint64(_FACTOR)
        sums += values[k : k + places]
    return sums
