"""Holds the state of a training: its clock, losses, gradient norms, validations and best weights.

All of it goes into a checkpoint and comes back from one; it knows nothing of Lightning.
"""

from __future__ import annotations

from typing import Any

import torch

from seqbench.network.network import Network
from seqbench.network.weight_groups import weight_groups
from seqbench.training.best_weights import BestWeights
from seqbench.training.clock import Clock
from seqbench.training.early_stop import Stopped
from seqbench.training.loss_meter import DivergedError, LossMeter
from seqbench.training.norm_meter import NormMeter


class History:
    """The state of one cell's training, over all its attempts.

    Args:
        network: what is trained.
        is_measuring: whether gradient norms are kept.

    Attributes:
        clock: seconds and steps.
        losses: the loss of each step.
        norms: the gradient norms of each step; none if they are not measured.
        best: validation scores, and the weights that had the best.
        stopped: what ended the training.
    """

    def __init__(self, network: Network, is_measuring: bool) -> None:
        self.clock = Clock()
        self.losses = LossMeter()
        self.norms = NormMeter(weight_groups(network), is_measuring)
        self.best = BestWeights()
        self.stopped: Stopped = "steps"

    def check_losses(self) -> None:
        """Refuse losses that are not finite.

        Raises:
            DivergedError: one is not.
        """
        if (why := self.cut_back()) is not None:
            raise DivergedError(why)

    def cut_back(self) -> str | None:
        """Drop all steps after the first one with a loss that is not finite; return that step, or None."""
        step = self.losses.cut_at_first_not_finite()
        if step is None:
            return None
        # That step has no finite result: only its loss is kept.
        del self.norms.steps[step - 1 :], self.clock.step_ends[step - 1 :]
        return f"the training loss was {float(self.losses.values[-1])} at step {step}"

    def state(self) -> dict[str, Any]:
        """Return the state that `restore` takes: numbers and tensors; only the many small ones are copied."""
        parts = (self.losses, self.norms, self.clock, self.best)
        return {name: value for part in parts for name, value in part.state().items()} | {"stopped": self.stopped}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a state; the weights in training are restored with Lightning's part of a checkpoint."""
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.losses.restore(state, device)
        self.norms.restore(state, device)
        self.clock.restore(state)
        self.best.restore(state)
        self.stopped = state["stopped"]
