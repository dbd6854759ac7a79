"""Tests the form of the optimisers, and that learning rates follow the schedules as torch's own classes do."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, PolynomialLR

from seqbench.experiment.schema import Training
from seqbench.training.optimizers import LearningRates, make_optimizer
from tests.network.test_weight_groups import network


def by_torch(optimizer: torch.optim.Optimizer, schedule: str, steps: int) -> LRScheduler | None:
    if schedule == "constant":
        return None
    return CosineAnnealingLR(optimizer, steps) if schedule == "cosine" else PolynomialLR(optimizer, steps)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_rates_of_every_group_are_those_of_torchs_schedulers(
    schedule: Literal["constant", "linear", "cosine"],
) -> None:
    settings = Training(steps=9, learning_rate=0.5, schedule=schedule)
    found, expected = (make_optimizer(network("slow"), settings) for _ in range(2))
    rates, scheduler = LearningRates(found, settings), by_torch(expected, schedule, 9)
    for step in range(9):
        rates.move_to(step)
        own = [group["lr"] for group in found.param_groups]
        assert own == pytest.approx([group["lr"] for group in expected.param_groups], rel=1e-12)
        assert own[1] == pytest.approx(0.1 * own[0])
        expected.step()
        if scheduler:
            scheduler.step()


@pytest.mark.parametrize(
    ("name", "form"), [("adam", "fused"), ("adamw", "fused"), ("sgd", "fused"), ("rmsprop", "foreach")]
)
def test_optimisers_take_all_parameters_at_once_unless_some_are_complex(
    name: Literal["adam", "adamw", "sgd", "rmsprop"], form: str
) -> None:
    settings = Training(optimizer=name)
    net = network()
    assert make_optimizer(net, settings).defaults[form] is True
    net.layer.register_parameter("turning", torch.nn.Parameter(torch.ones(2, dtype=torch.complex64)))
    assert make_optimizer(net, settings).defaults[form] is None
