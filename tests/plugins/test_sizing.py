"""Tests the width that is chosen for a number of weights, against counting by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import nn

from seqbench import ExperimentError, Model
from seqbench.plugins.sizing import sized


@dataclass(frozen=True)
class Lines(Model):
    """A linear layer whose width is a multiple of 8, with a finer part of its own."""

    name = "lines"
    version = 1
    hidden_size: int = 64
    fine: int = 4
    width_parameters = ("hidden_size", "fine")

    def build(self, input_size: int) -> nn.Module:
        if self.hidden_size % 8:
            raise ValueError(f"hidden_size is {self.hidden_size}, and has to be a multiple of 8")
        torch.rand(1)
        wide, narrow = nn.Linear(self.hidden_size, 10 * self.hidden_size, bias=False), nn.Linear(self.fine, 7)
        return nn.ModuleList([wide, narrow])


@dataclass(frozen=True)
class Nested(Model):
    """An LSTM whose width stands in a mapping."""

    name = "nested"
    version = 1
    arguments: dict[str, Any] = field(default_factory=dict)
    width_parameters = ("arguments.units",)

    def build(self, input_size: int) -> nn.Module:
        return nn.LSTM(input_size, self.arguments["units"], batch_first=True)


@dataclass(frozen=True)
class Fixed(Model):
    """A model without a width."""

    name = "fixed"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, 5)


def of_lines(hidden_size: int, fine: int) -> int:
    return 10 * hidden_size**2 + 7 * fine + 7


@pytest.mark.parametrize("weights", [500, 700, 5_000, 12_345, 100_000])
def test_width_is_the_nearest_of_all_then_the_finer_one(weights: int) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    found, names = sized(Lines(), weights, 4, {})
    assert isinstance(found, Lines)
    assert torch.equal(torch.get_rng_state(), before)
    assert found.hidden_size == min(range(8, 200, 8), key=lambda size: abs(of_lines(size, 4) - weights))
    nearest = min(range(1, 20_000), key=lambda fine: abs(of_lines(found.hidden_size, fine) - weights))
    assert found.fine == nearest
    assert names == (("hidden_size", "fine") if nearest != 4 else ("hidden_size",))


def test_width_inside_a_mapping_is_chosen_by_its_dotted_name() -> None:
    found, names = sized(Nested({}), 10_000, 32, {})
    counts = {units: 4 * units * (32 + units) + 8 * units for units in range(1, 200)}
    assert found == Nested({"units": min(counts, key=lambda units: abs(counts[units] - 10_000))})
    assert names == ("arguments.units",)
    assert sized(Nested({"units": 64}), 10_000, 32, {"arguments": {"units": 64}}) == (found, names)


def test_finer_width_that_is_given_stays() -> None:
    found, names = sized(Lines(fine=9), 5_000, 4, {"fine": 9})
    assert (found, names) == (Lines(hidden_size=24, fine=9), ("hidden_size",))


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (Lines(), {"hidden_size": 64}, "weights 10k: they choose lines.hidden_size, which is set to 64"),
        (Fixed(), {}, "weights 10k: model fixed has no width that sets the number of its weights"),
    ],
)
def test_weights_of_a_model_without_a_free_width_are_refused(
    model: Model, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ExperimentError, match=message):
        sized(model, 10_000, 4, given)


def test_parameter_that_adds_no_weights_is_given_up_soon() -> None:
    @dataclass(frozen=True)
    class Frozen(Model):
        """A layer whose width is that of a buffer."""

        name = "frozen"
        version = 1
        hidden_size: int = 4

        def build(self, input_size: int) -> nn.Module:
            assert self.hidden_size < 100
            layer = nn.Linear(3, 5)
            layer.register_buffer("fixed", torch.zeros(self.hidden_size))
            return layer

    with pytest.raises(ExperimentError, match="comes nearest, with hidden_size=1, has 20 weights"):
        sized(Frozen(), 10_000, 4, {})


def test_layers_are_counted_without_memory_for_their_weights() -> None:
    found, _ = sized(Nested(), 10**9, 32, {})
    assert isinstance(found, Nested)
    units = found.arguments["units"]
    assert abs(4 * units * (32 + units) + 8 * units - 10**9) < 10**5
