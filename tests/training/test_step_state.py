"""Tests that the state that a step changes is put back whole, and compared to the bit."""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor, nn

from seqbench.training.step_state import StepState, has_same_bits


class Counting(nn.Module):
    """A layer with a state of every sort."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
        self.loose = torch.zeros(2)
        self.register_buffer("replaced", torch.zeros(2), persistent=False)
        self.calls = 0

    def forward(self, inputs: Tensor) -> Tensor:
        self.calls += 1
        self.loose += 1
        self.replaced = self.replaced + random.random()
        outputs: Tensor = self.inner(inputs)
        return outputs


def a_step(network: nn.Module, optimizer: torch.optim.Optimizer) -> Tensor:
    optimizer.zero_grad()
    loss: Tensor = network(torch.arange(12.0).view(4, 3)).square().mean()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.detach()


def test_everything_that_a_step_changes_is_put_back_and_the_next_step_has_the_same_bits() -> None:
    torch.manual_seed(0)
    network = Counting()
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    a_step(network, optimizer)
    before = StepState.of(network, optimizer)
    first, after = a_step(network, optimizer), StepState.of(network, optimizer)
    assert before.difference(after) is not None
    before.put_back(network)
    assert (network.calls, int(network.loose[0])) == (1, 1)
    assert all(parameter.grad is None for parameter in network.parameters())
    assert before.difference(StepState.of(network, optimizer)) is None
    assert has_same_bits(a_step(network, optimizer), first)
    assert after.difference(StepState.of(network, optimizer)) is None


def test_one_bit_of_any_part_is_a_difference() -> None:
    network = nn.Linear(2, 2)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    before = StepState.of(network, optimizer)
    with torch.no_grad():
        optimizer.state[network.bias]["exp_avg_sq"].view(torch.int32)[1] ^= 1
    assert before.difference(StepState.of(network, optimizer)) == "exp_avg_sq of parameter 1 in the optimiser"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (torch.tensor([0.0]), torch.tensor([-0.0]), False),
        (torch.tensor(float("nan")), torch.tensor(float("nan")), True),
        (torch.tensor([1.0]), torch.tensor([1.0], dtype=torch.float64), False),
        (torch.tensor([[1, 2]]), torch.tensor([1, 2]), False),
        (torch.tensor([1 + 2j]), torch.tensor([1 + 2j]), True),
        (torch.ones(2, 3).t(), torch.ones(3, 2), True),
    ],
)
def test_bits_are_compared_and_not_values(one: Tensor, other: Tensor, is_same: bool) -> None:
    assert has_same_bits(one, other) is is_same


def test_what_a_captured_step_would_not_do_is_named() -> None:
    class Plain(nn.Linear):
        """A linear layer."""

    class Counted(Plain):
        def forward(self, inputs: Tensor) -> Tensor:
            self.calls = getattr(self, "calls", 0) + 1
            return super().forward(inputs)

    class Replacing(Plain):
        def forward(self, inputs: Tensor) -> Tensor:
            self.last = inputs.detach().mean(0)
            return super().forward(inputs)

    class Rolling(Plain):
        def forward(self, inputs: Tensor) -> Tensor:
            return super().forward(inputs) * (1 if random.random() < 2 else 0)

    found = []
    for layer in (Plain, Counted, Replacing, Rolling):
        network = layer(3, 3)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        before = StepState.of(network, optimizer)
        a_step(network, optimizer)
        found.append(before.change_in_python(network))
        before.put_back(network)
        assert not {"calls", "last"} & vars(network).keys()
    assert found == [
        None,
        "a step changes calls, an attribute of the layer",
        "a step changes last, an attribute of the layer",
        "a step draws random numbers on the processor",
    ]
