"""Tests groups of parameters with learning rates and weight decays of their own.

Modules: seqbench.training.optimizers.
"""

from __future__ import annotations

import math

import pytest
import torch

from seqbench import Catalog, Experiment
from seqbench.experiment.schema import Training
from seqbench.network.learning_rates import optimiser_groups
from seqbench.plugins.grid import expand
from seqbench.records.schema import Record
from seqbench.training.cell import run_cell
from seqbench.training.optimizers import make_optimizer
from tests.network.test_weight_groups import Named, network
from tests.toys import Last


def test_learning_rate_and_weight_decay_of_a_group_act_on_its_parameters_alone() -> None:
    found = optimiser_groups(network("slow"), 0.5, 0.01)
    assert [(group["lr"], group["weight_decay"], len(group["params"])) for group in found] == [
        (0.5, 0.01, 4),
        (0.05, 0.0, 2),
    ]
    assert optimiser_groups(net := network(), 0.5, 0.01) == list(net.parameters())
    # By hand: a step of SGD moves weights by the rate, the schedule's factor and the gradient.
    moved = {case: _moved(case) for case in ("none", "slow", "frozen")}
    for name in ("weight_hh_l0", "bias_hh_l0", "weight_ih_l0"):
        factor = 1.0 if name == "weight_ih_l0" else 0.1
        torch.testing.assert_close(moved["slow"][name], factor * moved["none"][name], rtol=1e-3, atol=1e-7)
    assert not moved["frozen"]["weight_hh_l0"].any()
    assert moved["frozen"]["weight_ih_l0"].any()


def _moved(case: str) -> dict[str, torch.Tensor]:
    """Return by how much one step of training moves each weight of the layer."""
    net = network(case)
    before = {name: parameter.detach().clone() for name, parameter in net.layer.named_parameters()}
    settings = Training(optimizer="sgd", learning_rate=0.5, schedule="cosine", steps=10)
    optimizer = make_optimizer(net, settings)
    rng = torch.Generator().manual_seed(1)
    outputs, _ = net.layer(torch.randn(4, 5, 3, generator=rng))
    net.head(outputs[:, -1]).square().mean().backward()
    optimizer.step()
    return {name: parameter.detach() - before[name] for name, parameter in net.layer.named_parameters()}


def test_groups_at_factor_one_train_to_the_score_of_none_and_slow_ones_do_not() -> None:
    def record(case: str) -> Record:
        fields = {
            "tasks": ["last"],
            "models": ["named"],
            "lengths": [6],
            "training": {"steps": 20, "batch_size": 16, "validate_every": 10, "learning_rate": 0.03},
            "parameters": {"named": {"case": case}},
        }
        catalog = Catalog(tasks={"last": Last}, models={"named": Named})
        return run_cell(expand(Experiment.model_validate(fields), catalog)[0], catalog)

    none, same, slow = (record(case).course.losses for case in ("none", "same", "slow"))
    assert [loss for _, loss in same] == pytest.approx([loss for _, loss in none], rel=1e-5)
    assert not math.isclose(slow[-1][1] or 0, none[-1][1] or 0, rel_tol=1e-3)
