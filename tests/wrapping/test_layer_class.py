"""Tests that the call of a layer is found out by trying, whatever its axes, its outputs and its state.

Modules: seqbench.wrapping.form, seqbench.wrapping.handing_back, seqbench.wrapping.trying.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from seqbench import ContractError, LayerClass
from tests.wrapping import layers

HERE = "tests.wrapping.layers"


def built(name: str, features: int = 8, **arguments: Any) -> Any:
    torch.manual_seed(0)
    return LayerClass(f"{HERE}:{name}", arguments).build(features).eval()


def in_pieces(layer: nn.Module, inputs: torch.Tensor, size: int) -> torch.Tensor:
    state, outputs = None, []
    for piece in torch.split(inputs, size, dim=1):
        out, state = layer(piece, state)
        outputs.append(out)
    return torch.cat(outputs, 1)


@pytest.mark.parametrize(
    ("arguments", "width"),
    [
        ({"dim": 32, "units": 64}, "units"),
        ({"config": {"d_model": 16, "n_layers": 1}}, "config.d_model"),
        ({"num_channels": [16, 16], "dim": 0.5, "units": True}, ""),
    ],
)
def test_width_is_the_likeliest_whole_number_by_its_name(arguments: dict[str, Any], width: str) -> None:
    assert LayerClass("torch.nn:GRU", arguments).width == width


def test_time_first_layer_with_a_mapping_equals_the_layer_called_by_hand() -> None:
    layer = built("TimeFirst", units=5)
    assert (layer.form.input_argument, layer.form.layout) == ("width", "time first")
    assert (layer.form.outputs, layer.form.state, layer.form.state_argument) == ("states", ("last",), "start")
    inputs = torch.randn(3, 7, 8)
    outputs, state = layer(inputs)
    by_hand = layer.layer(inputs.transpose(0, 1))
    assert torch.equal(outputs, by_hand["states"].transpose(0, 1))
    assert torch.equal(state, by_hand["last"])
    torch.testing.assert_close(in_pieces(layer, inputs, 2), outputs)


def test_batch_first_argument_is_used_where_there_is_one() -> None:
    layer = LayerClass("torch.nn:LSTM", {"hidden_size": 5}).build(8)
    assert (layer.form.constructor, layer.form.layout) == ({"batch_first": True}, "batch first")
    assert layer.layer.batch_first
    inputs = torch.randn(3, 7, 8)
    torch.testing.assert_close(in_pieces(layer, inputs, 2), layer(inputs)[0])


def test_argument_that_the_user_gives_is_kept() -> None:
    layer = LayerClass("torch.nn:LSTM", {"hidden_size": 5, "batch_first": False}).build(8)
    assert (layer.form.layout, layer.layer.batch_first) == ("time first", False)


def test_convolution_has_no_state_and_its_channels_first() -> None:
    layer = built("ChannelsFirst")
    assert (layer.form.layout, layer.form.state, layer.form.remarks) == ("channels first", (), ())
    outputs, state = layer(torch.randn(3, 7, 8))
    assert (list(outputs.shape), state) == ([3, 7, 6], None)


def test_layer_that_looks_ahead_is_told() -> None:
    (told,) = built("ChannelsFirst", causal=False).form.remarks
    assert told.startswith("it looks ahead")


def test_state_that_is_returned_on_request_is_found_and_no_state_is_not_zeros() -> None:
    layer = built("Flagged")
    assert (layer.form.flags, layer.form.state_argument) == ({"return_state": True}, "prev_hidden")
    inputs = torch.randn(3, 7, 8)
    outputs, _ = layer(inputs)
    assert torch.equal(outputs, layer.layer(inputs))
    torch.testing.assert_close(in_pieces(layer, inputs, 3), outputs)


def test_second_output_that_continues_nothing_is_no_state() -> None:
    layer = built("Reporting")
    assert (layer.form.outputs, layer.form.state) == (0, ())
    assert layer(torch.randn(2, 4, 8))[1] is None


def test_input_size_in_the_settings_of_a_layer_is_found() -> None:
    layer = built("Configured", config={"depth": 2})
    assert layer.form.input_argument == "config.d_model"
    assert list(layer(torch.randn(2, 3, 8))[0].shape) == [2, 3, 8]


def test_layer_of_a_fixed_size_gets_a_linear_map_before_it() -> None:
    layer = built("Heads", dim=12)
    assert layer.form.mapped_to == 12
    assert list(layer.enter.weight.shape) == [12, 8]
    assert "a linear map to 12 features" in "\n".join(layer.form.told())


def test_layer_that_cannot_be_called_is_told_with_every_try() -> None:
    with pytest.raises(ContractError, match="with dim=8: it gives no output for each step") as raised:
        built("LastOnly")
    assert "returns [3, 2]" in str(raised.value)
    with pytest.raises(ContractError, match="with dim=8: it leaves the process instead of raising an error"):
        built("Leaves")


def test_trying_leaves_random_numbers_as_they_were_and_weights_follow_from_the_seed() -> None:
    kind = LayerClass(f"{HERE}:TimeFirst", {"units": 5})
    torch.manual_seed(3)
    first = kind.build(8).state_dict()
    torch.manual_seed(3)
    again = kind.build(8).state_dict()
    torch.manual_seed(3)
    by_hand = layers.TimeFirst(8, 5).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert all(torch.equal(first[f"layer.{name}"], by_hand[name]) for name in by_hand)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "arguments.units is missing; TimeFirst takes width, units, rate"),
        ({"units": float("nan")}, "arguments.units is nan, and a record holds finite numbers only"),
        ({"units": {1, 2}}, "arguments.units is set, and arguments are numbers"),
        ({"unit": 1, "rat": 2}, "did you mean 'rate'"),
    ],
)
def test_arguments_are_checked_before_anything_is_built(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="arguments|argument") as raised:
        LayerClass(f"{HERE}:TimeFirst", arguments).check()
    assert said in str(raised.value)


def test_class_that_is_no_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="is no torch.nn.Module"):
        LayerClass(f"{HERE}:Settings", {}).check()
