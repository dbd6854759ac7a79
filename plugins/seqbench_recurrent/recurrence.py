"""Runs a cell over a sequence as one function of autograd, with the gradients of its weights.

U x, and the gradients of U, V and the biases, are products for a block of steps; the steps are in `cells`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seqbench_recurrent.blocks import Flat, Spares


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
        kept = [spares.slabs.take(inputs, time, batch, width * hidden) for width in spares.kind.kept_widths]
        u_t, v_t, biases = _rolled(u, shift).t(), v.t().contiguous(), _summed(_rolled(b, shift), d, shift)
        now, buffers = state, spares.take(inputs, hidden)
        for steps, block in buffers.blocks(time):
            block.begin(now)
            block.inputs.copy_(inputs[:, steps])
            torch.addmm(biases[: len(u)], block.flat.xs, u_t, out=block.flat.driven)
            block.flat.fixed.copy_(biases[len(u) :])
            with torch.inference_mode():
                block.run(v_t)
            for whole, part in zip(kept, block.kept, strict=True):
                whole[steps] = part
            outputs[:, steps] = block.outputs
            now = block.end
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
        shift = ctx.spares.kind.shift * v.shape[1]
        u_rolled, sums = _rolled(u, shift), _WeightGradients(u, v, shift)
        buffers = ctx.spares.take(inputs, v.shape[1])
        for steps, block in reversed(buffers.blocks(inputs.shape[1])):
            block.hs[0] = outputs[:, steps.start - 1] if steps.start else h0
            block.outputs.copy_(outputs[:, steps])
            block.begin_back(d_outputs[:, steps], d_state)
            with torch.inference_mode():
                block.run_back(v, tuple(whole[steps] for whole in kept))
            d_state = block.end_back
            if any(needs_weights):
                block.inputs.copy_(inputs[:, steps])
                sums.add(block.flat)
            if d_inputs is not None:
                torch.mm(block.flat.d_driven, u_rolled, out=block.flat.xs)
                d_inputs[:, steps] = block.inputs
        ctx.spares.give_back(buffers, inputs)
        return None, d_inputs, *(sums.gradients() if any(needs_weights) else [None] * 4), *d_state


def _rolled(rows: Tensor, shift: int) -> Tensor:
    """Return the last rows first; the tensor itself if none are shifted."""
    return rows.roll(shift, 0) if shift else rows


def _summed(b: Tensor, d: Tensor, shift: int) -> Tensor:
    """Return the biases of the columns: b of the first ones and d of the last, added up where both act."""
    biases = b.new_zeros(len(b) + shift)
    biases[: len(b)] = b
    biases[shift:] += d
    return biases


class _WeightGradients:
    """Adds up the gradients of U, V, b and d over blocks."""

    def __init__(self, u: Tensor, v: Tensor, shift: int) -> None:
        self._du, self._dv, self._dbiases = torch.zeros_like(u), torch.zeros_like(v), v.new_zeros(len(v) + shift)
        self._shift = shift

    def add(self, flat: Flat) -> None:
        """Add those of a block."""
        self._du.addmm_(flat.d_driven.t(), flat.xs)
        self._dv.addmm_(flat.d_recurrent.t(), flat.before)
        self._dbiases += flat.dcolumns.sum(0)

    def gradients(self) -> list[Tensor]:
        """Return them with torch's order of rows, each in memory of its own."""
        back, rows = -self._shift, len(self._dv)
        return [
            _rolled(self._du, back),
            self._dv,
            _rolled(self._dbiases[:rows], back),
            self._dbiases[self._shift :].clone(),
        ]
