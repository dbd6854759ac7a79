"""Measures the gradient norm of each parameter, and clips gradients by their global norm, as torch does."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_MARGIN = 1e-6
"""What `torch.nn.utils.clip_grads_with_norm_` adds to the norm before it divides by it."""


def parameter_norms(parameters: Sequence[nn.Parameter]) -> Tensor:
    """Return the norm of each parameter's gradient, [parameters]; 0 without one. No device is waited for."""
    return torch.stack([_norm(parameter) for parameter in parameters])


def clip(parameters: Sequence[nn.Parameter], norms: Tensor, largest: float | None) -> None:
    """Scale gradients down to a global norm, with the bits of `torch.nn.utils.clip_grad_norm_`.

    A norm that is not a number makes the gradients NaN. On a CPU gradients are multiplied only where that changes
    them; a GPU is not waited for.

    Args:
        parameters: their gradients are scaled in place.
        norms: the norm of each gradient, [parameters].
        largest: the global norm that they have at most afterwards; None clips nothing.
    """
    if largest is None:
        return
    norm = torch.linalg.vector_norm(norms)
    if norm.device.type == "cpu" and float(norm) + _MARGIN <= largest:
        return
    torch.nn.utils.clip_grads_with_norm_(parameters, largest, norm)


def _norm(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        return torch.zeros((), device=parameter.device)
    norm: Tensor = torch.linalg.vector_norm(parameter.grad)
    return norm
