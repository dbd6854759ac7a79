"""Tests the groups of weights with joint gradient norms, named by a model or by the general rule.

Modules: seqbench.contracts.model, seqbench.testing.models.names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from seqbench import ContractError, Model, ParameterGroup, SequenceClass, Values, load_catalog
from seqbench.gradients.part_names import check_names, part_names
from seqbench.network.network import Network, build_network
from seqbench.network.weight_groups import weight_groups
from seqbench.testing import run_checks


def names(network: Network) -> dict[str, list[str]]:
    known = {id(parameter): name for name, parameter in network.named_parameters()}
    return {group: [known[id(one)] for one in own] for group, own in weight_groups(network).items()}


@dataclass(frozen=True)
class Named(Model):
    """A GRU that names what the test asks it to."""

    name = "named"
    version = 1
    case: str = "none"

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, 4, batch_first=True)

    @property
    def state_parts(self) -> tuple[str, ...]:
        return {"two parts": ("h", "c"), "whole": ("all",), "fit": ("h",)}.get(self.case, ())

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        return {
            "fit": {"R": ["weight_hh_l0"], "W": ["weight_ih_l0"]},
            "unknown": {"R": ["weight_hh_l1"]},
            "twice": {"R": ["weight_hh_l0"], "S": ["weight_hh_l0"]},
            "rest": {"other": ["weight_hh_l0"]},
        }.get(self.case) or super().weight_groups(layer)

    def parameter_groups(self, layer: nn.Module) -> Iterable[ParameterGroup]:
        own = ("weight_hh_l0", "bias_hh_l0")
        return {
            "slow": [ParameterGroup(own, learning_rate=0.1, weight_decay=0.0)],
            "frozen": [ParameterGroup(own, learning_rate=0.0)],
            "same": [ParameterGroup(own)],
            "rate unknown": [ParameterGroup(("weight",))],
            "rate twice": [ParameterGroup(own), ParameterGroup(own[:1])],
            "negative": [ParameterGroup(own, learning_rate=-1.0)],
        }.get(self.case, [])


def network(case: str = "none") -> Network:
    torch.manual_seed(0)
    return build_network(Named(case), Values(3), SequenceClass(2), 0)


DEFAULT = {
    "U": ["layer.weight_ih_l0"],
    "V": ["layer.weight_hh_l0"],
    "W": ["head.weight"],
    "other": ["layer.bias_ih_l0", "layer.bias_hh_l0", "head.bias"],
}


@pytest.mark.parametrize("model", ["rnn", "lstm", "gru"])
def test_bundled_models_and_torch_layers_of_others_keep_the_groups_of_the_textbooks(model: str) -> None:
    own = build_network(load_catalog().model(model)(), Values(3), SequenceClass(2), 0)
    kind: Any = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[model]
    foreign = Network(kind(3, 4, batch_first=True), Values(3), SequenceClass(2), 0)
    assert names(own) == names(foreign) == DEFAULT
    assert list(names(own)) == list(DEFAULT)
    parts = ("hidden", "cell") if model == "lstm" else ("hidden",)
    assert part_names(own, len(parts)) == parts
    assert part_names(foreign, len(parts)) == (parts if model == "lstm" else ("part_0",))


def test_parameters_that_are_not_trained_stand_in_no_group() -> None:
    frozen = network("fit")
    frozen.layer.requires_grad_(False)
    assert names(frozen) == {"W": ["head.weight"], "other": ["head.bias"]}


def test_groups_that_a_model_names_come_in_its_order_and_its_w_joins_the_head() -> None:
    assert names(network("fit")) == {
        "R": ["layer.weight_hh_l0"],
        "W": ["layer.weight_ih_l0", "head.weight"],
        "other": DEFAULT["other"],
    }
    assert part_names(network("fit"), 1) == ("h",)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("two parts", r"state_parts names 2 parts \(h, c\), and gradients flow through 1"),
        ("whole", "not to be 'all', which is the whole state"),
        ("unknown", "weight_groups, group R: .*did you mean 'weight_hh_l0'"),
        pytest.param("twice", "weight_hh_l0 stands in two groups", marks=pytest.mark.slow),
        pytest.param("rest", "a group 'other'", marks=pytest.mark.slow),
        pytest.param("rate unknown", "parameter_groups: .*weight", marks=pytest.mark.slow),
        pytest.param("rate twice", "weight_hh_l0 stands in two groups", marks=pytest.mark.slow),
        pytest.param("negative", "learning_rate of weight_hh_l0, bias_hh_l0 is -1.0", marks=pytest.mark.slow),
    ],
)
def test_names_of_what_is_not_there_are_refused_by_the_harness_and_the_kit(case: str, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        check_names(network(case))
    (found,) = [one for one in run_checks(Named(case)) if one.id == "names"]
    assert found.status == "failed"
