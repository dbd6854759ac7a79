"""Puts the examples of a split into batches, for training and for evaluation.

They are shuffled by their own generator, and bucketed by length where lengths differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import torch

from seqbench.base.seeds import generator
from seqbench.contracts.examples import Batch, Split

if TYPE_CHECKING:
    from torch import Generator, Tensor

EVALUATION_STEPS = 65_536
"""Time steps in one evaluation batch: large enough to keep a core busy, small enough for its memory."""
EVALUATION_OUTPUTS = 2**25
"""Most numbers in the outputs of one evaluation batch, if each step has some: 128 MiB."""
LARGEST_EVALUATION_BATCH = 256
BATCHES_PER_BUCKET = 32
"""Number of batches among which rows are sorted by length: padding is small, and the order still random."""


@dataclass(frozen=True, eq=False)
class TrainingBatches:
    """Exactly ``steps`` batches; each round over the examples has a new random order.

    The last batch of a round is smaller if the batch size does not divide the number of examples.

    Attributes:
        split, batch_size, steps, seed: decide the batches.
        taken: number of batches to skip, because an earlier attempt has used them.
        before_each: called with each batch, between two steps.
    """

    split: Split
    batch_size: int
    steps: int
    seed: int
    taken: int = 0
    before_each: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        for rows in islice(self._rows(), self.taken, self.steps):
            batch = self.split.batch(rows)
            self.before_each()
            yield batch

    def _rows(self) -> Iterator[Tensor]:
        rng = generator(self.seed, "order")
        lengths = self.split.lengths
        while True:
            yield from training_order(lengths, self.batch_size, rng)


@dataclass(frozen=True, eq=False)
class EvaluationBatches:
    """Every example once, ordered by length, in batches limited by their time steps and outputs.

    Attributes:
        split: the examples.
        outputs_per_step: as the target kind says.
    """

    split: Split
    outputs_per_step: int = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Batch]:
        return (self.split.batch(rows) for rows in self._rows)

    @property
    def order(self) -> list[int]:
        """The numbers of the examples in the order of the batches."""
        order: list[int] = torch.cat(self._rows).tolist()
        return order

    @property
    def _rows(self) -> list[Tensor]:
        lengths = self.split.lengths
        size = evaluation_size(int(lengths.max()), self.outputs_per_step)
        return list(torch.split(torch.argsort(lengths, stable=True), size))


def evaluation_size(longest: int, outputs_per_step: int) -> int:
    """Return how many rows are evaluated at once, of at most ``longest`` steps each.

    >>> evaluation_size(16, 0), evaluation_size(256, 10_000), evaluation_size(1_000_000, 0)
    (256, 13, 1)
    """
    by_outputs = EVALUATION_OUTPUTS // (longest * max(1, outputs_per_step))
    return max(1, min(LARGEST_EVALUATION_BATCH, EVALUATION_STEPS // longest, by_outputs))


def training_order(lengths: Tensor, batch_size: int, rng: Generator) -> list[Tensor]:
    """Return the rows of each batch of one round.

    Args:
        lengths: [examples]; if they differ, rows of similar length share a batch.
        batch_size: rows in a batch.
        rng: decides the order.
    """
    order = torch.randperm(len(lengths), generator=rng)
    if int(lengths.min()) == int(lengths.max()):
        return list(torch.split(order, batch_size))
    buckets = torch.split(order, batch_size * BATCHES_PER_BUCKET)
    batches = [
        rows
        for bucket in buckets
        for rows in torch.split(bucket[torch.argsort(lengths[bucket], stable=True)], batch_size)
    ]
    return [batches[i] for i in torch.randperm(len(batches), generator=rng).tolist()]
