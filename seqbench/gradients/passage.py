"""Feeds a sequence in chunks, and gives the state before each chunk again on the way back.

The state is detached at each cut where its gradient is wanted. The backward pass runs each chunk again from its
state. Large states are kept at some cuts only, and made again between them. Plain torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from seqbench.errors import ContractError
from seqbench.network.network import number_of, tensors

LONGEST_PIECE = 64
"""Largest number of steps between two rescalings. Over one chunk a factor of 0.005 a step is 1e-147, and a float64
still holds its square, which a norm sums."""

STATES_KEPT = 256 * 2**20
"""Bytes of states above which they are kept at some cuts only; the others cost one more pass forward."""

Run = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""(inputs of a chunk [batch, steps, features], the state before it) -> (its outputs, the state after it)."""


@dataclass(frozen=True)
class Part:
    """A tensor of a state.

    Attributes:
        axis: the one that runs over the examples; None for a number without one, such as a counter of steps.
        has_gradient: whether a gradient can flow through it; through integers none does.
        is_growing: whether it holds more numbers after two steps than after one.
    """

    axis: int | None
    has_gradient: bool
    is_growing: bool = False


def state_parts(layer: nn.Module, features: int) -> list[Part]:
    """Return how each tensor of the state is laid out after one step, in their order.

    The examples' axis is the one whose size follows the batch's when one step of zeros is fed with two and with
    three examples.

    Raises:
        ContractError: a tensor through which gradients flow has no such axis, or one has more than one.
    """
    weight = number_of(layer)

    def after(examples: int, steps: int) -> list[Tensor]:
        return list(tensors(layer(torch.zeros(examples, steps, features, device=weight.device))[1]))

    with torch.no_grad():
        two, three, later = after(2, 1), after(3, 1), after(2, 2)
    # A state may also grow by further tensors.
    is_growing = [len(two) != len(later) or a.shape != b.shape for a, b in zip(two, later, strict=False)]
    return [_part(i, a, b, grows) for i, (a, b, grows) in enumerate(zip(two, three, is_growing, strict=True))]


def _part(number: int, two: Tensor, three: Tensor, is_growing: bool) -> Part:
    has_gradient = two.is_floating_point() or two.is_complex()
    axes = [axis for axis, sizes in enumerate(zip(two.shape, three.shape, strict=True)) if sizes == (2, 3)]
    if len(axes) > 1 or (has_gradient and not axes):
        raise ContractError(
            f"part {number} of the layer's state is {list(two.shape)} for a batch of 2 and {list(three.shape)} for"
            " one of 3; one axis must be the batch's, so that each example's gradient can be told"
        )
    return Part(axes[0] if axes else None, has_gradient, is_growing)


def cut_steps(
    lengths: Sequence[int], lags: Sequence[int], scored: Sequence[int], lags_of_loss: Sequence[int]
) -> list[int]:
    """Return the steps after which the state is taken: at each row's lags and end, and never far apart.

    Args:
        lengths: of the rows.
        lags: before the end of a row.
        scored: the last scored step of each row, counted from 1.
        lags_of_loss: before the last scored step of a row.
    """
    longest, ends = max(lengths), set(lengths)
    each = [(ends, lags), (set(scored), lags_of_loss)]
    wanted = {end - lag for those, steps in each for end in those for lag in steps if lag < end}
    return sorted((wanted | ends | set(range(LONGEST_PIECE, longest, LONGEST_PIECE))) - {longest})


@dataclass(frozen=True)
class Passage:
    """A forward pass in chunks.

    Attributes:
        run: a layer, or a function with its calling convention.
        embedded: (start, end) -> the inputs of these steps as the layer takes them, [batch, steps, features].
        steps: where the chunks begin and end: 0, the cuts, time.
        kept: number of a chunk -> the state before it; None before the first.
        parts: how the tensors of the state are laid out, from `state_parts`.
    """

    run: Run
    embedded: Callable[[int, int], Tensor]
    steps: Sequence[int]
    kept: Mapping[int, Any]
    parts: Sequence[Part]

    def backwards(self) -> Iterator[tuple[int, int, Any]]:
        """Yield first step, end, and the state before it of each chunk, from the last to the first."""
        chunks = list(pairwise(self.steps))
        ends = [*sorted(self.kept)[1:], len(chunks)]
        for first, end in reversed(list(zip(sorted(self.kept), ends, strict=True))):
            states = [self.kept[first]]
            for chunk in chunks[first : end - 1]:
                states.append(self._after(*chunk, states[-1]))
            while states:
                yield *chunks[first + len(states) - 1], states.pop()

    def _after(self, start: int, end: int, state: Any) -> Any:
        with torch.no_grad():
            return self.run(self.embedded(start, end), state)[1]


def pass_forward(
    run: Run,
    embedded: Callable[[int, int], Tensor],
    parts: Sequence[Part],
    steps: Sequence[int],
    *,
    room: int = STATES_KEPT,
) -> Passage:
    """Feed a sequence in chunks, and carry the state over.

    Args:
        run, embedded, parts, steps: as in `Passage`.
        room: bytes that the states may use before only some are kept.
    """
    kept: dict[int, Any] = {0: None}
    passage = Passage(run, embedded, steps, kept, parts)
    state, every = None, 1
    for number, chunk in enumerate(pairwise(steps[:-1]), start=1):
        state = passage._after(*chunk, state)
        every = _kept_every(state, len(steps), room) if number == 1 else every
        if number % every == 0:
            kept[number] = state
    return passage


def _kept_every(state: Any, cuts: int, room: int) -> int:
    """Return how many chunks there are to a state that is kept: 1, or as many as keep the fewest at a time."""
    needed = cuts * sum(part.nbytes for part in tensors(state))
    return 1 if needed <= room else math.isqrt(cuts)


def outputs_of(passage: Passage) -> Tensor:
    """Return the layer's outputs at all steps of a passage, [batch, time, output_size], without a graph."""
    state, outputs = None, []
    with torch.no_grad():
        for start, end in pairwise(passage.steps):
            chunk, state = passage.run(passage.embedded(start, end), state)
            outputs.append(chunk)
    return torch.cat(outputs, dim=1)
