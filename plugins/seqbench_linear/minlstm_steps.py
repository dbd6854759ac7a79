"""Runs a minimal LSTM over a sequence as one function of autograd, forward and backward.

Products, gates and recurrence go together through blocks of steps, so that of what lies between only the
derivatives of each step go through memory; as single operations of autograd they take three times as long. The
logarithms of the paper's appendix B keep its scan from dividing by products of f' that underflow; here nothing is
divided by them.
"""

from __future__ import annotations

from typing import Any

import torch
from seqbench_scan.linear import refuse_graph
from torch import Tensor

from seqbench_linear.minlstm_blocks import Backward, Forward, Kept

BLOCK_NUMBERS = 65536
"""Numbers of h in a block of steps. Of half as many the calls of torch take longer than the cache saves."""


class MinLSTMSteps(torch.autograd.Function):
    """(inputs, U, b, h, is_trained) -> (hs, last).

    h_t = f'_t h_{t-1} + i'_t g(c_t), with f'_t = f_t / (f_t + i_t) and i'_t = 1 - f'_t of the logistic functions
    of their columns; the columns of f, i and c side by side are U x_t + b. Products are in the type of inputs, U
    and b, everything else in that of h. Unless it is trained, nothing is kept for the way back.

    inputs are [time, batch, features], hs [time, batch, state], h and last [batch, state].
    """

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, U: Tensor, b: Tensor, h: Tensor, is_trained: bool = True
    ) -> tuple[Tensor, Tensor]:
        """Run the steps; the derivatives of h_t by the columns of step t, and f'_t, are kept for the way back."""
        xs, size = inputs.contiguous(), _block_size(h, len(inputs))
        last, hs = h, h.new_empty(len(xs), *h.shape)
        kept = Kept(h.new_empty(3, *hs.shape), torch.empty_like(hs)) if is_trained else None
        block = Forward(U, b, h, size)
        with torch.inference_mode():
            for start in range(0, len(xs), size):
                own = slice(start, start + size)
                block.run(xs[own], last, hs=hs[own], kept=None if kept is None else kept.part(own))
                last = hs[own][-1]
        if kept is not None:
            ctx.save_for_backward(xs, U, *kept)
        return hs, last.clone()

    @staticmethod
    def backward(ctx: Any, d_hs: Tensor, d_last: Tensor) -> tuple[Tensor | None, ...]:
        """Run them back; the gradients of a step's columns are that of h_t times its derivatives by them."""
        refuse_graph()
        xs, U, *kept = ctx.saved_tensors
        size = _block_size(d_last, len(xs))
        d_inputs, d_h, block = torch.empty_like(xs), d_last, Backward(_i_negated(U), d_last, size)
        with torch.inference_mode():
            for start in reversed(range(0, len(xs), size)):
                own = slice(start, start + size)
                d_h = block.run(xs[own], Kept(*kept).part(own), d_hs=d_hs[own], d_h=d_h, d_xs=d_inputs[own])
        return d_inputs, _i_negated(block.d_U), _i_negated(block.d_b), d_h.clone(), None


def _i_negated(rows: Tensor) -> Tensor:
    """Return rows of f, i and c with those of i negated, as derivatives by i have the opposite sign."""
    f, i, c = rows.chunk(3)
    return torch.cat([f, -i, c])


def product_type(inputs: Tensor) -> torch.dtype:
    """Return the type of matrix products with these inputs: that of autocast where it is on."""
    kind = inputs.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else inputs.dtype


def _block_size(h: Tensor, time: int) -> int:
    """Return the steps of a block, at least 1; a device with many cores gets all steps at once."""
    return max(1, min(time, BLOCK_NUMBERS // max(1, h.numel())) if h.device.type == "cpu" else time)
