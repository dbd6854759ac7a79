"""How does a gradient go back through a sequence that was fed in pieces?

The state is cut wherever its gradient is wanted, and the gradient handed from piece to piece, rescaled by
each example's own power of two, so that it neither vanishes nor overflows on its way. Plain torch. Stands
on network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor, nn

from seqbench.errors import ContractError
from seqbench.network import tensors

_LONGEST_PIECE = 64
"""Steps between two rescalings, at most: over one piece a factor of 0.005 a step is 1e-147, the square of
which a norm can still add up."""


def batch_axes(layer: nn.Module, features: int) -> list[int | None]:
    """Return which axis of each tensor of the state runs over the examples.

    It is the one whose size follows the batch's when one step of zeros is fed with two and with three
    examples. None for integers, such as a counter of steps, through which no gradient flows.

    Raises:
        ContractError: a tensor of the state has no such axis, or more than one.
    """
    weight = next(iter(layer.parameters()), torch.zeros(0))
    with torch.no_grad():
        two, three = (
            list(tensors(layer(torch.zeros(size, 1, features, device=weight.device))[1])) for size in (2, 3)
        )
    return [_axis(i, a, b) for i, (a, b) in enumerate(zip(two, three, strict=True))]


def _axis(part: int, two: Tensor, three: Tensor) -> int | None:
    if not two.is_floating_point():
        return None
    axes = [axis for axis, sizes in enumerate(zip(two.shape, three.shape, strict=True)) if sizes == (2, 3)]
    if len(axes) != 1:
        raise ContractError(
            f"part {part} of the layer's state is {list(two.shape)} for a batch of 2 and {list(three.shape)} for"
            " one of 3; one axis must be the batch's, so that each example's gradient can be told"
        )
    return axes[0]


def cut_steps(lengths: Sequence[int], lags: Sequence[int]) -> list[int]:
    """Return the steps after which the state is taken: at each row's lags and end, and never far apart."""
    longest = max(lengths)
    ends = set(lengths)
    wanted = {length - lag for length in ends for lag in lags if lag < length}
    return sorted((wanted | ends | set(range(_LONGEST_PIECE, longest, _LONGEST_PIECE))) - {longest})


@dataclass
class Piece:
    """Some steps of the sequence; its graph ends at its inputs and at the state it was handed.

    Attributes:
        start, end: steps.
        inputs: [batch, end - start, features].
        state: the parts of the state after ``start`` steps; none in the first piece.
        outputs: [batch, end - start, output_size].
        next_state: the parts of the state after ``end`` steps.
        axes: the batch axis of each part.
    """

    start: int
    end: int
    inputs: Tensor
    state: list[Tensor]
    outputs: Tensor
    next_state: list[Tensor]
    axes: list[int]


def run_in_pieces(layer: nn.Module, embedded: Tensor, axes: list[int | None], cuts: list[int]) -> list[Piece]:
    """Feed a sequence in pieces, and carry the state over.

    Args:
        layer: keeps the contract's calling convention.
        embedded: [batch, time, features].
        axes: as `batch_axes` gives them.
        cuts: the steps after which a piece ends, rising.
    """
    pieces: list[Piece] = []
    state, parts = None, list[Tensor]()
    for start, end in pairwise([0, *cuts, embedded.shape[1]]):
        inputs = embedded[:, start:end].contiguous().requires_grad_()
        outputs, after = layer(inputs, state)
        known = [axis for axis in axes if axis is not None]
        pieces.append(Piece(start, end, inputs, parts, outputs, _measured(after, axes), known))
        state = _leaves(after)
        parts = _measured(state, axes)
    return pieces


def _measured(state: Any, axes: list[int | None]) -> list[Tensor]:
    return [part for part, axis in zip(tensors(state), axes, strict=True) if axis is not None]


def _leaves(state: Any) -> Any:
    """Return the same state as it is handed on: the same numbers, at which a new graph begins."""
    if isinstance(state, Tensor):
        return state.detach().requires_grad_(state.is_floating_point())
    if isinstance(state, Mapping):
        return {name: _leaves(part) for name, part in state.items()}
    if isinstance(state, (tuple, list)):
        parts = [_leaves(part) for part in state]
        # A named tuple takes its parts one by one.
        return type(state)(parts) if type(state) in (tuple, list) else type(state)(*parts)
    return state


class Places(NamedTuple):
    """What of some steps is on the grid, one entry each: which lag, which row, which of the steps."""

    lag: Tensor
    row: Tensor
    step: Tensor


class Grid:
    """Which lag of which row is seen at which step?"""

    def __init__(self, lengths: Tensor, lags: Sequence[int]) -> None:
        self.lengths = lengths
        self.size = len(lags)
        self._place = torch.full((int(lengths.max()) + 1,), -1, device=lengths.device)
        self._place[list(lags)] = torch.arange(len(lags), device=lengths.device)

    def places(self, steps: Sequence[int]) -> Places:
        """Return what is on the grid after these steps."""
        lag = self.lengths[:, None] - self.lengths.new_tensor(steps)
        place = torch.where(lag > 0, self._place[lag.clamp(min=0)], -1)
        row, column = (place >= 0).nonzero(as_tuple=True)
        return Places(place[row, column], row, column)


class Walk:
    """One gradient on its way back through the pieces.

    It is ``parts * 2**exponent``, the exponent being each example's own: a product with a power of two is
    exact, so this costs no digit.

    Attributes:
        parts: the gradient at the parts of the state.
        exponent: [batch].
        pull: gradient of the loss at the outputs, [batch, time, output_size]; None for a Jacobian.
        draw: where a Jacobian's random vectors come from; None for the loss.
        state_norms: logarithms of norms, [parts + 1, lags, batch]; first the whole state, then its parts.
        input_norms: logarithms of norms, [lags, batch].
    """

    def __init__(self, grid: Grid, last: Piece, pull: Tensor | None, draw: Generator | None) -> None:
        unknown = torch.full((grid.size, len(grid.lengths)), math.nan, device=grid.lengths.device)
        self.grid, self.pull, self.draw = grid, pull, draw
        self.parts = [torch.zeros_like(part) for part in last.next_state]
        self.exponent = torch.zeros_like(grid.lengths, dtype=torch.float64)
        self.state_norms = unknown.repeat(len(self.parts) + 1, 1, 1)
        self.input_norms = unknown.clone()

    def back(self, piece: Piece, seen: Places, *, is_last: bool) -> None:
        """Go from the end of a piece to its start.

        Args:
            piece: the one that ends where this walk has got to.
            seen: which states at its start are on the grid.
            is_last: nobody else needs its graph.
        """
        self._begin_rows(piece)
        pull = self._rescale(piece)
        flows = list(zip(self.parts, piece.next_state, strict=True))
        wanted = list(piece.state)
        if pull is not None:
            flows.append((pull, piece.outputs))
            wanted.append(piece.inputs)
        found = _gradients([flow for flow in flows if flow[1].requires_grad], wanted, keep=not is_last)
        self.parts = found[: len(piece.state)]
        self._note(piece, seen, found[-1] if pull is not None else None)

    def _begin_rows(self, piece: Piece) -> None:
        """Put a random unit vector at the last state of each row that ends here; its gradient was 0 so far."""
        ends = self.grid.lengths == piece.end
        if self.draw is None or not ends.any():
            return
        vector = [torch.randn(part.shape, generator=self.draw).to(part) for part in piece.next_state]
        scale = torch.where(ends, -_ln_norms(vector, piece.axes)[0], -torch.inf).exp()
        for i, axis in enumerate(piece.axes):
            self.parts[i] = self.parts[i] + _rowwise(scale, vector[i], axis) * vector[i]

    def _rescale(self, piece: Piece) -> Tensor | None:
        """Bring each row's largest number near 1; return the loss's pull on the piece at that scale."""
        sizes = [
            self.exponent + _largest(part, axis).log2() for part, axis in zip(self.parts, piece.axes, strict=True)
        ]
        pull = None if self.pull is None else self.pull[:, piece.start : piece.end]
        sizes += [] if pull is None else [_largest(pull, 0).log2()]
        exponent = torch.stack(sizes).amax(0).floor()
        # A row of zeros keeps its scale, and so does one of infinities.
        exponent = torch.where(exponent.isfinite(), exponent, self.exponent)
        shift = _power_of_two(self.exponent - exponent)
        self.parts = [
            _rowwise(shift, part, axis) * part for part, axis in zip(self.parts, piece.axes, strict=True)
        ]
        self.exponent = exponent
        return None if pull is None else _rowwise(_power_of_two(-exponent), pull, 0) * pull

    def _note(self, piece: Piece, seen: Places, inputs: Tensor | None) -> None:
        """Keep the norms that are on the grid."""
        ln_scale = self.exponent * math.log(2)
        if piece.state:
            place, row, _ = seen
            self.state_norms[:, place, row] = (_ln_norms(self.parts, piece.axes) + ln_scale)[:, row]
        if inputs is not None:
            place, row, step = self.grid.places(range(piece.start + 1, piece.end + 1))
            norms = _ln_norm(inputs, (2,)) + ln_scale[:, None]
            self.input_norms[place, row] = norms[row, step]


def _gradients(flows: list[tuple[Tensor, Tensor]], wanted: list[Tensor], *, keep: bool) -> list[Tensor]:
    """Return what gradients at the ends, given as (gradient, end), are at the beginnings."""
    if not flows or not wanted:
        return [torch.zeros_like(beginning) for beginning in wanted]
    gradients, ends = zip(*flows, strict=True)
    return list(
        torch.autograd.grad(ends, wanted, gradients, retain_graph=keep, allow_unused=True, materialize_grads=True)
    )


def _ln_norms(parts: Sequence[Tensor], axes: Sequence[int]) -> Tensor:
    """Return the logarithm of each row's norm, of the whole and then of each part: [parts + 1, batch]."""
    each = torch.stack(
        [
            _ln_norm(part, tuple(i for i in range(part.ndim) if i != axis))
            for part, axis in zip(parts, axes, strict=True)
        ]
    )
    return torch.cat([(2 * each).logsumexp(0, keepdim=True) / 2, each])


def _ln_norm(values: Tensor, axes: tuple[int, ...]) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(values, dim=axes)
    return norm.log()


def _largest(values: Tensor, axis: int) -> Tensor:
    return values.abs().amax(tuple(i for i in range(values.ndim) if i != axis))


def _rowwise(factor: Tensor, values: Tensor, axis: int) -> Tensor:
    """Return one factor for each row, in the shape that multiplies ``values``."""
    return factor.view([-1 if i == axis else 1 for i in range(values.ndim)])


def _power_of_two(exponent: Tensor) -> Tensor:
    # 2**1023 is the largest there is; only numbers that are nearly lost would ask for more.
    return exponent.clamp(max=1023).exp2()
