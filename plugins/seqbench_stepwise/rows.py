"""Draws numbers without replacement, and sizes and compares rows of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Generator, Tensor

MOST_DRAWN = 2**21
"""Largest number of random numbers that `draw_distinct` makes at a time; 16 MiB."""


def rows_within(examples: int, time_steps: int, steps: int) -> int:
    """Return how many sequences of ``steps`` steps fit: at most ``examples``, at least one.

    >>> rows_within(20_000, time_steps=40_000_000, steps=1000), rows_within(20_000, 40_000_000, steps=8192)
    (20000, 4882)
    """
    return max(1, min(examples, time_steps // steps))


def smallest_type(tokens: int) -> torch.dtype:
    """Return the smallest signed type that holds ``tokens`` tokens, counted from 0, and UNSCORED."""
    import torch

    return torch.int8 if tokens <= 2**7 else torch.int16 if tokens <= 2**15 else torch.int32


def share_seen(rows: Tensor, earlier: Tensor) -> float:
    """Return the share of ``rows`` that equal one of ``earlier``; both [rows, steps].

    >>> import torch
    >>> share_seen(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[3, 4], [2, 1], [3, 4]]))
    0.5
    """
    seen = {row.tobytes() for row in earlier.numpy()}
    return sum(row.tobytes() in seen for row in rows.numpy()) / len(rows)


def draw_distinct(rng: Generator, rows: int, weights: Tensor, count: int) -> Tensor:
    """Draw ``count`` different numbers for each row, one after the other, with probabilities as the weights.

    A number's rank is that of log(u) / weight with u uniform, which is the order of such draws (Efraimidis &
    Spirakis 2006, "Weighted random sampling with a reservoir").

    Args:
        rng: the random stream.
        rows: how many rows.
        weights: [choices] above 0.
        count: at most ``choices``.

    Returns:
        [rows, count] numbers from 0 to choices - 1, in the order in which they were drawn.
    """
    import torch

    weights = weights.double()
    drawn = torch.empty(rows, count, dtype=torch.int64)
    for some in torch.split(drawn, max(1, MOST_DRAWN // len(weights))):
        keys = torch.rand(len(some), len(weights), generator=rng, dtype=torch.float64).log_().div_(weights)
        some.copy_(keys.topk(count).indices)
    return drawn
