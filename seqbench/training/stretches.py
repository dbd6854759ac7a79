"""Joins the batches of a training into stretches, each of which ends at a validation.

A stretch is one batch to Lightning, whose loop and hooks cost as much as a training step of a short sequence.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from seqbench.contracts.examples import Batch
from seqbench.data.batches import TrainingBatches


class Stretches:
    """The batches that are left of a training, up to one validation after the other.

    Args:
        batches: those that are left.
        every: steps between validations; the last stretch may be shorter.
        validates_first: begin with a stretch without batches, because a validation was interrupted.
    """

    def __init__(self, batches: TrainingBatches, every: int, *, validates_first: bool) -> None:
        self._batches = batches
        self._sizes = [0] if validates_first else []
        taken = batches.taken
        while taken < batches.steps:
            self._sizes.append(min(every - taken % every, batches.steps - taken))
            taken += self._sizes[-1]

    def __len__(self) -> int:
        return len(self._sizes)

    def __iter__(self) -> Iterator[Iterator[Batch]]:
        batches = iter(self._batches)
        return (islice(batches, size) for size in self._sizes)
