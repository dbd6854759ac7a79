"""Measures the gradient norm of each parameter, and clips gradients by their global norm."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

Readings: TypeAlias = "Tensor | array[float]"
"""Numbers of one step in float32, one for each parameter: on a CPU an array, which costs the least time and memory
there; on a GPU a tensor, [parameters], which is not waited for."""

_SURELY_BELOW = 1 - 1e-4
"""Share of the largest norm below which torch multiplies by 1 for certain, whatever the rounding of its sum."""


def parameter_norms(parameters: Sequence[nn.Parameter]) -> Readings:
    """Return the norm of each parameter's gradient; 0 without one."""
    norms = [_norm(parameter) for parameter in parameters]
    if norms[0].device.type != "cpu":
        return torch.stack(norms)
    return array("f", [norm.item() for norm in norms])


def clip(parameters: Sequence[nn.Parameter], norms: Readings, largest: float | None) -> None:
    """Scale gradients down to a global norm, with the bits of `torch.nn.utils.clip_grad_norm_`.

    Where a parameter has no gradient, which torch leaves out, its norm of 0 may move the last bit of the global
    norm. A norm that is not a number makes all gradients NaN. On a CPU they are not multiplied by 1.

    Args:
        parameters: their gradients are scaled in place.
        norms: the norm of each gradient.
        largest: the global norm that they have at most afterwards; None clips nothing.
    """
    if largest is None:
        return
    # torch adds 1e-6 to the norm.
    if isinstance(norms, array) and math.sqrt(sum(x * x for x in norms)) + 1e-6 < largest * _SURELY_BELOW:
        return
    torch.nn.utils.clip_grads_with_norm_(parameters, largest, torch.linalg.vector_norm(_tensor(norms)))


def table(steps: Sequence[Readings]) -> Tensor:
    """Return the numbers of several steps, at least one, as [steps, parameters]."""
    return torch.stack([_tensor(each) for each in steps])


def readings(table: Tensor, device: str) -> list[Readings]:
    """Return the numbers of a table, [steps, parameters], as they are kept on a device."""
    return [array("f", row.tolist()) for row in table] if device == "cpu" else list(table.to(device))


def _tensor(norms: Readings) -> Tensor:
    return norms if isinstance(norms, Tensor) else torch.frombuffer(norms, dtype=torch.float32)


def _norm(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        return torch.zeros((), device=parameter.device)
    norm: Tensor = torch.linalg.vector_norm(parameter.grad)
    return norm
