"""Feeds a layer a long sequence in chunks, and carries its state over.

Where chunks begin and end depends on the sequence alone. So a backward pass that recomputes each chunk, to keep
the graph of one chunk only, gives the same bits. Plain torch; imports nothing of seqbench.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

T = TypeVar("T")

CHUNK_STEPS = 512
"""Steps of a chunk. Shorter chunks cost time (9% more at 128 and 25% at 64, an LSTM of 64 units with a batch of
8), longer ones memory. On whole sequences torch's LSTM slows down as it keeps more: at 8,192 steps a step takes 2
to 3 times as long (128 units, a batch of 32). A power of two: chunks that a layer makes itself then end at the
same steps."""


@dataclass(frozen=True)
class Chunking:
    """How a layer is fed.

    Attributes:
        chunk: steps of a chunk; None feeds every sequence whole, as a layer without a state needs.
        recompute: keep only the states between chunks, and run each chunk again in the backward pass, with the
            same random numbers.
        truncate: steps after which the state is carried over without its gradient; None carries all of it.
    """

    chunk: int | None = None
    recompute: bool = False
    truncate: int | None = None

    def ends(self, steps: int) -> list[int]:
        """Return the steps after which a chunk ends, the last one included.

        >>> Chunking(chunk=4, truncate=6).ends(13)
        [4, 6, 8, 12, 13]
        """
        lengths = [length for length in (self.chunk, self.truncate) if length is not None]
        return sorted({steps, *(end for length in lengths for end in range(length, steps, length))})

    def is_whole(self, steps: int) -> bool:
        """Say whether a sequence of this many steps is one chunk."""
        return (self.chunk is None or self.chunk >= steps) and (self.truncate is None or self.truncate >= steps)

    def is_run_again(self, steps: int) -> bool:
        """Say whether a sequence of this many steps is recomputed; a single chunk would gain nothing."""
        return self.recompute and not self.is_whole(steps)

    def is_cut(self, end: int) -> bool:
        """Say whether gradients stop at the state after this step."""
        return self.truncate is not None and end % self.truncate == 0


WHOLE = Chunking()


def feed(
    run: Callable[[Tensor, int, Any], tuple[T, Any]], inputs: Tensor, chunking: Chunking = WHOLE
) -> Iterator[T]:
    """Yield the result of each chunk of a sequence, from the first to the last.

    Args:
        run: (inputs of a chunk, the number of its first step, state) -> (result, the state after the chunk); the
            first chunk gets None. Its intermediate results are kept for the backward pass, or recomputed.
        inputs: [batch, time] or [batch, time, ...].
        chunking: the chunks.
    """
    state, is_run_again = None, chunking.is_run_again(inputs.shape[1])
    for start, end in pairwise([0, *chunking.ends(inputs.shape[1])]):
        chunk = inputs[:, start:end]
        if is_run_again:
            # The tensor tells torch on which device to restore the random state.
            found, state = checkpoint(run, chunk, start, state, use_reentrant=False)
        else:
            found, state = run(chunk, start, state)
        yield found
        state = mapped(state, Tensor.detach) if chunking.is_cut(end) else state


def mapped(state: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return the same state with each tensor in it changed, in the order of its tuples, lists and dicts."""
    if isinstance(state, Tensor):
        return change(state)
    if isinstance(state, Mapping):
        return {name: mapped(part, change) for name, part in state.items()}
    if isinstance(state, (tuple, list)):
        parts = [mapped(part, change) for part in state]
        # A named tuple takes its parts one by one.
        return type(state)(parts) if type(state) in (tuple, list) else type(state)(*parts)
    return state


def kept_bytes(layer: nn.Module, embedded: Tensor) -> int:
    """Return the bytes that autograd keeps for a sequence fed whole: each storage once, without weights.

    Runs the layer once, which may draw from torch's global generator.
    """
    weights = {parameter.untyped_storage().data_ptr() for parameter in layer.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        layer(embedded)
    return sum(size for place, size in kept.items() if place not in weights)
