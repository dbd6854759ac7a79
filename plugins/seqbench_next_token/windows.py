"""Lays a text out as windows of one length, or as one row, each next token a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqbench import Ragged, Split

if TYPE_CHECKING:
    from torch import Tensor


def windows(tokens: Tensor, length: int, *, keeps_rest: bool) -> Split:
    """Cut a text into windows of ``length`` inputs that do not overlap.

    The target of each step is the next token, so every token but the first is a target once.

    Args:
        tokens: [tokens], two at least.
        length: steps of a window.
        keeps_rest: whether the last window may be shorter; else it is left out, unless it is the only one.

    >>> import torch
    >>> split = windows(torch.arange(6), 2, keeps_rest=False)
    >>> split.inputs.tolist(), split.targets.tolist()
    ([[0, 1], [2, 3]], [[1, 2], [3, 4]])
    """
    import torch

    steps = len(tokens) - 1
    whole = steps // length * length
    if whole == steps or (whole and not keeps_rest):
        return Split(tokens[:whole].view(-1, length), tokens[1 : whole + 1].view(-1, length))
    offsets = torch.cat((torch.arange(0, steps, length), torch.tensor([steps])))
    return Split(Ragged(tokens[:-1], offsets), Ragged(tokens[1:], offsets))


def rows(documents: Tensor) -> Split:
    """Return documents, [documents, length + 1], as rows: each token but the first is a target."""
    return Split(documents[:, :-1], documents[:, 1:])


def one_row(split: Split) -> Split:
    """Return the rows of a split as one, one after the other."""
    inputs, targets = (
        each.values if isinstance(each, Ragged) else each.flatten() for each in (split.inputs, split.targets)
    )
    return Split(inputs[None], targets[None])


def contexts(split: Split) -> Tensor:
    """Return how many tokens of its row each target may be predicted from: [targets]."""
    import torch

    lengths = split.lengths
    starts = lengths.cumsum(0) - lengths
    return torch.arange(int(lengths.sum())) - starts.repeat_interleave(lengths) + 1
