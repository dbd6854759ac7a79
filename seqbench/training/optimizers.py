"""Makes the optimiser of a training and the course of its learning rate, by their names in an experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from seqbench.experiment.schema import Training
from seqbench.network.learning_rates import optimiser_groups
from seqbench.network.network import Network

_OPTIMIZERS: Mapping[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
_SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: float((1 + torch.cos(torch.tensor(torch.pi * done))) / 2),
}


def make_optimizer(network: Network, settings: Training) -> Any:
    """Return the optimiser and a schedule that moves with every step, in Lightning's form."""
    parameters = optimiser_groups(network, settings.learning_rate, settings.weight_decay)
    optimizer = _OPTIMIZERS[settings.optimizer](
        parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay
    )  # type: ignore[call-arg]
    course = _SCHEDULES[settings.schedule]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: course(step / max(1, settings.steps)))
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
