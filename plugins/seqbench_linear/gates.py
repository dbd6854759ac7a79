"""Computes gates and candidates of a minimal LSTM, and the slope of candidates, in few operations."""

from __future__ import annotations

import torch
from torch import Tensor

sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input


def activate_(columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Turn columns f, i and c side by side into s(f), s(i) and g(c), in place, and return these.

    s is the logistic function, and where that underflows the least normal number, so that quotients of two are
    defined. g(a) is a + 1/2 where a >= 0, and s(a) elsewhere: the larger of both.

    Args:
        columns: [..., 3 * state].

    >>> [each.tolist() for each in activate_(torch.tensor([-1000.0, 0.0, 2.0]))]
    [[1.1754943508222875e-38], [0.5], [2.5]]
    """
    f, i, c = columns.chunk(3, dim=-1)
    upper = c + 0.5
    columns.sigmoid_()
    columns[..., : -c.shape[-1]].add_(torch.finfo(columns.dtype).tiny)
    return f, i, torch.maximum(c, upper, out=c)


def candidate_backward(d: Tensor, value: Tensor, out: Tensor) -> Tensor:
    """Return g'(a) d, with the slope told from g(a) alone: 1 where a >= 0.

    >>> values = torch.tensor([0.0, 0.25, 0.5, 2.5])
    >>> candidate_backward(torch.ones(4), values, torch.empty(4)).tolist()
    [0.0, 0.1875, 1.0, 1.0]
    """
    lower = value.clamp_max(0.5)
    sigmoid_backward(d, lower, grad_input=out)
    return out.addcmul_(torch.ge(value, 0.5, out=lower), d, value=0.75)
