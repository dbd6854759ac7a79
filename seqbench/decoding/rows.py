"""Holds the tokens that each row of a batch has read and written during decoding."""

from __future__ import annotations

import torch
from torch import Tensor

from seqbench.contracts.decoding import Decoding
from seqbench.contracts.examples import UNSCORED, Batch
from seqbench.contracts.finite import KEPT, NotFinite


class Rows:
    """The rows of a batch, each with one hypothesis or several.

    Args:
        prompts: the prefixes.
        decoding: where a row ends.
        width: hypotheses of a row.

    Attributes:
        step: tokens that were read of every row so far.
        written: [batch, width, most_tokens], padded with UNSCORED; the stop token is among them.
        is_done: [batch, width], whether a hypothesis has ended.
    """

    def __init__(self, prompts: Batch, decoding: Decoding, width: int) -> None:
        self._inputs, self._given, self._decoding = prompts.inputs, prompts.lengths, decoding
        shape = len(prompts.lengths), width, decoding.most_tokens
        self.step = int(prompts.lengths.min())
        self.written = prompts.inputs.new_full(shape, UNSCORED)
        self.is_done = torch.zeros(shape[:2], dtype=torch.bool, device=prompts.inputs.device)
        self._is_bad = torch.zeros(shape[::2], dtype=torch.bool, device=prompts.inputs.device)

    @property
    def start(self) -> Tensor:
        """The tokens that all rows read first, up to the end of the shortest prefix: [batch, steps]."""
        return self._inputs[:, : self.step]

    @property
    def is_writing(self) -> Tensor:
        """Which rows are past their prefix: [batch]."""
        return self._given <= self.step

    def note_finite(self, outputs: Tensor, is_looked_at: Tensor) -> None:
        """Record the steps at which scores of the next token are not finite.

        Args:
            outputs: [batch, width, classes].
            is_looked_at: which of them count, [batch, width].
        """
        counts = is_looked_at & self.is_writing[:, None] & ~self.is_done
        is_bad = (counts & ~outputs.isfinite().all(-1)).any(1)
        self._is_bad.scatter_(1, self._place, self._is_bad.gather(1, self._place) | is_bad[:, None])

    def write(self, tokens: Tensor) -> Tensor:
        """Write the next token of each hypothesis, [batch, width]; return the token that each reads next.

        A row that is still in its prefix writes nothing and reads on.
        """
        goes_on = self.is_writing[:, None] & ~self.is_done
        place = self._place[:, None].expand(*tokens.shape, 1)
        new = tokens.where(goes_on, self.written.gather(2, place)[:, :, 0])
        self.written.scatter_(2, place, new[:, :, None])
        is_last = self._place == self._decoding.most_tokens - 1
        if self._decoding.stop is not None:
            is_last = is_last | (tokens == self._decoding.stop)
        self.is_done |= goes_on & is_last
        given = self._inputs[:, min(self.step, self._inputs.shape[1] - 1), None]
        following = tokens.where(self.is_writing[:, None], given)
        self.step += 1
        return following

    def reorder(self, origins: Tensor) -> None:
        """Replace each hypothesis by one of the same row: ``origins`` are their numbers, [batch, width]."""
        self.is_done = self.is_done.gather(1, origins)
        self.written = self.written.gather(1, origins[:, :, None].expand_as(self.written))

    def not_finite(self) -> NotFinite:
        """Return the steps of written tokens at which the scores were not finite."""
        found = self._is_bad.nonzero().tolist()
        first = tuple((row, int(self._given[row]) - 1 + place) for row, place in found[:KEPT])
        steps = int((self.written[:, 0] != UNSCORED).sum())
        return NotFinite(len(found), steps, len(self._given), first)

    @property
    def _place(self) -> Tensor:
        """Number of tokens that each row has written so far: [batch, 1]."""
        return (self.step - self._given).clamp(0, self._decoding.most_tokens - 1)[:, None]
