"""Looks up the scored items of a batch before a step on a GPU, which then needs nothing more from the CPU.

Imports the network and the kinds of target; knows nothing of graphs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seqbench.contracts.examples import Batch
from seqbench.contracts.targets import Places, TargetKind
from seqbench.network.network import Network


class Items(NamedTuple):
    """The scored items of one chunk.

    Attributes:
        places: where they are; the first one again where there are more places than items.
        weights: of their losses, [items]: all equal, 0 for a place that is no item.
    """

    places: Places
    weights: Tensor

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All of them."""
        return (self.places.rows, self.places.steps, self.places.answers, self.weights)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Items:
        """Return the same items with each tensor changed."""
        return Items(self.places.mapped(change), change(self.weights))


ItemPlaces = Mapping[int, Items]
"""The first step of a chunk -> its scored items."""

Shape = tuple[object, ...]
"""All of a batch that a captured step cannot vary."""


def look_up(network: Network, batch: Batch) -> ItemPlaces | None:
    """Return the scored items of each chunk of a batch, on the CPU; None if its kind of target has no look-up.

    Their numbers are rounded up to few different ones, and the weights make the mean over all places that over the
    items: where it varies how many steps are scored, batches still have one shape.
    """
    if not _is_split(type(network.targets)):
        return None
    found = {}
    for start, end in pairwise([0, *network.chunking.ends(batch.inputs.shape[1])]):
        places = network.targets.look_up(batch, start, end - start)
        if places is None:
            return None
        found[start] = places
    items = {start: len(places.rows) for start, places in found.items()}
    sizes = {start: number if found[start].is_last else rounded(number) for start, number in items.items()}
    weight = sum(sizes.values()) / max(1, sum(items.values()))
    return {start: _filled(places, sizes[start], weight) for start, places in found.items()}


def _is_split(kind: type[TargetKind]) -> bool:
    """Say whether a kind's look-up goes with its losses: a subclass may have changed those alone."""
    definers = {
        name: next(depth for depth, each in enumerate(kind.__mro__) if name in vars(each))
        for name in ("look_up", "losses", "loss")
    }
    return definers["look_up"] <= min(definers["losses"], definers["loss"])


def rounded(number: int) -> int:
    """Round a number up to one of eight to each doubling, in steps of at least 16; 0 stays 0.

    >>> [rounded(number) for number in (0, 3, 32, 36, 320, 902, 1025)]
    [0, 16, 32, 48, 320, 960, 1152]
    """
    step = max(16, 1 << max(0, number.bit_length() - 4))
    return -(-number // step) * step


def _filled(places: Places, size: int, weight: float) -> Items:
    """Repeat the first place until there are so many."""
    number = len(places.rows)
    weights = torch.zeros(size)
    weights[:number] = weight
    index = torch.arange(size)
    index[number:] = 0
    return Items(places if size == number else places.mapped(lambda part: part[index]), weights)


def shape_of(batch: Batch, places: ItemPlaces) -> Shape:
    """Return what has to be equal in two batches for one captured step to take both."""
    items = tuple((start, each.places.is_last, *map(_form, each.tensors)) for start, each in places.items())
    return (_form(batch.inputs), items)


def _form(tensor: Tensor) -> object:
    return (tuple(tensor.shape), tensor.dtype)


@dataclass(frozen=True)
class LookedUp(TargetKind):
    """A kind of target whose scored items are known already; the batch's own targets are not read.

    Attributes:
        kind: the kind that looked them up.
        places: the items of each chunk, on the network's device.
    """

    kind: TargetKind
    places: ItemPlaces

    @property
    def head_size(self) -> int:
        """As the kind's."""
        return self.kind.head_size

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Return the kind's outputs."""
        return self.kind.outputs(hidden, lengths, head)

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the kind's weighted loss of each item of the chunk that begins at ``start``, and its row."""
        places, weights = self.places[start]
        return self.kind.losses_at(hidden, places, head) * weights, places.rows


@contextmanager
def looked_up(network: Network, places: ItemPlaces) -> Iterator[None]:
    """Let a network's loss take these items during the block."""
    kind = network.targets
    network.targets = LookedUp(kind, places)
    try:
        yield
    finally:
        network.targets = kind
