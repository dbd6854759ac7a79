"""Runs a linear recurrence in rounds over all steps at once, forward and backward: for devices with many cores.

Two steps are one of the same form: (a2, b2) after (a1, b1) is (a2 a1, a2 b1 + b2). So spans of 1, 2, 4, ... steps
are joined, in log2(time) rounds (Hillis & Steele 1986).
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(a: Tensor, b: Tensor, h: Tensor, out: Tensor | None = None) -> Tensor:
    """Return h_t = a_t h_{t-1} + b_t for all t.

    Args:
        a, b: [batch, time, features].
        h: before the first step, [batch, features].
        out: where they are written; it may be `b`.
    """
    first = torch.addcmul(b[:, :1], a[:, :1], h.unsqueeze(1))
    b = torch.cat([first, b[:, 1:]], dim=1)
    span, time = 1, b.shape[1]
    while span < time:
        b = torch.cat([b[:, :span], torch.addcmul(b[:, span:], a[:, span:], b[:, :-span])], dim=1)
        a = torch.cat([a[:, :span], a[:, span:] * a[:, :-span]], dim=1)
        span *= 2
    return b if out is None else out.copy_(b)


def run_back(a: Tensor, d_hs: Tensor, d_last: Tensor) -> tuple[Tensor, Tensor]:
    """Return g_t = d_t + a_{t+1} g_{t+1} for all t, g_T = d_T + d_last, and a_1 g_1.

    Args:
        a, d_hs: [batch, time, features].
        d_last: [batch, features].
    """
    if not d_hs.shape[1]:
        return torch.empty_like(d_hs), d_last
    following = torch.cat([a[:, 1:], torch.ones_like(a[:, :1])], dim=1)
    g = run(following.flip(1), d_hs.flip(1), d_last).flip(1)
    return g, a[:, 0] * g[:, 0]
