"""Tests that the state space models keep the contract, and what they say of their layers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from seqbench_ssm.models import S4D, Mamba

from seqbench import Model
from seqbench.network.network import count_parameters
from seqbench.testing import checks_for


@pytest.mark.slow
@checks_for("s4d")
def test_contract_of_s4d(check: Callable[[], None]) -> None:
    check()


@pytest.mark.slow
@checks_for("mamba")
def test_contract_of_mamba(check: Callable[[], None]) -> None:
    check()


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
