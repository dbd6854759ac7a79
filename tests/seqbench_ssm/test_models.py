"""Tests that the state space models keep the contract, and what they say of their layers."""

from __future__ import annotations

import math

import pytest
import torch
from seqbench_recurrent.models import LSTM
from seqbench_ssm.models import S4D, Mamba

from seqbench import Catalog, Model
from seqbench.network.network import count_parameters
from seqbench.training.probe import Finding, probe


def test_s4d_trains_a_b_and_dt_of_every_layer_at_a_rate_of_their_own() -> None:
    model = S4D(8, layers=2, state_size=4, state_learning_rate=0.25)
    (group,) = model.parameter_groups(model.build(5))
    own = {
        f"layers.{number}.ssm.{name}" for number in (0, 1) for name in ("log_decay", "frequency", "log_step", "b")
    }
    assert set(group.parameters) == own
    assert (group.learning_rate, group.weight_decay) == (0.25, 0.0)


def test_mamba_takes_weight_decay_from_a_and_d_of_every_layer() -> None:
    model = Mamba(8, layers=2, state_size=4)
    (group,) = model.parameter_groups(model.build(5))
    assert set(group.parameters) == {f"layers.{number}.ssm.{name}" for number in (0, 1) for name in ("log_a", "d")}
    assert (group.learning_rate, group.weight_decay) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        (S4D(20), 10_000),
        (S4D(48), 30_000),
        (S4D(113), 100_000),
        (Mamba(20, inner_size=39), 10_000),
        (Mamba(40, inner_size=79), 30_000),
        (Mamba(80, inner_size=159), 100_000),
    ],
)
def test_some_width_comes_within_3_percent_of_a_number_of_weights(model: Model, wanted: int) -> None:
    assert abs(count_parameters(model.build(32)) / wanted - 1) < 0.03


def test_s4d_carries_one_complex_number_for_each_pair_of_modes() -> None:
    _, state = S4D(8, layers=2, state_size=6).build(5)(torch.zeros(2, 3, 5))
    assert [(tuple(part.shape), part.dtype) for part in state] == [((2, 8, 3), torch.complex64)] * 2


def test_mamba_carries_the_inputs_of_its_convolution_and_a_matrix_for_each_layer() -> None:
    model = Mamba(8, layers=2, inner_size=10, state_size=3, conv_size=5)
    _, state = model.build(5)(torch.zeros(2, 3, 5))
    assert [[tuple(part.shape) for part in parts] for parts in state] == [[(2, 4, 10), (2, 3, 10)]] * 2
    assert model.state_parts == ("conv_0", "ssm_0", "conv_1", "ssm_1")


def test_s4d_and_mamba_carry_a_gradient_over_1000_steps_at_the_start_and_lstm_does_not() -> None:
    catalog = Catalog(models={"s4d": S4D, "mamba": Mamba, "lstm": LSTM})
    small = {name: {"hidden_size": 8, "layers": 1} for name in catalog.models}
    sizes = {"batch_size": 2, "draws": 1}
    left = {}
    for found in probe(list(catalog.models), catalog, 1000, parameters=small, **sizes):
        assert isinstance(found, Finding)
        norms = found.flow.curve("state").ln_median
        assert norms[0] is not None
        assert norms[-1] is not None
        left[found.model] = norms[-1] - norms[0]
    assert left["s4d"] > math.log(0.05)
    assert left["mamba"] > math.log(0.001)
    assert left["lstm"] < math.log(1e-50)
