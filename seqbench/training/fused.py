"""Changes weights by torch's fused kernels, without what its optimisers look up at each call.

In a step of a millisecond `torch.optim.Adam.step` costs three times its kernel. The kernels have no public name: a
test compares their bits with the optimiser's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_KERNELS: Mapping[type[torch.optim.Optimizer], Callable[..., None]] = {
    torch.optim.Adam: torch._fused_adam_,
    torch.optim.AdamW: torch._fused_adamw_,
}


def update_of(optimizer: torch.optim.Optimizer) -> Callable[[], object]:
    """Return a function that does what ``optimizer.step()`` does, with the same bits and the same state."""
    kernel = _KERNELS.get(type(optimizer))
    if kernel is None or not optimizer.defaults["fused"]:
        return optimizer.step
    return FusedUpdate(optimizer, kernel)


@dataclass(frozen=True, eq=False)
class _Group:
    """The tensors of one group of an optimiser, in one order: parameters that had a gradient, and the others."""

    options: dict[str, Any]
    parameters: list[Tensor]
    others: list[Tensor]
    state: list[list[Tensor]]
    steps: list[Tensor]

    @staticmethod
    def of(optimizer: torch.optim.Optimizer, options: dict[str, Any]) -> _Group:
        own = [p for p in options["params"] if "step" in optimizer.state.get(p, {})]
        others = [p for p in options["params"] if "step" not in optimizer.state.get(p, {})]
        parts = [[optimizer.state[p][name] for p in own] for name in ("exp_avg", "exp_avg_sq", "step")]
        return _Group(options, own, others, parts[:2], parts[2])

    @property
    def is_alike(self) -> bool:
        """Whether one kernel can take all parameters."""
        return len({(parameter.dtype, parameter.device) for parameter in self.parameters}) <= 1


class FusedUpdate:
    """Changes the weights of a fused Adam or AdamW.

    The first step is the optimiser's, which makes its state, and so is any other in which not the same parameters
    have gradients.

    Args:
        optimizer: its groups and its state are read, so that its checkpoints stay valid.
        kernel: torch's, for this optimiser.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, kernel: Callable[..., None]) -> None:
        self._optimizer = optimizer
        self._kernel = kernel
        self._groups: list[_Group] = []

    def __call__(self) -> None:
        """Take a step."""
        gradients = [[parameter.grad for parameter in group.parameters] for group in self._groups]
        if not gradients or not self._is_as_before(gradients):
            self._optimizer.step()
            groups = [_Group.of(self._optimizer, options) for options in self._optimizer.param_groups]
            self._groups = groups if all(group.is_alike for group in groups) else []
            return
        with torch.no_grad():
            for group, own in zip(self._groups, gradients, strict=True):
                self._change(group, own)

    def _is_as_before(self, gradients: list[list[Tensor | None]]) -> bool:
        is_complete = all(gradient is not None for own in gradients for gradient in own)
        return is_complete and all(each.grad is None for group in self._groups for each in group.others)

    def _change(self, group: _Group, gradients: list[Tensor | None]) -> None:
        options = group.options
        if not gradients:
            return
        torch._foreach_add_(group.steps, 1)
        self._kernel(
            group.parameters,
            gradients,
            *group.state,
            [],
            group.steps,
            lr=options["lr"],
            beta1=options["betas"][0],
            beta2=options["betas"][1],
            weight_decay=options["weight_decay"],
            eps=options["eps"],
            amsgrad=False,
            maximize=False,
        )
