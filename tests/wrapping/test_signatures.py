"""Tests that arguments are checked against a signature, and that mappings become objects of their classes."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from seqbench.wrapping.signatures import faults, made, open_places, optional_places, signature_of
from tests.wrapping.layers import Configured, Heads, TimeFirst


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (TimeFirst, {"unit": 3}, "TimeFirst has no argument 'unit' (arguments.unit); did you mean 'units'?"),
        (TimeFirst, {"UNITS": 3}, "TimeFirst has no argument 'UNITS' (arguments.UNITS); did you mean 'units'?"),
        (TimeFirst, {"units": "64"}, "arguments.units is '64', and TimeFirst asks for a number"),
        (TimeFirst, {"units": True}, "arguments.units is True, and TimeFirst asks for a number"),
        (nn.GRU, {"hidden_sise": 3}, "GRU has no argument 'hidden_sise' (arguments.hidden_sise)"),
        (nn.GRU, {"hidden_size": 3, "bias": 1}, "arguments.bias is 1, and GRU asks for true or false"),
        (Configured, {"config": {"dept": 1}}, "Settings has no argument 'dept' (arguments.config.dept)"),
    ],
)
def test_argument_that_does_not_fit_the_signature_is_told(kind: type, given: dict[str, Any], said: str) -> None:
    (found,) = faults(kind, given, "tests")
    assert found.startswith(said)


def test_arguments_that_fit_and_those_of_an_open_signature_pass() -> None:
    assert list(faults(TimeFirst, {"units": 3, "rate": 1}, "tests")) == []
    assert list(faults(Heads, {"anything": [1, {"x": 2}]}, "tests")) == []
    assert signature_of(Heads).is_open
    assert not signature_of(nn.GRU).is_open


def test_places_of_what_is_not_given_reach_into_mappings() -> None:
    assert list(open_places(TimeFirst, {}, "tests")) == [("width",), ("units",)]
    assert list(open_places(Configured, {}, "tests")) == [("config", "depth")]
    assert list(optional_places(Configured, {"config": {"depth": 1}}, "tests")) == [("config", "d_model")]


def test_mapping_becomes_an_object_of_its_class() -> None:
    layer = made(Configured, {"config": {"depth": 2, "d_model": 5}}, "tests")
    assert [tuple(each.weight.shape) for each in layer.layers] == [(5, 5), (5, 5)]
    named = {"class": "tests.wrapping.layers:Settings", "depth": 1}
    assert len(made(Configured, {"config": named}, "tests").layers) == 1


def test_class_of_another_package_is_refused() -> None:
    with pytest.raises(ValueError, match="subprocess:Popen is not of the layer's package tests"):
        made(Configured, {"config": {"class": "subprocess:Popen", "args": ["true"]}}, "tests")
