"""Makes the optimiser of a training and moves its learning rates, by their names in an experiment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from seqbench.experiment.schema import Training
from seqbench.network.learning_rates import optimiser_groups
from seqbench.network.network import Network

_OPTIMIZERS: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
_WITHOUT_FUSED = {"rmsprop"}
_COURSES: Mapping[str, Callable[[float], float]] = {
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: (1 + math.cos(math.pi * done)) / 2,
}


def make_optimizer(network: Network, settings: Training) -> torch.optim.Optimizer:
    """Return the optimiser of a network, in the fastest form that torch has of it for these parameters."""
    parameters = optimiser_groups(network, settings.learning_rate, settings.weight_decay)
    form = _form(settings.optimizer, network)
    return _OPTIMIZERS[settings.optimizer](
        parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, **form
    )


def _form(name: str, network: Network) -> dict[str, Any]:
    """Return the options for one kernel for all parameters: no fused form knows complex numbers."""
    if not all(parameter.is_floating_point() for parameter in network.parameters()):
        return {}
    return {"foreach": True} if name in _WITHOUT_FUSED else {"fused": True}


class LearningRates:
    """Moves the learning rate of each group of an optimiser along the schedule of a training.

    Args:
        optimizer: each group at its peak rate.
        settings: names the schedule.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, settings: Training) -> None:
        self._optimizer = optimizer
        self._peaks = [group["lr"] for group in optimizer.param_groups]
        self._steps = settings.steps
        self._course = _COURSES.get(settings.schedule)

    def move_to(self, step: int) -> None:
        """Set the rates for the step after this many steps; a constant schedule sets none."""
        if self._course is None:
            return
        factor = self._course(step / self._steps)
        for group, peak in zip(self._optimizer.param_groups, self._peaks, strict=True):
            group["lr"] = peak * factor
