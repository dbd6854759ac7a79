"""Finds places in sequences: where rows end, which steps are scored, and how long the input has not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

MOST_PLACES = 64
"""Largest number of steps of unchanged input that are told apart."""


def endings(hidden: Tensor, lengths: Tensor, start: int) -> tuple[Tensor, Tensor]:
    """Return the hidden states at the last real step of rows that end in these steps, and the rows' numbers.

    Args:
        hidden: the hidden states at these steps, [batch, steps, features].
        lengths: the rows' lengths, [batch].
        start: the number of the first of these steps.

    Returns:
        [endings, features] and [endings].
    """
    import torch

    end = start + hidden.shape[1]
    if lengths.device.type == "cpu" and all(length == end for length in lengths.tolist()):
        # The usual case, in a fraction of the time, forwards and backwards.
        return hidden[:, -1], torch.arange(len(lengths))
    lasts = lengths - (1 + start)
    rows = ((lasts >= 0) & (lasts < hidden.shape[1])).nonzero()[:, 0]
    return hidden[beside(hidden, rows), beside(hidden, lasts[rows])], rows


def last_step(hidden: Tensor, lengths: Tensor) -> Tensor:
    """Return the hidden state of each row at its last real step: [batch, time, features] -> [batch, features]."""
    return endings(hidden, lengths, 0)[0]


def at_scored(hidden: Tensor, targets: Tensor, is_scored: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the hidden states at the scored steps, their targets on the same device, and the row of each.

    Args:
        hidden: [batch, steps, features].
        targets: of the same steps, [batch, steps] or [batch, steps, numbers].
        is_scored: [batch, steps].

    Returns:
        [items, features], [items] or [items, numbers], and [items].
    """
    rows, steps = is_scored.nonzero(as_tuple=True)
    scored = hidden[beside(hidden, rows), beside(hidden, steps)]
    return scored, beside(scored, targets[rows, steps]), rows


def beside(hidden: Tensor, part: Tensor) -> Tensor:
    """Move a tensor to the device of ``hidden``."""
    return part.to(hidden.device, non_blocking=True)


def unchanged(inputs: Tensor) -> Tensor:
    """Return for how many steps the input has been the same at each step: [batch, time], below MOST_PLACES."""
    import torch

    steps = torch.arange(inputs.shape[1]).expand(inputs.shape[:2])
    other = inputs[:, 1:] != inputs[:, :-1]
    is_changed = torch.ones(inputs.shape[:2], dtype=torch.bool)
    is_changed[:, 1:] = other if other.ndim == 2 else other.any(2)
    return (steps - (steps * is_changed).cummax(1).values).clamp(max=MOST_PLACES - 1)
