"""Tests the effect of a training step of `Fit` on the weights.

Modules: seqbench.training.norm_meter.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from seqbench import Batch, ContractError
from seqbench.data.batches import EvaluationBatches, TrainingBatches
from seqbench.experiment.schema import Training
from seqbench.network.network import build_network
from seqbench.training.fit import Fit
from seqbench.training.lightning import make_trainer, quiet_lightning
from seqbench.training.stretches import Stretches
from tests.toys import Gru, Last


@pytest.mark.parametrize("clip", [None, 0.01])
def test_clipping_happens_after_backward_and_bounds_the_update(clip: float | None) -> None:
    data = Last().load(6, 0)
    training = Training(steps=1, batch_size=64, learning_rate=1.0, optimizer="sgd", gradient_clip=clip)
    torch.manual_seed(0)
    network = build_network(Gru(), data.inputs, data.targets, 8)
    before = torch.nn.utils.parameters_to_vector(network.parameters()).detach().clone()
    batches = TrainingBatches(data.train, 64, 1, seed=0)
    batch: Batch = next(iter(batches))
    gradient = torch.cat(
        [g.flatten() for g in torch.autograd.grad(network.loss(batch), list(network.parameters()))]
    )
    fit = Fit(network, data.metrics, training)
    with quiet_lightning():
        make_trainer().fit(fit, Stretches(batches, 1, validates_first=False), EvaluationBatches(data.validation))
    update = before - torch.nn.utils.parameters_to_vector(network.parameters()).detach()
    norm = float(gradient.norm())
    assert norm > 0.01
    scale = 1.0 if clip is None else clip / norm
    torch.testing.assert_close(update, scale * gradient, rtol=1e-3, atol=1e-6)
    assert clip is None or math.isclose(float(update.norm()), clip, rel_tol=1e-3)


def test_examples_that_do_not_add_up_are_told_at_the_first_validation() -> None:
    data = Last().load(6, 0)
    broken = replace(
        data.metrics[0],
        per_example=lambda outputs, _: (torch.full((len(outputs),), math.nan), torch.ones(len(outputs))),
    )
    training = Training(steps=4, batch_size=8, validate_every=2)
    fit = Fit(build_network(Gru(), data.inputs, data.targets, 8), (broken,), training)
    batches = Stretches(TrainingBatches(data.train, 8, 4, seed=0), 2, validates_first=False)
    with quiet_lightning(), pytest.raises(ContractError, match="accuracy adds up to nan"):
        make_trainer().fit(fit, batches, EvaluationBatches(data.validation))
    assert fit.history.clock.steps_taken == 2
