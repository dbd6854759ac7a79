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

from seqbench_linear.minlstm_blocks import Backward, Forward

BLOCK_NUMBERS = 65536
"""Numbers of h in a block of steps. Of half as many the calls of torch take longer than the cache saves."""


class MinLSTMSteps(torch.autograd.Function):
    """(inputs, U, b, h, is_trained) -> (hs, last).

    h_t = f'_t h_{t-1} + i'_t g(c_t), with f'_t = f_t / (f_t + i_t) and i'_t = 1 - f'_t of the logistic functions
    of their columns; the columns of f, i and c side by side are U x_t + b. Products are in the type of inputs, U
    and b, everything else in that of h. Unless it is trained, nothing is kept for the way back.

    inputs are [batch, time, features], hs [batch, time, state], h and last [batch, state].
    """

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, U: Tensor, b: Tensor, h: Tensor, is_trained: bool = True
    ) -> tuple[Tensor, Tensor]:
        """Run the steps; the derivatives of h_t by the columns of step t, and f'_t, are kept for the way back."""
        hs = h.new_empty(*inputs.shape[:2], h.shape[1])
        kept: list[Tensor] = []
        last, blocks = h, _blocks(hs)
        by_size = {size: Forward(U, b, h, size) for size in set(map(_size, blocks))}
        for steps in blocks:
            block = by_size[_size(steps)]
            kept += block.run(inputs[:, steps], last, out=hs[:, steps], is_trained=is_trained)
            last = block.h
        ctx.save_for_backward(inputs, U, *kept)
        return hs, last.clone()

    @staticmethod
    def backward(ctx: Any, d_hs: Tensor, d_last: Tensor) -> tuple[Tensor | None, ...]:
        """Run them back; the gradients of a step's columns are that of h_t times its derivatives by them."""
        refuse_graph()
        inputs, U, *kept = ctx.saved_tensors
        sums = d_last.new_zeros(U.shape), d_last.new_zeros(len(U))
        d_inputs, d_h, blocks, signed = torch.empty_like(inputs), d_last, _blocks(d_hs), _i_negated(U)
        by_size = {size: Backward(signed, d_last, size) for size in set(map(_size, blocks))}
        for steps, *own in reversed(list(zip(blocks, kept[::2], kept[1::2], strict=True))):
            block, out = by_size[_size(steps)], d_inputs[:, steps]
            block.run(inputs[:, steps], own, d_outputs=d_hs[:, steps], d_h=d_h, out=out, sums=sums)
            d_h = block.d_h
        d_U, d_b = map(_i_negated, sums)
        return d_inputs, d_U, d_b, d_h.clone(), None


def _i_negated(rows: Tensor) -> Tensor:
    """Return rows of f, i and c with those of i negated, as derivatives by i have the opposite sign."""
    f, i, c = rows.chunk(3)
    return torch.cat([f, -i, c])


def product_type(inputs: Tensor) -> torch.dtype:
    """Return the type of matrix products with these inputs: that of autocast where it is on."""
    kind = inputs.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else inputs.dtype


def _blocks(hs: Tensor) -> list[slice]:
    """Cut [batch, time, state] into blocks of steps; a device with many cores gets all steps at once."""
    time = hs.shape[1]
    size = max(1, BLOCK_NUMBERS * time // hs.numel()) if hs.device.type == "cpu" and time else time
    return [slice(start, min(start + size, time)) for start in range(0, time, max(1, size))]


def _size(steps: slice) -> int:
    return int(steps.stop - steps.start)
