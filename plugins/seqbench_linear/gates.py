"""Computes gates and candidates of a minimal LSTM, and the derivatives of its states, in few operations in place.

Columns are those of f, i and c side by side, [..., 3 * state]; everything else is [..., state].
"""

from __future__ import annotations

import torch
from torch import Tensor

sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
"""d * y * (1 - y), where y = s(a): the gradient of a."""
threshold_backward = torch.ops.aten.threshold_backward.grad_input
"""d where y is above a threshold, 0 elsewhere."""


def activate_(columns: Tensor, *, forget: Tensor, value: Tensor) -> None:
    """Write f' = s(f) / (s(f) + s(i)) and g(c), and turn the columns into s(f), s(i) and s(c).

    s is the logistic function. g(a) is a + 1/2 where a >= 0, and s(a) elsewhere: the larger of both. Where s(f)
    and s(i) both underflow, f' is 0.

    >>> columns, forget, value = torch.tensor([0.0, 0.0, 2.0]), torch.empty(1), torch.empty(1)
    >>> activate_(columns, forget=forget, value=value)
    >>> forget.tolist(), value.tolist()
    ([0.5], [2.5])
    """
    f, i, c = columns.chunk(3, dim=-1)
    torch.add(c, 0.5, out=value)
    columns.sigmoid_()
    torch.maximum(value, c, out=value)
    both = torch.add(f, i, out=forget).clamp_min_(torch.finfo(columns.dtype).tiny)
    torch.div(f, both, out=forget)


def differentiate(gates: Tensor, *, forget: Tensor, change: Tensor, out: Tensor) -> None:
    """Write the derivatives of h = f' h_{t-1} + (1 - f') g(c) by the columns of f, i and c.

    Those by i have the opposite sign. With q = log(f' / i'), whose derivatives by the columns of f and i are
    1 - s(f) and s(i) - 1, that of h by q is f' i' (h_{t-1} - g(c)).

    Args:
        gates: as `activate_` leaves the columns; those of c are lost.
        forget: f'.
        change: h_{t-1} - g(c); its content is lost.
        out: where they are written, [3, ..., state].
    """
    f, i, c = gates.chunk(3, dim=-1)
    by_f, by_i, by_c = out.unbind(0)
    by_q = sigmoid_backward(change, forget, grad_input=change)
    torch.addcmul(by_q, f, by_q, value=-1, out=by_f)
    torch.addcmul(by_q, i, by_q, value=-1, out=by_i)
    by_value = torch.sub(1, forget, out=by_c)
    # g'(a) is s(a) (1 - s(a)), at most 1/4, and 1 where a >= 0: there s(a) is above the last number below 1/2.
    last = 0.5 - torch.finfo(gates.dtype).eps / 4
    below = sigmoid_backward(by_value, c, grad_input=change)
    torch.maximum(threshold_backward(by_value, c, last, grad_input=c), below, out=by_c)
