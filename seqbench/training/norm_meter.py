"""Collects the gradient norms of each step before clipping, and clips.

The norms of the groups give the global norm, so that clipping measures nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from seqbench.gradients.training_norms import group_norms


class NormMeter:
    """The gradient norms of one cell, kept on the network's device.

    Args:
        groups: name -> the weights whose gradients are measured together; each weight is in one group.
        is_measuring: False clips only, and keeps nothing.

    Attributes:
        steps: the gradient norm of each group at each step, before clipping, each of shape [groups].
    """

    def __init__(self, groups: Mapping[str, Sequence[nn.Parameter]], is_measuring: bool) -> None:
        self.groups = groups
        self.steps: list[Tensor] = []
        self._is_measuring = is_measuring

    def keep_and_clip(self, parameters: Iterable[nn.Parameter], largest: float | None) -> None:
        """Record the norms before clipping, then clip by the global norm.

        Args:
            parameters: all weights of the groups.
            largest: the global norm that the gradients have at most afterwards; None clips nothing.
        """
        if not self._is_measuring and largest is None:
            return
        norms = group_norms(self.groups)
        if self._is_measuring:
            self.steps.append(norms)
        if largest is not None:
            torch.nn.utils.clip_grads_with_norm_(parameters, largest, norms.norm())

    def state(self) -> dict[str, Any]:
        """Return the state that `restore` takes."""
        return {"norms": torch.stack(self.steps) if self.steps else None}

    def restore(self, state: dict[str, Any], device: str) -> None:
        """Go on from a state, with its tensors on a device."""
        self.steps = [] if state["norms"] is None else list(state["norms"].to(device))
