"""Tests embedding, layer and head: the steps that are read, and the form of a layer's outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from seqbench import Batch, ContractError, Forecast, Model, SequenceClass, StepClass, Tokens, Values
from seqbench.network.network import build_network, count_parameters, number_of


@dataclass(frozen=True)
class Any_(Model):
    """A model that builds the layer it was given."""

    name = "any"
    version = 1
    layer: Any = None

    def build(self, input_size: int) -> nn.Module:
        return self.layer  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Untrained(Any_):
    """The same, with vectors of tokens that stay as they were drawn."""

    trains_embedding = False


class Echo(nn.Module):
    """A stateless layer that returns its inputs."""

    def forward(self, inputs: torch.Tensor, state: None = None) -> tuple[torch.Tensor, None]:
        return inputs, None


class Outputs(nn.Module):
    """A layer that forgets to return a state."""

    def forward(self, inputs: torch.Tensor, state: None = None) -> torch.Tensor:
        return inputs


def test_padding_when_added_changes_no_output_and_no_loss() -> None:
    network = build_network(Any_(nn.GRU(8, 6, batch_first=True)), Tokens(5), SequenceClass(3), 8)
    short, padded = torch.tensor([[1, 2, 3]]), torch.tensor([[1, 2, 3, 0, 0]])
    batches = [Batch(tokens, torch.tensor([2]), torch.tensor([3])) for tokens in (short, padded)]
    torch.testing.assert_close(network(batches[0]), network(batches[1]))
    torch.testing.assert_close(network.loss(batches[0]), network.loss(batches[1]))


def test_step_loss_is_the_mean_over_scored_steps_worked_by_hand() -> None:
    network = build_network(Any_(Echo()), Values(2), StepClass(2), 8)
    with torch.no_grad():
        network.head.weight.copy_(torch.eye(2))
        network.head.bias.zero_()
    inputs = torch.tensor([[[5.0, 5.0], [0.0, 0.0], [1.0, 0.0]]])
    batch = Batch(inputs, torch.tensor([[-100, 1, 0]]), torch.tensor([3]))
    expected = (torch.tensor(2.0).log() + (1 + torch.tensor(-1.0).exp()).log()) / 2
    torch.testing.assert_close(network.loss(batch), expected)
    assert network(batch).shape == (1, 3, 2)


def test_model_that_leaves_the_embedding_alone_trains_the_rest() -> None:
    layers = {"trained": nn.GRU(8, 6, batch_first=True), "fixed": Echo()}
    found = {
        (kind, name): build_network(model(layer), Tokens(5), SequenceClass(3), 8)
        for kind, model in (("embedding", Any_), ("none", Untrained))
        for name, layer in layers.items()
    }
    sizes = {key: count_parameters(network.embedding) for key, network in found.items()}
    assert list(sizes.values()) == [40, 40, 0, 0]
    assert [network.is_trained_through for network in found.values()] == [True, True, True, False]
    numbers = build_network(Any_(Echo()), Values(2), StepClass(2), 8)
    assert not numbers.is_trained_through


def test_number_of_a_module_without_parameters_is_a_buffer() -> None:
    layer = Echo()
    assert number_of(layer).shape == (0,)
    layer.register_buffer("count", torch.tensor(3))
    layer.register_buffer("fixed", torch.ones(2, dtype=torch.complex128))
    assert number_of(layer) is layer.fixed
    layer.weight = nn.Parameter(torch.ones(1))
    assert number_of(layer) is layer.weight


def test_forecast_is_read_at_the_last_step_as_steps_by_channels() -> None:
    network = build_network(Any_(Echo()), Values(2), Forecast(3, 2), 8)
    batch = Batch(torch.randn(4, 5, 2), torch.zeros(4, 3, 2), torch.full((4,), 5))
    outputs = network(batch)
    torch.testing.assert_close(outputs[1, 2], (network.head(batch.inputs[1, -1]))[4:])


@pytest.mark.parametrize(
    ("layer", "state_size"),
    [(nn.LSTM(8, 6, num_layers=2, batch_first=True), 24), (nn.GRU(8, 6, batch_first=True), 6), (Echo(), 0)],
)
def test_state_size_counts_what_is_carried_for_one_example(layer: nn.Module, state_size: int) -> None:
    assert build_network(Any_(layer), Tokens(5), StepClass(3), 8).state_size == state_size


@pytest.mark.parametrize(
    ("layer", "words"),
    [("no module", "return a torch.nn.Module"), (Outputs(), "return .outputs, state."), (nn.Flatten(), "return")],
)
def test_layer_that_breaks_its_contract_is_an_error_that_names_the_model(layer: Any, words: str) -> None:
    with pytest.raises(ContractError, match=f"model any: .*{words}"):
        build_network(Any_(layer), Tokens(5), StepClass(3), 8)
