"""Decodes by beam search: follows the most probable hypotheses of each row side by side.

The probability of a hypothesis is the product of those of its tokens, the stop token included: logarithms are
summed, and not divided by the length (Graves 2012, "Sequence transduction with recurrent neural networks", without
its normalisation by length). A short answer wins if the model gives it a higher probability than a long one.
A hypothesis that has stopped keeps its place among the others. A sum can only fall: a row is finished once its
best hypothesis has stopped or has the largest number of tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor

from seqbench.decoding.readers import reader
from seqbench.decoding.rows import Rows
from seqbench.network.network import Network


def beam(network: Network, rows: Rows) -> None:
    """Decode each row by beam search; its best hypothesis is the first in the end.

    It is seldom less probable than what greedy decoding writes, but it may be: hypotheses that are better for a
    while can crowd the greedy one out.

    Of equally probable hypotheses, the one that extends the better hypothesis goes first, then the lower token.
    """
    reading = reader(network, changes_rows=True)
    width = rows.is_done.shape[1]
    # All hypotheses are the same at first: only one of them is followed.
    totals = torch.full(rows.is_done.shape, -torch.inf, dtype=torch.float64, device=rows.is_done.device)
    totals[:, 0] = 0.0
    first = torch.arange(len(totals), device=totals.device).repeat_interleave(width)
    outputs = reading.read(rows.start)[first]
    reading.keep(first)
    while True:
        scores = outputs.view(-1, width, outputs.shape[1])
        rows.note_finite(scores, totals != -torch.inf)
        totals, origins, tokens = _extended(totals, scores, rows)
        rows.reorder(origins)
        following = rows.write(tokens)
        if bool(rows.is_done[:, 0].all()):
            return
        reading.keep((origins + width * torch.arange(len(origins), device=origins.device)[:, None]).flatten())
        outputs = reading.read(following.flatten()[:, None])


def _extended(totals: Tensor, scores: Tensor, rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
    """Return the best hypotheses with one more token: log-probability, origin and token.

    Args:
        totals: the log-probability of each hypothesis, [batch, width].
        scores: unnormalised scores of the next token, [batch, width, classes].
        rows: says which hypotheses have stopped, and which rows are past their prefix.
    """
    width, classes = scores.shape[1:]
    extended = totals[:, :, None] + scores.double().log_softmax(-1)
    stays = torch.full_like(extended, -torch.inf)
    stays[:, :, 0] = totals
    found, places = _largest(torch.where(rows.is_done[:, :, None], stays, extended).flatten(1), width)
    is_writing = rows.is_writing[:, None]
    same = torch.arange(width, device=totals.device).expand_as(places)
    return found.where(is_writing, totals), (places // classes).where(is_writing, same), places % classes


def _largest(values: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Return the largest of each row and their places, [batch, most]; of equals the first, unlike `topk`."""
    values, found = values.clone(), []
    for _ in range(most):
        place = values.argmax(1, keepdim=True)
        found.append((values.gather(1, place), place))
        values.scatter_(1, place, -torch.inf)
    return torch.cat([value for value, _ in found], 1), torch.cat([place for _, place in found], 1)
