"""Defines models with one fault each, as published layers have them; see also tests/planted_faults.py.

`seqbench check` must catch every one with a message that names its fault; see tests/testing/test_subjects.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from seqbench import Model
from tests.planted_faults import Leaky


class IdleLayer(nn.Module):
    """Ten parameters, of which the outputs know nothing."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(features, 8) for _ in range(5))

    def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
        return inputs * 1.0, None


@dataclass(frozen=True)
class Idle(Model):
    """Its output is its input."""

    name = "idle"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return IdleLayer(input_size)


class CancelledLayer(nn.Module):
    """Outputs have a gradient, and are the inputs all the same."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.enter = nn.Linear(features, features)

    def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
        found = self.enter(inputs)
        return inputs + found - found.detach(), None


@dataclass(frozen=True)
class Cancelled(Model):
    """Takes away again what it has computed."""

    name = "cancelled"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return CancelledLayer(input_size)


@dataclass(frozen=True)
class Undropping(Model):
    """Hands its dropout to a layer that drops between layers only, and has one.

    Attributes:
        dropout: share that is said to be dropped.
    """

    name = "undropping"
    version = 1
    dropout: float = 0.1

    def build(self, input_size: int) -> nn.Module:
        layer = Leaky(input_size)
        layer.add_module("drop", nn.Dropout(self.dropout))
        return layer


class FrozenDropLayer(Leaky):
    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = super().forward(inputs, state)
        mask = torch.arange(8) % 2 if self.training else torch.ones(8)
        return outputs * mask.to(outputs.dtype), after


@dataclass(frozen=True)
class FrozenDrop(Model):
    """Drops the same half always, beside a dropout that works.

    Attributes:
        dropout: share of the inputs that is set to zero.
        recurrent_dropout: share that is said to be dropped.
    """

    name = "frozen-drop"
    version = 1
    dropout: float = 0.5
    recurrent_dropout: float = 0.5

    def build(self, input_size: int) -> nn.Module:
        return FrozenDropLayer(input_size)


class TimeStatisticsLayer(Leaky):
    """In training outputs are scaled by their mean square over time."""

    axes: tuple[int, ...] = (1, 2)

    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.register_buffer("running", torch.ones(()))
        self.drop = nn.Dropout(0.2)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = super().forward(inputs, state)
        size = self.running
        if self.training:
            size = outputs.square().mean(dim=self.axes, keepdim=True)
        return self.drop(outputs / (size + 1e-5).sqrt()), after


@dataclass(frozen=True)
class TimeStatistics(Model):
    """Takes statistics over time in training, and drops besides."""

    name = "time-statistics"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return TimeStatisticsLayer(input_size)


class RowStatisticsLayer(TimeStatisticsLayer):
    """In training the outputs of each step are scaled by their mean square over the rows of the batch."""

    axes = (0, 2)


@dataclass(frozen=True)
class RowStatistics(Model):
    """Takes statistics over the batch in training, and drops besides."""

    name = "row-statistics"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return RowStatisticsLayer(input_size)


class RootedLayer(Leaky):
    """Divides each output by one and the size of the state before it."""

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = super().forward(inputs, state)
        first = torch.zeros_like(outputs[:, 0]) if state is None else state
        before = torch.cat([first[:, None], outputs[:, :-1]], dim=1)
        return outputs / (1 + before.square().sum(dim=2, keepdim=True).sqrt()), after


@dataclass(frozen=True)
class Rooted(Model):
    """Takes the root of a state of zeros."""

    name = "rooted"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return RootedLayer(input_size)


@dataclass(frozen=True)
class Leaving(Model):
    """Ends the process, with the status of success."""

    name = "leaving"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        raise SystemExit(0)


class SingleComplexLayer(nn.Module):
    """h_t = a h_{t-1} + B x_t with complex a; the inputs are made complex64, whatever they are."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.polar(torch.full((8,), 0.9), torch.rand(8)))
        self.b = nn.Parameter(torch.randn(features, 8, dtype=torch.complex64) / 4)

    def entering(self, inputs: Tensor) -> Tensor:
        return inputs.to(torch.complex64) @ self.b

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        entering = self.entering(inputs)
        hidden = entering.new_zeros(len(inputs), 8) if state is None else state
        outputs = []
        for step in range(inputs.shape[1]):
            hidden = self.a * hidden + entering[:, step]
            outputs.append(hidden.real)
        return torch.stack(outputs, dim=1), hidden


@dataclass(frozen=True)
class SingleComplex(Model):
    """Runs in complex64 only."""

    name = "single-complex"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return SingleComplexLayer(input_size)


class SingleLayer(Leaky):
    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = super().forward(inputs, state)
        return outputs.float(), after


@dataclass(frozen=True)
class Single(Model):
    """Answers in float32, whatever it is asked in."""

    name = "single"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return SingleLayer(input_size)


class DrawingLayer(Leaky):
    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        torch.rand(())
        return super().forward(inputs, state)


@dataclass(frozen=True)
class Drawing(Model):
    """Draws a number in evaluation, and throws it away."""

    name = "drawing"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return DrawingLayer(input_size)


class SharingLayer(Leaky):
    """Holds a buffer that copies share."""

    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.register_buffer("scale", 1 + torch.rand(8))

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = super().forward(inputs, state)
        return outputs * self.scale, after

    def __deepcopy__(self, memo: dict[int, object]) -> SharingLayer:
        twin = SharingLayer(self.enter.in_features)
        twin.to(self.enter.weight.dtype).load_state_dict(self.state_dict())
        twin.scale = self.scale
        return twin.train(self.training)


@dataclass(frozen=True)
class Sharing(Model):
    """Its copies have weights of their own, and one buffer in common."""

    name = "sharing"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return SharingLayer(input_size)


class NumpyDropLayer(Leaky):
    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = super().forward(inputs, state)
        if self.training:
            outputs = outputs * torch.from_numpy(np.random.rand(*outputs.shape) > 0.5)
        return outputs, after


@dataclass(frozen=True)
class NumpyDropping(Model):
    """Drops by numpy's generator, which is not put back where a piece is run again."""

    name = "numpy-dropping"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return NumpyDropLayer(input_size)
