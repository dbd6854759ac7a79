"""Keeps the validation scores of a training, and the weights that had the best of them."""

from __future__ import annotations

import copy
import math
from typing import Any

from torch import nn

from seqbench.contracts.metrics import Metric


class BestWeights:
    """The weights that validate best, and all validation scores.

    Attributes:
        validations: (step, primary score), in order; the score is NaN where it is unknown.
        unknown: (step, why) of each validation whose score is unknown.
        chosen: (step, score) of the weights that are kept; None while no score is known.
    """

    def __init__(self) -> None:
        self.validations: list[tuple[int, float]] = []
        self.unknown: list[tuple[int, str]] = []
        self.chosen: tuple[int, float] | None = None
        self._weights: dict[str, Any] = {}

    @property
    def validations_since_best(self) -> int:
        """Validations after the step of the best one; 0 while no score is known."""
        return 0 if self.chosen is None else sum(step > self.chosen[0] for step, _ in self.validations)

    def has_validated(self, step: int) -> bool:
        """Say whether the last validation was after this step."""
        return bool(self.validations) and self.validations[-1][0] == step

    def add(self, step: int, score: float, metric: Metric, network: nn.Module) -> None:
        """Keep a score, and a copy of the weights if it is the best so far; an unknown score never is."""
        self.validations.append((step, score))
        if math.isfinite(score) and (self.chosen is None or metric.is_better(score, self.chosen[1])):
            self.chosen = (step, score)
            self._weights = copy.deepcopy(network.state_dict())

    def put_back(self, network: nn.Module) -> None:
        """Put the best weights back into the network."""
        if self._weights:
            network.load_state_dict(self._weights)

    def state(self) -> dict[str, Any]:
        """Return the state that `restore` takes; the weights are not copied."""
        return {
            "validations": list(self.validations),
            "unknown": list(self.unknown),
            "best": self.chosen,
            "best_weights": self._weights,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a state."""
        self.validations = state["validations"]
        # Checkpoints of earlier versions hold no reasons, and may hold a best score that is not a number.
        self.unknown = list(state.get("unknown", []))
        is_known = state["best"] is not None and math.isfinite(state["best"][1])
        self.chosen, self._weights = state["best"] if is_known else None, state["best_weights"]
