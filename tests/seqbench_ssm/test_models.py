"""Tests that the state space models keep the contract, and what they say of their layers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from seqbench_ssm.models import S4D

from seqbench.network.network import count_parameters
from seqbench.testing import checks_for


@pytest.mark.slow
@checks_for("s4d")
def test_contract_of_s4d(check: Callable[[], None]) -> None:
    check()


def test_s4d_trains_a_b_and_dt_of_every_layer_at_a_rate_of_their_own() -> None:
    model = S4D(8, layers=2, state_size=4, state_learning_rate=0.25)
    (group,) = model.parameter_groups(model.build(5))
    own = {
        f"layers.{number}.ssm.{name}" for number in (0, 1) for name in ("log_decay", "frequency", "log_step", "b")
    }
    assert set(group.parameters) == own
    assert (group.learning_rate, group.weight_decay) == (0.25, 0.0)


@pytest.mark.parametrize("wanted", [10_000, 30_000, 100_000])
def test_s4d_comes_within_3_percent_of_a_number_of_weights(wanted: int) -> None:
    sizes = [count_parameters(S4D(hidden).build(32)) for hidden in range(10, 150)]
    assert min(abs(size / wanted - 1) for size in sizes) < 0.03


def test_s4d_carries_one_complex_number_for_each_pair_of_modes() -> None:
    _, state = S4D(8, layers=2, state_size=6).build(5)(torch.zeros(2, 3, 5))
    assert [(tuple(part.shape), part.dtype) for part in state] == [((2, 8, 3), torch.complex64)] * 2
