"""Runs a linear recurrence of positive numbers on their logarithms, which neither overflow nor underflow.

h_t = a_t h_{t-1} + b_t becomes log h_t = logaddexp(log a_t + log h_{t-1}, log b_t). Heinsen (2023, arXiv
2311.06281) finds it from sums of all log a so far, which lose digits as they grow with the length; this does not.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from seqbench_scan.linear import refuse_graph, way_of, wide_type


def log_scan(log_a: Tensor, log_b: Tensor, log_h: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return log h_t = log(a_t h_{t-1} + b_t) for all t, and the last of them.

    Logarithms are real; that of 0 is -inf. Gradients flow to all three arguments, once.

    Args:
        log_a: of a shape that broadcasts to that of `log_b`.
        log_b: [batch, time, features].
        log_h: before the first step, [batch, features]; that of 0 if None.

    Returns:
        log h_1 ... log h_T, [batch, time, features], and log h_T, [batch, features].

    >>> log_hs, last = log_scan(torch.full((1, 3, 1), 0.5).log(), torch.zeros(1, 3, 1))
    >>> [round(h, 4) for h in log_hs.exp().flatten().tolist()]
    [1.0, 1.5, 1.75]
    """
    if log_h is None:
        log_h = log_b.new_full((len(log_b), *log_b.shape[2:]), -math.inf)
    dtype = wide_type(log_a, log_b, log_h)
    log_a = log_a.to(dtype).expand(log_b.shape)
    log_hs, last = LogScan.apply(log_a, log_b.to(dtype), log_h.to(dtype))  # type: ignore[no-untyped-call]
    return log_hs, last


class LogScan(torch.autograd.Function):
    """(log_a, log_b, log_h) -> (log_hs, last), of one type."""

    @staticmethod
    def forward(ctx: Any, log_a: Tensor, log_b: Tensor, log_h: Tensor) -> tuple[Tensor, Tensor]:
        """Run the steps."""
        run = _steps if log_b.device.type == "cpu" else _doubling
        log_hs = run(log_a, log_b, log_h)
        ctx.save_for_backward(log_a, log_b, log_h, log_hs)
        return log_hs, (log_hs[:, -1] if log_hs.shape[1] else log_h).clone()

    @staticmethod
    def backward(ctx: Any, d_hs: Tensor, d_last: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The parts of h_t that come from h_{t-1} and b_t, p_t and 1 - p_t, are the factors of their gradients."""
        refuse_graph()
        log_a, log_b, log_h, log_hs = ctx.saved_tensors
        before = torch.cat([log_h.unsqueeze(1), log_hs[:, :-1]], dim=1)[:, : log_hs.shape[1]]
        kept, added = _share(log_a + before, log_hs), _share(log_b, log_hs)
        g, d_h = way_of(log_hs).run_back(kept, d_hs, d_last)
        return kept.mul_(g), added.mul_(g), d_h


def _share(part: Tensor, whole: Tensor) -> Tensor:
    """Return exp(part) / exp(whole), and 0 of nothing."""
    return torch.sub(part, whole).exp_().masked_fill_(whole == -math.inf, 0)


def _steps(log_a: Tensor, log_b: Tensor, log_h: Tensor) -> Tensor:
    found = torch.empty_like(log_b)
    with torch.inference_mode():
        for factor, added, out in zip(log_a.unbind(1), log_b.unbind(1), found.unbind(1), strict=True):
            torch.add(factor, log_h, out=out)
            torch.logaddexp(out, added, out=out)
            log_h = out
    return found


def _doubling(log_a: Tensor, log_b: Tensor, log_h: Tensor) -> Tensor:
    """Join spans of 1, 2, 4, ... steps, as `doubling` does."""
    first = torch.logaddexp(log_b[:, :1], log_a[:, :1] + log_h.unsqueeze(1))
    log_b = torch.cat([first, log_b[:, 1:]], dim=1)
    span = 1
    while span < log_b.shape[1]:
        joined = torch.logaddexp(log_b[:, span:], log_a[:, span:] + log_b[:, :-span])
        log_b = torch.cat([log_b[:, :span], joined], dim=1)
        log_a = torch.cat([log_a[:, :span], log_a[:, span:] + log_a[:, :-span]], dim=1)
        span *= 2
    return log_b
