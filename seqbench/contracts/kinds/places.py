"""Finds places in sequences: where rows end, which steps are scored, and how long the input has not changed."""

from __future__ import annotations

from collections.abc import Callable
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
        is_last: whether these are the last step of every row, row by row, which is read in a fraction of the time.
    """

    rows: Tensor
    steps: Tensor
    answers: Tensor
    is_last: bool = False

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Places:
        """Return the same places with each tensor changed."""
        return Places(change(self.rows), change(self.steps), change(self.answers), self.is_last)


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


def places_of_ends(batch: Batch, start: int, steps: int) -> Places:
    """Return the last real steps of the rows that end in a range of steps, with the rows' targets."""
    import torch

    lengths = batch.lengths
    if lengths.device.type == "cpu" and all(length == start + steps for length in lengths.tolist()):
        return Places(torch.arange(len(lengths)), torch.full_like(lengths, steps - 1), batch.targets, is_last=True)
    lasts = lengths - (1 + start)
    rows = ((lasts >= 0) & (lasts < steps)).nonzero()[:, 0]
    return Places(rows, lasts[rows], batch.targets[rows])


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
    if places.is_last:
        return hidden[:, -1]
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
