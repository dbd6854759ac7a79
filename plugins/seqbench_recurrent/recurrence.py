"""Runs a cell over a sequence as one function of autograd, with the gradients of its weights.

U x, and the gradients of U, V and the biases, are products for a block of steps; the steps are in `cells`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seqbench_recurrent.blocks import Block, Spares


class Recurrence(torch.autograd.Function):
    """(spares, inputs, U, V, b, d, *state) -> (outputs, *state after the last step); time is axis 1.

    The biases are those of U x and V h, shapes as in `blocks` and in torch's layers.
    """

    @staticmethod
    def forward(
        ctx: Any, spares: Spares, inputs: Tensor, u: Tensor, v: Tensor, b: Tensor, d: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        """Run the sequence."""
        batch, time, _ = inputs.shape
        hidden, shift = v.shape[1], spares.kind.shift * v.shape[1]
        outputs = inputs.new_empty(batch, time, hidden)
        kept = [inputs.new_empty(time, batch, width * hidden) for width in spares.kind.kept_widths]
        v_t, biases, now = v.roll(shift, 0).t().contiguous(), _summed(b, d.roll(shift, 0), shift), state
        buffers = spares.take(inputs, hidden)
        for steps, block in buffers.blocks(time):
            block.begin(now)
            block.xs.copy_(inputs[:, steps].transpose(0, 1))
            _drive(block, u, biases)
            block.run(v_t)
            now = block.end
            for whole, part in zip(kept, block.kept, strict=True):
                whole[steps] = part
            outputs[:, steps] = block.hs[1:].transpose(0, 1)
        last = [part.clone() for part in now]
        spares.give_back(buffers, inputs)
        ctx.save_for_backward(inputs, u, v, state[0], outputs, *kept)
        ctx.spares = spares
        return outputs, *last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_outputs: Tensor, *d_state: Tensor) -> tuple[Tensor | None, ...]:
        """Run it backward."""
        inputs, u, v, h0, outputs, *kept = ctx.saved_tensors
        _, needs_inputs, *needs_weights = ctx.needs_input_grad[:6]
        d_inputs = torch.empty_like(inputs) if needs_inputs else None
        sums = _WeightGradients(ctx.spares.kind.shift, u, v)
        v_rolled = v.roll(sums.shift, 0)
        buffers = ctx.spares.take(inputs, v.shape[1])
        for steps, block in reversed(buffers.blocks(inputs.shape[1])):
            block.hs[0] = outputs[:, steps.start - 1] if steps.start else h0
            block.hs[1:] = outputs[:, steps].transpose(0, 1)
            block.dhs[0] = 0
            block.dhs[1:] = d_outputs[:, steps].transpose(0, 1)
            d_state = block.run_back(v_rolled, tuple(whole[steps] for whole in kept), d_state)
            if d_inputs is not None:
                d_xs = torch.matmul(block.dcolumns[..., -len(u) :], u)
                d_inputs[:, steps] = d_xs.transpose(0, 1)
            if any(needs_weights):
                block.xs.copy_(inputs[:, steps].transpose(0, 1))
                sums.add(block)
        ctx.spares.give_back(buffers, inputs)
        return None, d_inputs, *(sums.gradients() if any(needs_weights) else [None] * 4), *d_state


def _summed(b: Tensor, d: Tensor, shift: int) -> Tensor:
    """Return the biases of the columns: d of the first ones and b of the last, added up where both act."""
    biases = b.new_zeros(shift + len(b))
    biases[shift:] = b
    biases[: len(d)] += d
    return biases


def _drive(block: Block, u: Tensor, biases: Tensor) -> None:
    """Write U x and the biases into a block's columns."""
    shift, columns = len(biases) - len(u), block.columns
    torch.addmm(biases[shift:], block.xs.flatten(0, 1), u.t(), out=columns.flatten(0, 1)[:, shift:])
    if shift:
        columns[..., :shift] = biases[:shift]


class _WeightGradients:
    """Adds up the gradients of U, V, b and d over blocks."""

    def __init__(self, shift: int, u: Tensor, v: Tensor) -> None:
        self.shift, self._rows = shift * v.shape[1], len(v)
        self._du, self._dv = torch.zeros_like(u), torch.zeros_like(v)
        self._dbiases = v.new_zeros(self.shift + len(v))

    def add(self, block: Block) -> None:
        """Add those of a block."""
        dcolumns = block.dcolumns.flatten(0, 1)
        self._dv.addmm_(dcolumns[:, : self._rows].t(), block.hs[:-1].flatten(0, 1))
        self._du.addmm_(dcolumns[:, self.shift :].t(), block.xs.flatten(0, 1))
        self._dbiases += dcolumns.sum(0)

    def gradients(self) -> list[Tensor]:
        """Return them in torch's order of rows, each in memory of its own."""
        dd = self._dbiases[: self._rows]
        return [
            self._du,
            self._dv.roll(-self.shift, 0),
            self._dbiases[self.shift :].clone(),
            dd.roll(-self.shift, 0),
        ]
