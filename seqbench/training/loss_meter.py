"""Collects the training loss of each step, and finds the first one that is not finite."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class DivergedError(Exception):
    """The loss was not finite."""


class LossMeter:
    """The training losses of one cell, kept on the network's device and read only now and then.

    Attributes:
        values: the loss of each step, each of shape [].
    """

    def __init__(self) -> None:
        self.values: list[Tensor] = []
        self._checked = 0

    def add(self, loss: Tensor) -> None:
        """Keep the loss of a step, without its graph and without waiting for the device."""
        self.values.append(loss.detach())

    def cut_at_first_not_finite(self) -> int | None:
        """Find the first loss that is not finite, drop those after it and return its step; None if there is none.

        Only losses since the last call are checked.
        """
        new = self.values[self._checked :]
        if not new or bool((is_finite := torch.stack(new).isfinite()).all()):
            self._checked = len(self.values)
            return None
        step = self._checked + int(is_finite.int().argmin()) + 1
        del self.values[step:]
        return step

    def state(self) -> dict[str, Any]:
        """Return the state that `restore` takes."""
        return {"losses": torch.stack(self.values) if self.values else None}

    def restore(self, state: dict[str, Any], device: str) -> None:
        """Go on from a state, with its tensors on a device."""
        self.values = [] if state["losses"] is None else list(state["losses"].to(device))
