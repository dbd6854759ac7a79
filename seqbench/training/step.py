"""Takes one optimiser step: forward and backward pass, gradient norms, clipping, learning rate, weights.

It knows nothing of Lightning, and nothing of what happens between two steps.
"""

from __future__ import annotations

import torch
from torch import Tensor

from seqbench.contracts.examples import Batch
from seqbench.experiment.schema import Training
from seqbench.network.network import Network
from seqbench.training.clipping import Readings, clip, parameter_norms
from seqbench.training.fused import update_of
from seqbench.training.norm_meter import NormMeter
from seqbench.training.optimizers import LearningRates
from seqbench.training.precision import autocast


class TrainingStep:
    """Takes the optimiser steps of one training, a call for each.

    Args:
        network: what is trained, on its device.
        optimizer: of all its parameters.
        rates: the learning rates of the optimiser.
        norms: keeps the gradient norms of each step, if they are measured.
        settings: of the training.
        taken: steps that were taken before.
    """

    def __init__(
        self,
        network: Network,
        optimizer: torch.optim.Optimizer,
        *,
        rates: LearningRates,
        norms: NormMeter,
        settings: Training,
        taken: int = 0,
    ) -> None:
        self._network = network
        self._update = update_of(optimizer)
        self._rates = rates
        self._norms = norms
        self._settings = settings
        self._taken = taken
        self._device = next(network.parameters()).device.type

    def __call__(self, batch: Batch) -> Tensor:
        """Take a step and return the mean loss of the batch before it, of shape [], without its graph."""
        self.begin()
        loss, norms = self.compute(batch)
        self.keep(norms)
        return loss

    def begin(self) -> None:
        """Set the learning rates of the next step."""
        self._rates.move_to(self._taken)
        self._taken += 1

    def compute(self, batch: Batch) -> tuple[Tensor, Readings | None]:
        """Change the weights; return the loss, and the gradient norms of the parameters where they are needed.

        On a GPU nothing here waits for the device.
        """
        for parameter in self._norms.parameters:
            parameter.grad = None
        with autocast(self._settings.precision, self._device):
            loss = self._network.loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        norms = None
        if self._norms.is_measuring or self._settings.gradient_clip is not None:
            norms = parameter_norms(self._norms.parameters)
            clip(self._norms.parameters, norms, self._settings.gradient_clip)
        self._update()
        return loss.detach(), norms

    def keep(self, norms: Readings | None) -> None:
        """Keep the norms of a step."""
        if norms is not None:
            self._norms.add(norms)
