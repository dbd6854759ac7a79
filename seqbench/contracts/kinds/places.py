"""Finds places in sequences: where rows end, which steps are scored, and how long the input has not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from seqbench.contracts.examples import Batch

MOST_PLACES = 64
"""Largest number of steps of unchanged input that are told apart."""


class Places(NamedTuple):
    """The scored items of a range of steps, and their answers.

    Attributes:
        rows: the row of each item in the batch, [items].
        steps: its step, counted from the first of the range, [items].
        answers: its target, [items] or [items, numbers].
    """

    rows: Tensor
    steps: Tensor
    answers: Tensor


def endings(hidden: Tensor, lengths: Tensor, start: int) -> tuple[Tensor, Tensor]:
    """Return the hidden states at the last real step of rows that end in these steps, and the rows' numbers.

    Args:
        hidden: the hidden states at these steps, [batch, steps, features].
        lengths: the rows' lengths, [batch].
        start: the number of the first of these steps.

    Returns:
        [endings, features] and [endings].
    """
    rows, steps = _ends(lengths, start, hidden.shape[1])
    return hidden[beside(hidden, rows), beside(hidden, steps)], rows


def last_step(hidden: Tensor, lengths: Tensor) -> Tensor:
    """Return the hidden state of each row at its last real step: [batch, time, features] -> [batch, features]."""
    return endings(hidden, lengths, 0)[0]


def places_of_ends(batch: Batch, start: int, steps: int) -> Places:
    """Return the last real steps of the rows that end in a range of steps, with the rows' targets."""
    rows, lasts = _ends(batch.lengths, start, steps)
    return Places(rows, lasts, batch.targets[rows])


def places_of_steps(targets: Tensor, is_scored: Tensor) -> Places:
    """Return the scored steps with their targets.

    Args:
        targets: [batch, steps] or [batch, steps, numbers].
        is_scored: [batch, steps].
    """
    rows, steps = is_scored.nonzero(as_tuple=True)
    return Places(rows, steps, targets[rows, steps])


def at_places(hidden: Tensor, places: Places) -> Tensor:
    """Return the hidden states at places: [batch, steps, features] -> [items, features]."""
    return hidden[beside(hidden, places.rows), beside(hidden, places.steps)]


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


def _ends(lengths: Tensor, start: int, steps: int) -> tuple[Tensor, Tensor]:
    """Return the rows that end in a range of steps, and their last steps, counted from its first."""
    lasts = lengths - (1 + start)
    rows = ((lasts >= 0) & (lasts < steps)).nonzero()[:, 0]
    return rows, lasts[rows]
