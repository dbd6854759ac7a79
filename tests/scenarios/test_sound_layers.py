"""Tests that unusual but sound layers, which a check could take for faulty, pass the whole kit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from seqbench import Catalog, Model
from seqbench.testing import run_checks
from tests.planted_faults import Leaky
from tests.planted_layers import SingleComplexLayer

Result = tuple[Tensor, Any]


class Complex(SingleComplexLayer):
    """Complex weights, which ``double`` leaves in complex64."""

    def entering(self, inputs: Tensor) -> Tensor:
        return inputs.to(self.b.dtype) @ self.b


class Closed(Leaky):
    """ReZero: a gate of 0, behind which nothing gets a gradient before it has opened; and an idle constant."""

    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.gate = nn.Parameter(torch.zeros(()))
        self.behind = nn.Linear(8, 8)
        self.constant = nn.Parameter(torch.ones(3), requires_grad=False)

    def forward(self, inputs: Tensor, state: Any = None) -> Result:
        outputs, state = super().forward(inputs, state)
        return outputs + self.gate * self.behind(outputs), state


class KeyBias(nn.Module):
    """Attention, with a bias of the keys that the softmax cancels, and weights that are normalised."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(features, 8), nn.Linear(features, 8)
        self.value = weight_norm(nn.Linear(features, 8))

    def forward(self, inputs: Tensor, state: None = None) -> Result:
        scores = self.query(inputs) @ self.key(inputs).mT
        is_past = torch.ones_like(scores, dtype=torch.bool).tril()
        return scores.masked_fill(~is_past, -torch.inf).softmax(dim=2) @ self.value(inputs), None


class Routed(nn.Module):
    """A mixture of four experts: each step is seen by one."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.route = nn.Linear(features, 4)
        self.experts = nn.ModuleList(nn.Linear(features, 6) for _ in range(4))

    def forward(self, inputs: Tensor, state: None = None) -> Result:
        shares = self.route(inputs).softmax(dim=2)
        best, which = shares.max(dim=2, keepdim=True)
        chosen = [(which == number) * expert(inputs) for number, expert in enumerate(self.experts)]
        return best * torch.stack(chosen).sum(dim=0), None


class FarBack(nn.Module):
    """Sees the input and, by a weight of its own, the one 40 steps before."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.near, self.far = nn.Linear(features, 8), nn.Linear(features, 8, bias=False)

    def forward(self, inputs: Tensor, state: None = None) -> Result:
        before = nn.functional.pad(inputs, (0, 0, 40, 0))[:, : inputs.shape[1]]
        return self.near(inputs) + self.far(before), None


class OnSphere(Leaky):
    """The state has length 1: it starts at a pole, and zeros are no state of it."""

    def forward(self, inputs: Tensor, state: Any = None) -> Result:
        entering = self.enter(inputs)
        hidden = torch.eye(8, dtype=inputs.dtype)[:1].expand(len(inputs), 8) if state is None else state
        outputs = []
        for step in range(inputs.shape[1]):
            hidden = hidden + entering[:, step]
            hidden = hidden / hidden.square().sum(dim=1, keepdim=True).sqrt()
            outputs.append(hidden)
        return torch.stack(outputs, dim=1), hidden


class Careful(Leaky):
    """Computes in float32 at least, and answers in the dtype of the inputs."""

    def forward(self, inputs: Tensor, state: Any = None) -> Result:
        wide = torch.promote_types(inputs.dtype, torch.float32)
        outputs = nn.functional.normalize(self.enter(inputs).to(wide), dim=2)
        return outputs.to(inputs.dtype), None


class Noisy(Leaky):
    """Draws more or fewer random numbers in training, as the inputs have it; and leaves itself out at times."""

    def forward(self, inputs: Tensor, state: Any = None) -> Result:
        outputs, state = super().forward(inputs, state)
        if not self.training:
            return outputs, state
        if float(torch.rand(())) < 0.1:
            outputs = 0.5 * outputs
        return outputs + 0.1 * torch.poisson(outputs.detach().abs() * 20), state


class Dropping(Leaky):
    """One mask for a whole row, and one for the steps."""

    def __init__(self, features: int, dropout: float, step_dropout: float) -> None:
        super().__init__(features)
        self.dropout, self.step_dropout = dropout, step_dropout

    def forward(self, inputs: Tensor, state: Any = None) -> Result:
        outputs, state = super().forward(inputs, state)
        whole = nn.functional.dropout(torch.ones_like(outputs[:, :1]), self.dropout, self.training)
        steps = nn.functional.dropout(torch.ones_like(outputs[:, :, :1]), self.step_dropout, self.training)
        return outputs * whole * steps, state


def model_of(layer: type[nn.Module]) -> type[Model]:
    @dataclass(frozen=True)
    class Made(Model):
        name = "made"
        version = 1
        time_exponent: ClassVar[float] = 2.0

        def build(self, input_size: int) -> nn.Module:
            return layer(input_size)

    return Made


@dataclass(frozen=True)
class TwoDropouts(Model):
    """Drops in two ways, one of them rarely.

    Attributes:
        dropout, step_dropout: shares that are dropped.
        uses_dropout_in_groups: no share, though it has the word in its name.
    """

    name = "two-dropouts"
    version = 1
    dropout: float = 0.02
    step_dropout: float = 0.0
    uses_dropout_in_groups: bool = True

    def build(self, input_size: int) -> nn.Module:
        return Dropping(input_size, self.dropout, self.step_dropout)


SLOW = dict.fromkeys(("long-inputs", "time"), "says nothing about these layers")

LAYERS = [Complex, Closed, KeyBias, Routed, FarBack, OnSphere, Careful, Noisy]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.__name__)
def test_sound_layer_fails_no_check(layer: type[nn.Module]) -> None:
    outcomes = run_checks(model_of(layer), catalog=Catalog(), skip=SLOW)
    assert "parameters" in {one.id for one in outcomes if one.status == "passed"}
    assert [one for one in outcomes if one.status == "failed"] == []


def test_each_of_several_dropouts_is_tried_by_itself() -> None:
    outcomes = {one.id: one for one in run_checks(TwoDropouts, catalog=Catalog(), skip=SLOW)}
    assert [one for one in outcomes.values() if one.status == "failed"] == []
    assert outcomes["dropout"].status == "passed"
    assert outcomes["dropout:dropout=0.5,step_dropout=0.5"].status == "passed"
