"""Collects the training loss of each step, and finds the first one that is not finite."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_FIRST = 1024
"""Losses for which there is room at first."""


class DivergedError(Exception):
    """The loss was not finite."""


class LossMeter:
    """The training losses of one cell, kept on the network's device and read only now and then.

    They are copied into one tensor: a small tensor of each step, kept for good among large ones that come and go,
    leaves the allocator holes that the next step's do not fit into (2 MB a step, a GRU of 256 units).
    """

    def __init__(self) -> None:
        self._kept = torch.empty(0)
        self._count = 0
        self._checked = 0

    @property
    def values(self) -> Tensor:
        """The loss of each step: [steps]."""
        return self._kept[: self._count]

    def add(self, loss: Tensor) -> None:
        """Keep the loss of a step, without its graph and without waiting for the device."""
        if self._count == len(self._kept):
            grown = loss.new_empty(max(_FIRST, 2 * self._count))
            grown[: self._count] = self.values
            self._kept = grown
        self._kept[self._count] = loss.detach()
        self._count += 1

    def cut_at_first_not_finite(self) -> int | None:
        """Find the first loss that is not finite, drop those after it and return its step; None if there is none.

        Only losses since the last call are checked.
        """
        new = self.values[self._checked :]
        if bool((is_finite := new.isfinite()).all()):
            self._checked = self._count
            return None
        self._count = self._checked + int(is_finite.int().argmin()) + 1
        return self._count

    def state(self) -> dict[str, Any]:
        """Return the state that `restore` takes."""
        return {"losses": self.values.clone() if self._count else None}

    def restore(self, state: dict[str, Any], device: str) -> None:
        """Go on from a state, with its tensors on a device."""
        self._kept = torch.empty(0) if state["losses"] is None else state["losses"].to(device, copy=True)
        self._count, self._checked = len(self._kept), 0
