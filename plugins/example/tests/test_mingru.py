"""Tests that the model keeps the contract and computes its equations."""

from __future__ import annotations

from collections.abc import Callable

import torch
from seqbench_mingru_layer import MinGRULayer, scan

from seqbench.testing import checks_for


@checks_for("mingru")
def test_contract(check: Callable[[], None]) -> None:
    check()


def test_all_steps_at_once_and_one_after_the_other_agree() -> None:
    torch.manual_seed(0)
    layer = MinGRULayer(3, 5, layers=2).double()
    inputs, state = torch.randn(4, 100, 3).double(), torch.randn(2, 4, 5).double()
    outputs, last = layer(inputs, state)
    for t in range(100):
        output, state = layer.step(inputs[:, t], state)
        torch.testing.assert_close(outputs[:, t], output, rtol=0, atol=1e-12)
    torch.testing.assert_close(last, state, rtol=0, atol=1e-12)


def test_scan_of_a_constant_is_a_geometric_series() -> None:
    half = torch.full((1, 4, 1), 0.5)
    found = scan(half, torch.ones(1, 4, 1), torch.zeros(1, 1))
    assert found.flatten().tolist() == [1.0, 1.5, 1.75, 1.875]


def test_float32_is_near_float64_over_many_steps() -> None:
    torch.manual_seed(0)
    layer, inputs = MinGRULayer(3, 5), torch.randn(2, 5000, 3)
    outputs, _ = layer(inputs)
    exact, _ = layer.double()(inputs.double())
    assert float((outputs - exact).detach().abs().max()) < 1e-5
