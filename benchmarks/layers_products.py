"""Measures the matrix products of a recurrent layer alone: what its passes cost at least."""

from __future__ import annotations

import statistics
import time

import torch

GATES = {"lstm": 4, "gru": 3, "rnn": 1}
PRODUCTS = [f"products of {model}" for model in GATES]
FEATURES, STEPS, REPEATS = 32, 32, 200


def product_seconds(hidden: int, batch: int) -> list[float]:
    """Return the CPU seconds of a time step's products, forward and backward, for each model."""
    return [_seconds(gates * hidden, hidden, batch) for gates in GATES.values()]


def _seconds(rows: int, hidden: int, batch: int) -> float:
    """V h and V^T da step by step; U x, U^T da and the gradients of U and V for 32 steps at once."""
    torch.set_num_threads(1)
    h, v_t = torch.randn(batch, hidden), torch.randn(hidden, rows)
    a, v, dh = h @ v_t, torch.randn(rows, hidden), torch.empty(batch, hidden)
    xs, hs, das = (torch.randn(STEPS * batch, width) for width in (FEATURES, hidden, rows))
    u = torch.randn(rows, FEATURES)
    outs = [torch.empty(shape) for shape in ((STEPS * batch, rows), xs.shape, u.shape, v.shape)]
    found = []
    for _ in range(REPEATS):
        began = time.process_time()
        for _ in range(STEPS):
            torch.mm(h, v_t, out=a)
            torch.mm(a, v, out=dh)
        for left, right, out in zip((xs, das, das.t(), das.t()), (u.t(), u, xs, hs), outs, strict=True):
            torch.mm(left, right, out=out)
        found.append((time.process_time() - began) / STEPS)
    return statistics.median(found)
