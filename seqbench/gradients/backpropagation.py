"""Backpropagates through a sequence that was fed in chunks, with one chunk's graph in memory at a time.

The gradient is passed from chunk to chunk, rescaled by a power of two for each example, so that it neither
vanishes nor overflows. A complex part of a state counts as its real and imaginary parts. Plain torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from seqbench.gradients.passage import LONGEST_PIECE, Part, Passage
from seqbench.network.chunks import mapped
from seqbench.network.network import tensors

Pull = Callable[[Tensor, int], Tensor | None]
"""(outputs of a chunk [batch, steps, output_size], its first step) -> the gradient of each row's own loss there,
in the same shape; None if the loss does not depend on them."""


@dataclass(frozen=True)
class LogNorms:
    """Logarithms of the norms of gradients.

    Attributes:
        state: [parts + 1, cuts, lanes, batch]: at each cut, of the whole state and then of its parts; the loss's
            lane first, then one for each random vector.
        inputs: [batch, time]: of the loss, at each step's embedded input.
    """

    state: Tensor
    inputs: Tensor


def pass_back(passage: Passage, pull: Pull, lengths: Tensor, draws: Sequence[Generator]) -> LogNorms:
    """Run the backward pass from the end to the start, for the loss and for random vectors side by side.

    The batch is repeated once for each of them; each copy is a lane. Lane 0 carries the gradient of the loss; the
    others start from a random unit vector at the last state of each row.

    Args:
        passage: from `pass_forward`.
        pull: see `Pull`.
        lengths: the rows' lengths, [batch].
        draws: sources of the random vectors, one for each further lane.
    """
    axes = [part.axis for part in passage.parts if part.has_gradient and part.axis is not None]
    gradient = _Gradient(lengths, axes, draws, passage.steps)
    for start, end, state in passage.backwards():
        before, beginnings = _repeated(state, passage.parts, gradient.lanes)
        inputs = passage.embedded(start, end).repeat(gradient.lanes, 1, 1).requires_grad_()
        outputs, after = passage.run(inputs, before)
        pulled = pull(outputs[: gradient.batch].detach(), start)
        gradient.back(start, end, pulled, [*beginnings, inputs], [*_measured(after, passage.parts), outputs])
    return gradient.norms()


class _Gradient:
    """The gradient during the backward pass.

    It is ``parts * 2**exponent``, with an exponent for each row. A product with a power of two is exact, so no
    digit is lost.

    Attributes:
        lanes, batch: rows are ``lanes * batch``, lane by lane.
        parts: the gradient at the parts of the state.
        exponent: [lanes * batch].
    """

    def __init__(
        self, lengths: Tensor, axes: Sequence[int], draws: Sequence[Generator], steps: Sequence[int]
    ) -> None:
        self.lanes, self.batch = 1 + len(draws), len(lengths)
        self.parts: list[Tensor] = []
        self.exponent = torch.zeros(self.lanes * self.batch, dtype=torch.float64, device=lengths.device)
        self._lengths, self._axes, self._draws = lengths, axes, draws
        self._steps = 0
        # Allocated at once: small lasting tensors between large temporary ones would fragment the heap.
        self._input_norms = self.exponent.new_empty(self.batch, steps[-1])
        self._cut = len(steps) - 2
        self._state_norms = self.exponent.new_empty(len(axes) + 1, self._cut, self.lanes * self.batch)

    def back(
        self, start: int, end: int, pull: Tensor | None, beginnings: list[Tensor], ends: list[Tensor]
    ) -> None:
        """Pass from the end of a chunk to its start, and record the norms there and at its inputs.

        Args:
            start, end: steps of the chunk.
            pull: the gradient of the loss at its outputs; None if the loss does not depend on them.
            beginnings: the parts of the state before it, none for the first chunk, and its inputs.
            ends: the parts of the state after it, and its outputs.
        """
        self.parts = self.parts or [torch.zeros_like(part) for part in ends[:-1]]
        self._begin_rows(end)
        at_outputs = self._rescaled(pull, ends[-1])
        flows = zip([*self.parts, at_outputs], ends, strict=True)
        *self.parts, at_inputs = _gradients([flow for flow in flows if flow[1].requires_grad], beginnings)
        ln_scale = self.exponent * math.log(2)
        of_loss = slice(self.batch)
        self._input_norms[:, start:end] = _norms_over(at_inputs[of_loss], (2,)).log() + ln_scale[of_loss, None]
        if self.parts:
            self._cut -= 1
            self._state_norms[:, self._cut] = _norms(self.parts, self._axes).log() + ln_scale

    def norms(self) -> LogNorms:
        """Return all norms, in the order of time."""
        state = self._state_norms
        return LogNorms(state.reshape(*state.shape[:2], self.lanes, self.batch), self._input_norms)

    def _begin_rows(self, end: int) -> None:
        """Put a random unit vector at the last state of each row that ends here, in all lanes except the loss's.

        The gradient of these rows was 0 so far, and so was their exponent.
        """
        rows = self._lengths == end
        if not self._draws or not rows.any():
            return
        shapes = [part.narrow(axis, 0, self.batch) for part, axis in self._each()]
        lanes = [[torch.zeros_like(shape) for shape in shapes]]
        for draw in self._draws:
            vector = [torch.randn(shape.shape, generator=draw).to(shape) for shape in shapes]
            scale = torch.where(rows, 1 / _norms(vector, self._axes)[0], 0.0)
            lanes.append([_rowwise(scale, v, axis) * v for v, axis in zip(vector, self._axes, strict=True)])
        self.parts = [
            part + torch.cat(vectors, dim=axis)
            for (part, axis), vectors in zip(self._each(), zip(*lanes, strict=True), strict=True)
        ]

    def _rescaled(self, pull: Tensor | None, outputs: Tensor) -> Tensor:
        """Rescale each row to a largest number near 1 if the chunk may need it; return the pull at that scale."""
        steps, whole = outputs.shape[1], torch.zeros_like(outputs)
        self._steps += steps
        if pull is not None or self._steps > LONGEST_PIECE:
            self._steps = steps
            self._rescale(pull)
        if pull is not None:
            whole[: self.batch] = _rowwise(_power_of_two(-self.exponent[: self.batch]), pull, 0) * pull
        return whole

    def _rescale(self, pull: Tensor | None) -> None:
        sizes = [self.exponent + _largest(part, axis).log2() for part, axis in self._each()]
        of_pull = torch.full_like(self.exponent, -torch.inf)
        if pull is not None:
            of_pull[: self.batch] = _largest(pull, 0).log2()
        exponent = torch.stack([*sizes, of_pull]).amax(0).floor()
        # A row of zeros keeps its scale, and so does one of infinities.
        exponent = torch.where(exponent.isfinite(), exponent, self.exponent)
        shift = _power_of_two(self.exponent - exponent)
        self.parts = [_rowwise(shift, part, axis) * part for part, axis in self._each()]
        self.exponent = exponent

    def _each(self) -> Iterator[tuple[Tensor, int]]:
        return zip(self.parts, self._axes, strict=True)


def _measured(state: Any, parts: Sequence[Part]) -> list[Tensor]:
    """Return the parts of a state that gradients flow through, as real numbers; none without a state."""
    known = parts if state is not None else ()
    return [_real(tensor) for tensor, part in zip(tensors(state), known, strict=True) if part.has_gradient]


def _real(part: Tensor) -> Tensor:
    """Return a complex part as pairs of real numbers on one more axis, the last; a real one as it is."""
    return torch.view_as_real(part.resolve_conj()) if part.is_complex() else part


def _repeated(state: Any, parts: Sequence[Part], lanes: int) -> tuple[Any, list[Tensor]]:
    """Repeat the state once for each lane; return it, and its parts at which a graph begins."""
    layout, beginnings = iter(parts), []

    def repeated(tensor: Tensor) -> Tensor:
        part = next(layout)
        again = tensor if part.axis is None else torch.cat([tensor] * lanes, dim=part.axis)
        if not part.has_gradient:
            return again
        beginnings.append(_real(again).requires_grad_())
        return torch.view_as_complex(beginnings[-1]) if again.is_complex() else beginnings[-1]

    return mapped(state, repeated), beginnings


def _gradients(flows: list[tuple[Tensor, Tensor]], wanted: list[Tensor]) -> list[Tensor]:
    """Backpropagate the gradients at the ends, given as (gradient, end); return those at the beginnings."""
    if not flows:
        return [torch.zeros_like(beginning) for beginning in wanted]
    gradients, ends = zip(*flows, strict=True)
    return list(torch.autograd.grad(ends, wanted, gradients, allow_unused=True, materialize_grads=True))


def _norms(parts: Sequence[Tensor], axes: Sequence[int]) -> Tensor:
    """Return each row's norm, of the whole and then of each part: [parts + 1, rows]."""
    each = torch.stack([_norms_over(part, _others(part, axis)) for part, axis in zip(parts, axes, strict=True)])
    return torch.cat([_norms_over(each, (0,))[None], each])


def _norms_over(values: Tensor, axes: tuple[int, ...]) -> Tensor:
    # Over no axis a norm is the absolute value; torch would take it over all.
    norms: Tensor = torch.linalg.vector_norm(values, dim=axes) if axes else values.abs()
    return norms


def _others(values: Tensor, axis: int) -> tuple[int, ...]:
    return tuple(i for i in range(values.ndim) if i != axis)


def _largest(values: Tensor, axis: int) -> Tensor:
    others = _others(values, axis)
    return values.abs().amax(others) if others else values.abs()


def _rowwise(factor: Tensor, values: Tensor, axis: int) -> Tensor:
    """Return one factor for each row, in the shape that multiplies ``values``."""
    return factor.view([-1 if i == axis else 1 for i in range(values.ndim)])


def _power_of_two(exponent: Tensor) -> Tensor:
    # 2**1023 is the largest there is; only numbers that are nearly lost would ask for more.
    return exponent.clamp(max=1023).exp2()
