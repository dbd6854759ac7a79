"""Computes gates and candidates of a minimal LSTM, and their slopes, in place where that saves time."""

from __future__ import annotations

import torch
from torch import Tensor


def logistic(a: Tensor) -> Tensor:
    """Return 1 / (1 + e^-a), and the least normal number where that underflows: quotients of two are then defined.

    >>> logistic(torch.tensor([-1000.0, 0.0])).tolist()
    [1.1754943508222875e-38, 0.5]
    """
    return torch.sigmoid(a).add_(torch.finfo(a.dtype).tiny)


def g(a: Tensor) -> Tensor:
    """Return a + 1/2 where a >= 0, and the logistic function of a elsewhere.

    >>> g(torch.tensor([-1e9, 0.0, 2.0])).tolist()
    [0.0, 0.5, 2.5]
    """
    # One `where` takes longer than all of this.
    return torch.clamp_max(a, 0).sigmoid_().add_(torch.clamp_min(a, 0))


def slope(value: Tensor) -> Tensor:
    """Return g'(a), told from g(a): 1 where a >= 0.

    >>> slope(g(torch.tensor([-1e9, 0.0, 2.0]))).tolist()
    [0.0, 1.0, 1.0]
    """
    lower = value.clamp_max(0.5)
    return torch.sub(1, lower).mul_(lower).add_(torch.ge(value, 0.5, out=lower), alpha=0.75)
