"""Holds what the blocks of mLSTM and sLSTM share: convolution, blockwise maps, norms of heads, stabilisers."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import layer_norm, pad

KERNEL = 4
"""Steps that a convolution sees."""


class CausalConvolution(nn.Module):
    """y_t = b + w_1 x_{t-3} + w_2 x_{t-2} + w_3 x_{t-1} + w_4 x_t, feature by feature; x is 0 before the start.

    Attributes:
        weight: [KERNEL, features].
        bias: [features].
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(KERNEL)
        self.weight = nn.Parameter(torch.empty(KERNEL, features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(features).uniform_(-bound, bound))

    def forward(self, inputs: Tensor, window: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return outputs [batch, time, features], and the last inputs, [batch, KERNEL - 1, features]."""
        seen = KERNEL - 1
        longer = pad(inputs, (0, 0, seen, 0)) if window is None else torch.cat([window, inputs], dim=1)
        outputs: Tensor = _Shifts.apply(longer, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return outputs, longer[:, inputs.shape[1] :]


class _Shifts(torch.autograd.Function):
    """The sums of a convolution, in place; torch's own takes 1.2 times as long, and five times in float64."""

    @staticmethod
    def forward(ctx: Any, longer: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Map [batch, KERNEL - 1 + time, features] to [batch, time, features]."""
        ctx.save_for_backward(longer, weight)
        first, *others = _shifted(longer)
        outputs = torch.addcmul(bias, first, weight[0])
        for shifted, factor in zip(others, weight[1:], strict=True):
            outputs.addcmul_(shifted, factor)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of all three."""
        longer, weight = ctx.saved_tensors
        d_longer = torch.zeros_like(longer)
        for shifted, factor in zip(_shifted(d_longer), weight, strict=True):
            shifted.addcmul_(d_outputs, factor)
        d_weight = torch.stack([(shifted * d_outputs).sum((0, 1)) for shifted in _shifted(longer)])
        return d_longer, d_weight, d_outputs.sum((0, 1))


def _shifted(longer: Tensor) -> list[Tensor]:
    """Return the inputs that each weight acts on."""
    time = longer.shape[1] - KERNEL + 1
    return [longer[:, shift : shift + time] for shift in range(KERNEL)]


class BlockLinear(nn.Module):
    """A linear map whose matrix has blocks on its diagonal, and no bias.

    Attributes:
        weight: [blocks, features in, features out] of a block.
    """

    def __init__(self, blocks: int, block_in: int, block_out: int, *, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(blocks, block_in, block_out))
        # Of the model's width, not of a block's: so the authors' code has it.
        small_init(self.weight, width)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [batch, time, blocks * features in] to [batch, time, blocks * features out]."""
        weight = _joined(self.weight)
        parts = inputs.reshape(-1, *weight.shape[:2]).transpose(0, 1)
        return torch.bmm(parts, weight).transpose(0, 1).reshape(*inputs.shape[:2], -1)


def _joined(weight: Tensor) -> Tensor:
    """Put several small blocks into one matrix, of up to 32 rows, with zeros between them: half the time."""
    blocks, rows, columns = weight.shape
    each = math.gcd(blocks, max(1, 32 // rows))
    if each == 1:
        return weight
    diagonal = torch.eye(each, dtype=weight.dtype, device=weight.device)[:, None, :, None]
    joined = weight.reshape(-1, each, rows, 1, columns) * diagonal
    return joined.reshape(-1, each * rows, each * columns)


class HeadNorm(nn.Module):
    """Layer norm of each head by itself: the group norm of the paper, at each step.

    Attributes:
        weight: [heads, size].
    """

    def __init__(self, heads: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(heads, size))

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [..., heads, size] to [..., heads * size]."""
        return (layer_norm(inputs, inputs.shape[-1:]) * self.weight).flatten(-2)


def small_init(weight: Tensor, features: int) -> None:
    """Draw with a standard deviation of sqrt(2 / (5 features)) (Nguyen & Salazar 2019)."""
    nn.init.normal_(weight, std=math.sqrt(2 / (5 * features)))


def wang_init(weight: Tensor, features: int, layers: int) -> None:
    """Draw with a standard deviation of 2 / (layers sqrt(features)) (Wang & Komatsuzaki 2021)."""
    nn.init.normal_(weight, std=2 / (layers * math.sqrt(features)))


def to_whole(m: Tensor, *parts: Tensor) -> tuple[Tensor, ...]:
    """Return parts that were divided by exp(m), divided by exp of a whole number instead, and that number.

    A stabiliser is no memory: it cancels out. A whole number near it does so too, is handed on without being taken
    for a part of the state that gradients flow through, and does not move when the state does, so that derivatives
    of the state take it as the constant that it is.

    Args:
        m: [batch, heads] or more axes, the first of each part.
        parts: each [*axes of m, ...].
    """
    whole = m.detach().ceil()
    factor = (m.detach() - whole).exp()
    scaled = (part * factor[(...,) + (None,) * (part.ndim - m.ndim)] for part in parts)
    return *scaled, whole.long()
