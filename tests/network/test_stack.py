"""Tests layers on each other: the equations of a residual block, states, dropout and lengths.

Modules: seqbench.contracts.stacking.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench import Stack

Gru = partial(nn.GRU, hidden_size=6, batch_first=True)


class Doubling(nn.Module):
    """A layer without a state, which asks for the lengths of its rows."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features

    def forward(self, inputs: Tensor, state: None = None, lengths: Tensor | None = None) -> tuple[Tensor, None]:
        self.lengths = lengths
        return 2 * inputs, None


def stack(*builders: Any, features: int = 4, residual: bool = True, norm: Any = "layer", **more: Any) -> Stack:
    torch.manual_seed(0)
    return Stack(builders, features, width=6, residual=residual, norm=norm, **more).double()


def test_stack_when_residual_is_the_equations_written_out() -> None:
    layers, inputs = stack(Gru, Gru), torch.randn(2, 5, 4, dtype=torch.float64)
    x = layers.enter(inputs)
    for norm, layer in zip(layers.norms, layers.layers, strict=True):
        x = x + layer(norm(x))[0]
    expected = (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(layers(inputs)[0], expected)


def test_stack_when_plain_is_torchs_own_layers_on_each_other() -> None:
    plain = stack(Gru, Gru, residual=False, norm="none")
    theirs = nn.GRU(4, 6, 2, batch_first=True).double()
    with torch.no_grad():
        for number, layer in enumerate(plain.layers):
            for name, weight in layer.named_parameters():
                theirs.get_parameter(name.replace("l0", f"l{number}")).copy_(weight)
    inputs = torch.randn(2, 5, 4, dtype=torch.float64)
    torch.testing.assert_close(plain(inputs)[0], theirs(inputs)[0])


@pytest.mark.parametrize("residual", [True, False])
def test_stack_with_time_first_in_memory_gives_the_same_outputs_gradients_and_state(residual: bool) -> None:
    seen, inputs = [], torch.randn(2, 5, 4, dtype=torch.float64)
    for time_first in (False, True):
        layers = stack(Gru, Doubling, Gru, residual=residual, norm="rms", time_first=time_first)
        outputs, state = layers(inputs)
        outputs.square().sum().backward()
        seen.append([outputs, state[0], state[2], *(weight.grad for weight in layers.parameters())])
    for own, other in zip(*seen, strict=True):
        torch.testing.assert_close(own, other, rtol=0, atol=1e-13)


def test_layers_of_a_time_first_stack_get_steps_that_lie_together() -> None:
    class Looking(Doubling):
        def forward(
            self, inputs: Tensor, state: None = None, lengths: Tensor | None = None
        ) -> tuple[Tensor, None]:
            assert inputs.shape == (2, 5, 6)
            assert inputs.transpose(0, 1).is_contiguous()
            return super().forward(inputs)

    outputs, _ = stack(Looking, Looking, time_first=True)(torch.randn(2, 5, 4).double())
    assert outputs.shape == (2, 5, 6)


def test_stack_when_fed_in_chunks_carries_each_layers_state() -> None:
    layers, inputs = stack(Gru, Doubling, Gru), torch.randn(2, 7, 4, dtype=torch.float64)
    whole, end = layers(inputs)
    first, state = layers(inputs[:, :3])
    second, after = layers(inputs[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    assert end[1] is None
    torch.testing.assert_close(after[2], end[2])


def test_stack_of_layers_without_a_state_returns_none_and_hands_lengths_on() -> None:
    layers, lengths = stack(Doubling, features=6, norm="none"), torch.tensor([3, 2])
    inputs = torch.randn(2, 3, 6, dtype=torch.float64)
    outputs, state = layers(inputs, lengths=lengths)
    assert state is None
    assert layers.layers[0].lengths is lengths
    torch.testing.assert_close(outputs, 3 * inputs)


def test_dropout_without_residual_acts_between_layers_only() -> None:
    inputs = torch.ones(1, 1, 6, dtype=torch.float64)
    alone = stack(Doubling, features=6, residual=False, norm="none", dropout=0.5)
    torch.testing.assert_close(alone(inputs)[0], 2 * inputs)
    two = stack(Doubling, Doubling, features=6, residual=False, norm="none", dropout=0.5)
    assert set(two(inputs.expand(1, 9, 6))[0].unique().tolist()) == {0.0, 8.0}


def test_norm_rms_divides_by_the_root_mean_square_above_the_lowest_layer() -> None:
    layers = stack(Doubling, Doubling, features=6, residual=False, norm="rms")
    inputs = torch.randn(2, 3, 6, dtype=torch.float64)
    size = inputs.square().mean(-1, keepdim=True).sqrt()
    torch.testing.assert_close(layers(inputs)[0], 2 * inputs / size, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("residual", [False, True])
def test_single_numbers_are_read_by_normalised_layers(residual: bool) -> None:
    layers = stack(Gru, Gru, features=1, residual=residual)
    one, other = (torch.full((1, 2, 1), value, dtype=torch.float64) for value in (0.5, 2.0))
    assert not torch.allclose(layers(one)[0], layers(other)[0], atol=1e-3)
