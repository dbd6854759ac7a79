"""Runs the steps of a minimal LSTM as one function of autograd, forward and backward.

Gates and recurrence go together through blocks of steps that stay in the processor's cache, and the backward pass
computes the gates again. As single operations of autograd they take twice as long. The logarithms of the paper's
appendix B keep its scan from dividing by products of f' that underflow; here nothing is divided by them.
"""

from __future__ import annotations

from typing import Any

import torch
from seqbench_scan.linear import refuse_graph, way_of
from torch import Tensor

from seqbench_linear.gates import g, logistic, slope

BLOCK_NUMBERS = 32768
"""Numbers of h in a block of steps."""


class MinLSTMSteps(torch.autograd.Function):
    """(columns, h) -> (hs, last), for the columns f, i and c side by side, [batch, time, 3 * state].

    h_t = f'_t h_{t-1} + i'_t g(c_t), with f'_t = f_t / (f_t + i_t) and i'_t = i_t / (f_t + i_t) of the logistic
    functions of their columns; hs are [batch, time, state], h and last [batch, state].
    """

    @staticmethod
    def forward(ctx: Any, columns: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Run the steps."""
        hs = columns.new_empty(*columns.shape[:2], h.shape[1])
        run, last = way_of(columns).run, h
        with torch.inference_mode():
            for steps in _blocks(hs):
                f, i, value = _gates(columns[:, steps])
                both = f + i
                hs[:, steps] = run(f.div_(both), i.div_(both).mul_(value), last)
                last = hs[:, steps.stop - 1]
        ctx.save_for_backward(columns, h, hs)
        return hs, last.clone()

    @staticmethod
    def backward(ctx: Any, d_hs: Tensor, d_last: Tensor) -> tuple[Tensor, Tensor]:
        """Run them back, with dh_t the gradient of h_t.

        Of q_t = log(i'_t / f'_t) it is dq_t = f'_t i'_t (g(c_t) - h_{t-1}) dh_t; the columns of the gates get
        (1 - i_t) dq_t and -(1 - f_t) dq_t, those of c i'_t g'(c_t) dh_t.
        """
        refuse_graph()
        columns, h, hs = ctx.saved_tensors
        found, run_back = torch.empty_like(columns), way_of(columns).run_back
        with torch.inference_mode():
            for steps in reversed(_blocks(hs)):
                f, i, value = _gates(columns[:, steps])
                df, di, dc = found[:, steps].chunk(3, dim=-1)
                both = f + i
                kept, taken = f / both, torch.div(i, both, out=both)
                d, d_last = run_back(kept, d_hs[:, steps], d_last)
                d.mul_(taken)
                torch.mul(slope(value), d, out=dc)
                dq = value.sub_(_before(hs, h, steps)).mul_(d).mul_(kept)
                torch.addcmul(dq, i, dq, value=-1, out=di)
                torch.addcmul(dq.neg_(), f, dq, value=-1, out=df)
        # What is made in inference mode may not be changed outside it; the copy may.
        return found, d_last.clone()


def _gates(columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return f_t, i_t and g(c_t) from their columns."""
    f, i, c = columns.chunk(3, dim=-1)
    return logistic(f), logistic(i), g(c)


def _blocks(hs: Tensor) -> list[slice]:
    """Cut [batch, time, state] into blocks of steps; a device with many cores gets all steps at once."""
    time = hs.shape[1]
    size = max(1, BLOCK_NUMBERS * time // hs.numel()) if hs.device.type == "cpu" and time else time
    return [slice(start, min(start + size, time)) for start in range(0, time, max(1, size))]


def _before(hs: Tensor, h: Tensor, steps: slice) -> Tensor:
    """Return h_{t-1} for the steps of a block."""
    if steps.start:
        return hs[:, steps.start - 1 : steps.stop - 1]
    return torch.cat([h.unsqueeze(1), hs[:, : steps.stop - 1]], dim=1)
