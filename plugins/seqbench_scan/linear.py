"""Runs the linear recurrence h_t = a_t h_{t-1} + b_t over a sequence, with a backward pass of its own.

On a CPU it is a loop over the steps in place (`steps`), elsewhere a scan by doubling (`doubling`). There is no
division, so factors may be 0 or underflow.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from seqbench_scan import doubling, steps

BLOCK_NUMBERS = 32768
"""Numbers of a block when gradients of factors are summed: a few such blocks stay in a processor's cache."""


def scan(a: Tensor, b: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return h_t = a_t h_{t-1} + b_t for all t, and the last of them.

    Real or complex, in the wider type of the arguments, at least float32. Gradients flow to all three arguments,
    once: a gradient of a gradient is refused. It is fastest where the tensors of one step lie together in memory
    or are a few long rows; the result is laid out as `b` is.

    Args:
        a: factors, of a shape that broadcasts to that of `b`: [features] are the same at all steps.
        b: what each step adds, [batch, time, features], or with several axes of features.
        h: before the first step, [batch, features]; zeros if None.

    Returns:
        h_1 ... h_T, [batch, time, features], and h_T, [batch, features]; h itself if there are no steps.

    Raises:
        ValueError: the shapes do not fit each other.

    >>> hs, last = scan(torch.tensor([0.5]), torch.ones(1, 3, 1))
    >>> hs.flatten().tolist(), last.tolist()
    ([1.0, 1.5, 1.75], [[1.75]])
    """
    if h is None:
        h = b.new_zeros(len(b), *b.shape[2:])
    _check_shapes(a, b, h)
    dtype = wide_type(a, b, h)
    a = a[(None,) * (b.ndim - a.ndim)]
    hs, last = LinearScan.apply(a.to(dtype), b.to(dtype), h.to(dtype))  # type: ignore[no-untyped-call]
    return hs, last


class LinearScan(torch.autograd.Function):
    """(a, b, h) -> (hs, last), of one type; `a` has as many axes as `b`."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Run the steps."""
        hs = way_of(b).run(a.expand(b.shape), b, h)
        ctx.save_for_backward(a, hs, h)
        return hs, (hs[:, -1] if hs.shape[1] else h).clone()

    @staticmethod
    def backward(ctx: Any, d_hs: Tensor, d_last: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        """Run them back: g_t = d_t + a_{t+1}^* g_{t+1} is the gradient of h_t and b_t, g_t h_{t-1}^* of a_t."""
        refuse_graph()
        a, hs, h = ctx.saved_tensors
        g, d_h = way_of(hs).run_back(a.conj_physical().expand(hs.shape), d_hs, d_last)
        return (_gradient_of_factors(a, g, hs, h) if ctx.needs_input_grad[0] else None), g, d_h


def way_of(tensor: Tensor) -> Any:
    """Return the module with `run` and `run_back` for the device that the tensor is on."""
    return steps if tensor.device.type == "cpu" else doubling


def refuse_graph() -> None:
    """Refuse gradients of gradients, in a backward pass; autograd itself would take them for 0.

    Raises:
        RuntimeError: the backward pass runs with ``create_graph=True``.
    """
    if torch.is_grad_enabled():
        raise RuntimeError("a scan has no second derivative; run its backward pass without create_graph=True")


def wide_type(*tensors: Tensor) -> torch.dtype:
    """Return the type that holds all tensors, at least float32.

    >>> wide_type(torch.ones(2, dtype=torch.bfloat16))
    torch.float32
    """
    dtype = torch.float32
    for tensor in tensors:
        dtype = torch.promote_types(dtype, tensor.dtype)
    return dtype


def _check_shapes(a: Tensor, b: Tensor, h: Tensor) -> None:
    padded = (1,) * (b.ndim - a.ndim) + a.shape
    if a.ndim > b.ndim or any(size not in (1, whole) for size, whole in zip(padded, b.shape, strict=True)):
        raise ValueError(f"factors of shape {list(a.shape)} do not broadcast to {list(b.shape)}, that of b")
    if h.shape != (len(b), *b.shape[2:]):
        raise ValueError(f"h has the shape {list(h.shape)}; for this b it must be {[len(b), *b.shape[2:]]}")


def _gradient_of_factors(a: Tensor, g: Tensor, hs: Tensor, h: Tensor) -> Tensor:
    """Return g_t h_{t-1}^*, summed over the axes that `a` was broadcast along, block by block of steps."""
    time, found = hs.shape[1], torch.zeros_like(a)
    if not time:
        return found
    varies = a.shape[1] == time
    size = max(1, BLOCK_NUMBERS * time // hs.numel())
    for start in range(-1, time - 1, size):
        end = min(start + size, time - 1)
        # Steps start + 1 ... end, and h before each of them; the first of all is `h`.
        before = torch.cat([h.unsqueeze(1), hs[:, :end]], dim=1) if start < 0 else hs[:, start:end]
        products = g[:, start + 1 : end + 1] * before.conj_physical()
        if varies:
            part = found[:, start + 1 : end + 1]
            part.copy_(products.sum_to_size(part.shape))
        else:
            found += products.sum_to_size(a.shape)
    return found
