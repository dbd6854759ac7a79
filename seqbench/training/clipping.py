"""Measures the gradient norm of each parameter, and clips gradients by their global norm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

Readings: TypeAlias = "Tensor | list[float]"
"""Numbers of one step, one for each parameter: on a CPU as floats, which cost the least there; on a GPU as a
tensor, [parameters], which is not waited for."""

_MARGIN = 1e-6
"""What `torch.nn.utils.clip_grads_with_norm_` adds to the norm before it divides by it."""


def parameter_norms(parameters: Sequence[nn.Parameter]) -> Readings:
    """Return the norm of each parameter's gradient; 0 without one."""
    norms = [_norm(parameter) for parameter in parameters]
    return [norm.item() for norm in norms] if norms[0].device.type == "cpu" else torch.stack(norms)


def clip(parameters: Sequence[nn.Parameter], norms: Readings, largest: float | None) -> None:
    """Scale gradients down to a global norm, as `torch.nn.utils.clip_grad_norm_` does.

    A norm that is not a number makes all gradients NaN. On a CPU gradients are multiplied only where that changes
    them, and the global norm is summed in float64, so that it differs from torch's in the last bit at most.

    Args:
        parameters: their gradients are scaled in place.
        norms: the norm of each gradient.
        largest: the global norm that they have at most afterwards; None clips nothing.
    """
    if largest is None:
        return
    if isinstance(norms, Tensor):
        torch.nn.utils.clip_grads_with_norm_(parameters, largest, torch.linalg.vector_norm(norms))
        return
    norm = math.sqrt(sum(each * each for each in norms))
    if not norm + _MARGIN <= largest:
        torch.nn.utils.clip_grads_with_norm_(parameters, largest, torch.tensor(norm))


def table(steps: Sequence[Readings]) -> Tensor:
    """Return the numbers of several steps, at least one, as [steps, parameters]."""
    return torch.stack([each if isinstance(each, Tensor) else torch.tensor(each) for each in steps])


def readings(table: Tensor, device: str) -> list[Readings]:
    """Return the numbers of a table, [steps, parameters], as they are kept on a device."""
    return table.tolist() if device == "cpu" else list(table.to(device))


def _norm(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        return torch.zeros((), device=parameter.device)
    norm: Tensor = torch.linalg.vector_norm(parameter.grad)
    return norm
