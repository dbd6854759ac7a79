"""Tests that a layer with weights in a plain container is refused before it trains without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from seqbench import ContractError, Model, SequenceClass, Tokens
from seqbench.network.hidden_weights import hidden_weights
from seqbench.network.network import build_network


class Layer(nn.Module):
    def __init__(self, gates: Any, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.gates = inner, gates

    def forward(self, inputs: torch.Tensor, state: Any = None) -> Any:
        return self.inner(inputs, state)


@dataclass(frozen=True)
class Hiding(Model):
    name = "hiding"
    version = 1
    holds: type = list

    def build(self, input_size: int) -> nn.Module:
        linear = nn.Linear(input_size, 4)
        gates = {"a": linear} if self.holds is dict else self.holds([linear])
        return Layer(gates, nn.GRU(input_size, 4, batch_first=True))


@pytest.mark.parametrize(("holds", "better"), [(list, "ModuleList"), (tuple, "ModuleList"), (dict, "ModuleDict")])
def test_modules_in_a_plain_container_are_refused(holds: type, better: str) -> None:
    told = f"model hiding: gates is a {holds.__name__} with weights, .* make it a nn.{better}"
    with pytest.raises(ContractError, match=told):
        build_network(Hiding(holds), Tokens(4), SequenceClass(4), 8)


def test_registered_modules_may_stand_in_a_list_too() -> None:
    inner = nn.LSTM(3, 4, num_layers=2)
    assert list(hidden_weights(Layer([inner, 1, None], inner))) == []
    assert list(hidden_weights(Layer(nn.ModuleList([nn.Linear(1, 1)]), inner))) == []
    assert list(hidden_weights(Layer({"relu": nn.ReLU(), "of": [inner.weight_hh_l0, "a", None]}, inner))) == []


@pytest.mark.parametrize(
    "gates", [[[nn.Linear(1, 1)]], (nn.Parameter(torch.zeros(1)),), {"a": {"b": nn.BatchNorm1d(1, affine=False)}}]
)
def test_weights_are_found_however_deep_they_lie(gates: Any) -> None:
    assert list(hidden_weights(Layer(gates, nn.GRU(1, 1)))) == [("gates", type(gates))]
