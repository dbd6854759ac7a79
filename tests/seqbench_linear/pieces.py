"""Compares layers with loops that are written from a paper's equations, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Loop = Callable[[nn.Module, Tensor], Tensor]
"""(layer, inputs [batch, time, features]) -> outputs [batch, time, outputs]."""

PIECES = [1, 2, 7, 64, 512]


def inputs(steps: int, features: int) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(3, steps, features, dtype=torch.float64, requires_grad=True)


def in_pieces(layer: nn.Module, whole: Tensor, steps: int) -> tuple[Tensor, Any]:
    """Return the outputs of a sequence fed in pieces, and the last state."""
    state, found = None, []
    for piece in whole.split(steps, dim=1):
        outputs, state = layer(piece, state)
        found.append(outputs)
    return torch.cat(found, dim=1), state


def difference(layer: nn.Module, loop: Loop, steps: int, features: int) -> float:
    """Return the largest difference of outputs and gradients, those of the inputs and all weights."""
    given = inputs(steps, features)
    mine, theirs = layer(given)[0], loop(layer, given)
    torch.manual_seed(2)
    weights = torch.randn_like(mine)
    wanted = [given, *layer.parameters()]
    pairs = zip(
        [mine, *torch.autograd.grad(mine, wanted, weights)],
        [theirs, *torch.autograd.grad(theirs, wanted, weights)],
        strict=True,
    )
    return max(float((one - other).detach().abs().max() / other.detach().abs().max()) for one, other in pairs)
