"""Runs a minimal LSTM over a sequence as one function of autograd, forward and backward.

Products, gates and recurrence go together through blocks of steps that stay in the processor's cache, so that of
what lies between only the gates go through memory; as single operations of autograd they take three times as long.
The logarithms of the paper's appendix B keep its scan from dividing by products of f' that underflow; here nothing
is divided by them.
"""

from __future__ import annotations

from typing import Any

import torch
from seqbench_scan.linear import refuse_graph, way_of
from torch import Tensor
from torch.nn.functional import linear

from seqbench_linear.gates import activate_, candidate_backward

BLOCK_NUMBERS = 131072
"""Numbers of h in a block of steps."""


class MinLSTMSteps(torch.autograd.Function):
    """(inputs, U, b, h) -> (hs, last).

    h_t = f'_t h_{t-1} + i'_t g(c_t), with f'_t = f_t / (f_t + i_t) and i'_t = i_t / (f_t + i_t) of the logistic
    functions of their columns; the columns of f, i and c side by side are U x_t + b. Products are in the type of
    inputs, U and b, everything else in that of h.

    inputs are [batch, time, features], hs [batch, time, state], h and last [batch, state]. Within, time is axis 0,
    so that a step lies together in memory.
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, U: Tensor, b: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Run the steps; gates and candidates are kept for the way back."""
        hs = h.new_empty(inputs.shape[1], *h.shape)
        gates, run, last = [], way_of(h).run, h
        for steps in _blocks(hs):
            gates.append(linear(_by_time(inputs, steps), U, b).to(h.dtype))
            f, i, value = activate_(gates[-1])
            both = f + i
            added = torch.div(i, both, out=hs[steps]).mul_(value).transpose(0, 1)
            run(torch.div(f, both, out=both).transpose(0, 1), added, last, out=added)
            last = added[:, -1]
        ctx.save_for_backward(inputs, U, h, hs, *gates)
        return hs.transpose(0, 1), last.clone()

    @staticmethod
    def backward(ctx: Any, d_hs: Tensor, d_last: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Run them back, with dh_t the gradient of h_t.

        Of q_t = log(f'_t / i'_t) it is dq_t = f'_t i'_t (h_{t-1} - g(c_t)) dh_t; the columns of the gates get
        (1 - f_t) dq_t and -(1 - i_t) dq_t, those of c i'_t g'(c_t) dh_t.
        """
        refuse_graph()
        inputs, U, h, hs, *gates = ctx.saved_tensors
        d_inputs, d_U, d_b = torch.empty_like(inputs), h.new_zeros(U.shape), h.new_zeros(len(U))
        with torch.inference_mode():
            for steps, own in reversed(list(zip(_blocks(hs), gates, strict=True))):
                d, d_last = _columns_back(own, _before(hs, h, steps), _by_time(d_hs, steps), d_last)
                d, x = d.to(U.dtype).flatten(0, 1), _by_time(inputs, steps)
                d_inputs[:, steps] = (d @ U).view_as(x).transpose(0, 1)
                d_U += d.T @ x.flatten(0, 1)
                d_b += d.sum(0)
        # What is made in inference mode may not be changed outside it; the copy may.
        return d_inputs, d_U, d_b, d_last.clone()


def _columns_back(gates: Tensor, before: Tensor, d_hs: Tensor, d_last: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients of the columns of a block, and of h before it.

    Args:
        gates: f_t, i_t and g(c_t) side by side, [steps, batch, 3 * state].
        before: h_{t-1}, [steps, batch, state].
        d_hs: gradients of h_t as outputs, [steps, batch, state].
        d_last: gradient of the last h_t as the state of what follows.
    """
    found = torch.empty_like(gates)
    (f, i, value), (df, di, dc) = gates.chunk(3, dim=-1), found.chunk(3, dim=-1)
    both = f + i
    kept = f / both
    d, d_before = way_of(gates).run_back(kept.transpose(0, 1), d_hs.transpose(0, 1), d_last)
    d = d.transpose(0, 1).mul_(torch.div(i, both, out=both))
    candidate_backward(d, value, out=dc)
    dq = torch.sub(before, value, out=both).mul_(kept).mul_(d)
    torch.addcmul(dq, f, dq, value=-1, out=df)
    torch.mul(i - 1, dq, out=di)
    return found, d_before


def _before(hs: Tensor, h: Tensor, steps: slice) -> Tensor:
    """Return h_{t-1} for the steps of a block, [steps, batch, state]."""
    if steps.start:
        return hs[steps.start - 1 : steps.stop - 1]
    return torch.cat([h[None], hs[: steps.stop - 1]])


def _by_time(sequence: Tensor, steps: slice) -> Tensor:
    """Return some steps of [batch, time, features] as [steps, batch, features], step by step in memory."""
    return sequence[:, steps].transpose(0, 1).contiguous()


def product_type(inputs: Tensor) -> torch.dtype:
    """Return the type of matrix products with these inputs: that of autocast where it is on."""
    kind = inputs.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else inputs.dtype


def _blocks(hs: Tensor) -> list[slice]:
    """Cut [time, batch, state] into blocks of steps; a device with many cores gets all steps at once."""
    time = len(hs)
    size = max(1, BLOCK_NUMBERS * time // hs.numel()) if hs.device.type == "cpu" and time else time
    return [slice(start, min(start + size, time)) for start in range(0, time, max(1, size))]
