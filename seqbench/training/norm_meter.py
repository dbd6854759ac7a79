"""Collects the gradient norms of each training step before clipping, of every parameter by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from seqbench.gradients.training_norms import group_norms
from seqbench.training.clipping import Readings, readings, table


class NormMeter:
    """The gradient norms of one cell, kept on the network's device.

    Args:
        groups: name -> the weights whose gradients are reported together; each weight is in one group.
        is_measuring: False keeps nothing.

    Attributes:
        names: the groups.
        parameters: the weights, group after group.
        steps: the gradient norms of all of them at each step, before clipping.
        is_measuring: whether norms are kept.
    """

    def __init__(self, groups: Mapping[str, Sequence[nn.Parameter]], is_measuring: bool) -> None:
        self.names = tuple(groups)
        self.parameters = tuple(parameter for group in groups.values() for parameter in group)
        self.steps: list[Readings] = []
        self.is_measuring = is_measuring
        self._sizes = [len(group) for group in groups.values()]

    def add(self, norms: Readings) -> None:
        """Keep the norms of a step if they are measured."""
        if self.is_measuring:
            self.steps.append(norms)

    def of_groups(self) -> Tensor:
        """Return the norm of each group at each step, [steps, groups]; at least one step was kept."""
        return group_norms(table(self.steps), self._sizes)

    def state(self) -> dict[str, Any]:
        """Return the state that `restore` takes."""
        return {"norms": table(self.steps) if self.steps else None}

    def restore(self, state: dict[str, Any], device: str) -> None:
        """Go on from a state, with its tensors on a device."""
        self.steps = [] if state["norms"] is None else readings(state["norms"], device)
