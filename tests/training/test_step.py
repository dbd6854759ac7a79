"""Tests that a training step does what a plain loop over torch's own functions does."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from seqbench.experiment.schema import Training
from seqbench.network.network import build_network
from seqbench.network.weight_groups import weight_groups
from seqbench.training.norm_meter import NormMeter
from seqbench.training.optimizers import LearningRates, make_optimizer
from seqbench.training.step import TrainingStep
from tests.toys import Gru, Last

STEPS = 8


@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("is_measuring", [True, False])
def test_losses_norms_and_weights_are_those_of_a_plain_loop(clip: float | None, is_measuring: bool) -> None:
    data = Last().load(6, 0)
    torch.manual_seed(0)
    network = build_network(Gru(), data.inputs, data.targets, 8)
    plain = copy.deepcopy(network)
    settings = Training(steps=STEPS, learning_rate=0.03, schedule="cosine", gradient_clip=clip)
    optimizer = make_optimizer(network, settings)
    norms = NormMeter(weight_groups(network), is_measuring)
    step = TrainingStep(
        network, optimizer, rates=LearningRates(optimizer, settings), norms=norms, settings=settings
    )
    theirs = torch.optim.Adam(plain.parameters(), lr=0.03, fused=False, foreach=False)
    schedule = CosineAnnealingLR(theirs, STEPS)
    batches = [data.train.batch(torch.arange(8 * i, 8 * i + 8)) for i in range(STEPS)]
    losses, expected, lengths = [], [], []
    for batch in batches:
        losses.append(float(step(batch)))
        theirs.zero_grad()
        loss = plain.loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        lengths.append(float(torch.nn.utils.clip_grad_norm_(plain.parameters(), clip or 1e9)))
        theirs.step()
        schedule.step()
        expected.append(float(loss.detach()))
    assert losses == pytest.approx(expected, rel=1e-5)
    for mine, other in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-5)
    assert len(norms.steps) == (STEPS if is_measuring else 0)
    if is_measuring:
        assert norms.of_groups().norm(dim=1).tolist() == pytest.approx(lengths, rel=1e-4)


def test_step_goes_on_with_the_rate_of_the_steps_that_were_taken_before() -> None:
    data = Last().load(6, 0)
    network = build_network(Gru(), data.inputs, data.targets, 8)
    settings = Training(steps=10, learning_rate=0.5, schedule="linear", optimizer="sgd")
    optimizer = make_optimizer(network, settings)
    rates, norms = LearningRates(optimizer, settings), NormMeter(weight_groups(network), False)
    TrainingStep(network, optimizer, rates=rates, norms=norms, settings=settings, taken=8)(
        data.train.batch(torch.arange(4))
    )
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)
