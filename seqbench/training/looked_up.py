"""Looks up the scored items of a batch before a step, so that the step itself needs nothing from the CPU.

Imports the network and the kinds of target; knows nothing of graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from seqbench.contracts.examples import Batch
from seqbench.contracts.targets import Places, TargetKind
from seqbench.network.network import Network

ItemPlaces = Mapping[int, Places]
"""The first step of a chunk -> its scored items."""

Shape = tuple[object, ...]
"""All of a batch that a captured step cannot vary."""


def look_up(network: Network, batch: Batch) -> ItemPlaces | None:
    """Return the scored items of each chunk of a batch, on the CPU; None if its kind of target has no look-up."""
    found = {}
    for start, end in pairwise([0, *network.chunking.ends(batch.inputs.shape[1])]):
        places = network.targets.look_up(batch, start, end - start)
        if places is None:
            return None
        found[start] = places
    return found


def shape_of(batch: Batch, places: ItemPlaces) -> Shape:
    """Return what has to be equal in two batches for one captured step to take both.

    The number of items counts for each chunk: the mean loss is divided by their sum.
    """
    items = tuple((start, each.is_last, *map(_form, each[:3])) for start, each in places.items())
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
        """Return the kind's loss of each item of the chunk that begins at ``start``, and its row."""
        places = self.places[start]
        return self.kind.losses_at(hidden, places, head), places.rows


@contextmanager
def looked_up(network: Network, places: ItemPlaces) -> Iterator[None]:
    """Let a network's loss take these items during the block."""
    kind = network.targets
    network.targets = LookedUp(kind, places)
    try:
        yield
    finally:
        network.targets = kind
