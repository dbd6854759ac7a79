"""Holds what the blocks of mLSTM and sLSTM share: causal convolution, blockwise maps, norms of heads, stabilisers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, pad

KERNEL = 4
"""Steps that a convolution sees."""


class CausalConvolution(nn.Module):
    """y_t = b + w_1 x_{t-3} + w_2 x_{t-2} + w_3 x_{t-1} + w_4 x_t, each feature by itself; x before the start is 0.

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
        time, outputs = inputs.shape[1], self.bias
        for shift, weight in enumerate(self.weight):
            outputs = outputs + longer[:, shift : shift + time] * weight
        return outputs, longer[:, time:]


class BlockLinear(nn.Module):
    """A linear map whose matrix has blocks on its diagonal, and no bias.

    Attributes:
        weight: [blocks, features in, features out] of a block.
    """

    def __init__(self, blocks: int, block_in: int, block_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(blocks, block_in, block_out))
        small_init(self.weight, block_in)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [..., blocks * features in] to [..., blocks, features out]."""
        return torch.einsum("...bi,bio->...bo", inputs.unflatten(-1, (len(self.weight), -1)), self.weight)


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
    """Draw with a standard deviation of sqrt(2 / (5 features)) (Nguyen & Salazar 2019, equation 5)."""
    nn.init.normal_(weight, std=math.sqrt(2 / (5 * features)))


def wang_init(weight: Tensor, features: int, layers: int) -> None:
    """Draw with a standard deviation of 2 / (layers sqrt(features)) (Wang & Komatsuzaki 2021)."""
    nn.init.normal_(weight, std=2 / (layers * math.sqrt(features)))


def to_whole(m: Tensor, *parts: Tensor) -> tuple[Tensor, ...]:
    """Return parts that were divided by exp(m), divided by exp of a whole number instead, and that number.

    A stabiliser is no memory: it cancels out. As an integer it is handed on without being taken for a part of the
    state that gradients flow through.

    Args:
        m: [batch, heads] or more axes, the first of each part.
        parts: each [*axes of m, ...].
    """
    whole = m.detach().ceil()
    factor = (m.detach() - whole).exp()
    scaled = (part * factor[(...,) + (None,) * (part.ndim - m.ndim)] for part in parts)
    return *scaled, whole.long()
