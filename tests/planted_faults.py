"""Holds plugins with one fault each, and the sound ones that they were made from.

`seqbench check` must catch every one with a message that names its fault; see tests/testing/test_subjects.py.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy

from seqbench import (
    Baseline,
    Metric,
    Model,
    Split,
    StepClass,
    Task,
    TaskData,
    Tokens,
    generator,
    hookimpl,
)

SYMBOLS = 5


class Leaky(nn.Module):
    """h_t = 0.9 h_{t-1} + U x_t; sound."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.enter = nn.Linear(features, 8)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        entering = self.enter(inputs)
        hidden = entering.new_zeros(len(inputs), 8) if state is None else state
        outputs = []
        for step in range(inputs.shape[1]):
            hidden = 0.9 * hidden + entering[:, step]
            outputs.append(hidden)
        return torch.stack(outputs, dim=1), hidden


@dataclass(frozen=True)
class SoundModel(Model):
    """A leaky sum."""

    name = "sound-model"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return Leaky(input_size)


@dataclass(frozen=True)
class Bidirectional(Model):
    """Reads the sequence from both ends."""

    name = "bidirectional"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, 8, batch_first=True, bidirectional=True)


@dataclass(frozen=True)
class Unheld(Model):
    """Has limits, and a ``__post_init__`` of its own that does not check them."""

    name = "unheld"
    version = 1
    layers: Annotated[int, Field(ge=1)] = 1

    def __post_init__(self) -> None:
        if self.layers == 13:
            raise ValueError("layers is 13")

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, 8, self.layers, batch_first=True)


class ForgetfulLayer(Leaky):
    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return super().forward(inputs)


class DetachingLayer(Leaky):
    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = super().forward(inputs, state)
        return outputs, after.detach()


@dataclass(frozen=True)
class Detaching(Model):
    """Hands its state over without the gradient: `seqbench gradients` would see none."""

    name = "detaching"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return DetachingLayer(input_size)


class LastOnlyLayer(Leaky):
    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = super().forward(inputs, state)
        return outputs[:, -1], after


@dataclass(frozen=True)
class LastOnly(Model):
    """Returns the last output in place of all of them, as for classification."""

    name = "last-only"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return LastOnlyLayer(input_size)


@dataclass(frozen=True)
class Forgetful(Model):
    """Returns a state, and ignores the one it is given."""

    name = "forgetful"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return ForgetfulLayer(input_size)


class DropoutLayer(Leaky):
    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = super().forward(inputs, state)
        return nn.functional.dropout(outputs, 0.1), after


@dataclass(frozen=True)
class Dropping(Model):
    """Leaves dropout on in evaluation."""

    name = "dropping"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return DropoutLayer(input_size)


class NormalisedLayer(Leaky):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.normalise = nn.BatchNorm1d(8)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = super().forward(inputs, state)
        return self.normalise(outputs.mT).mT, after


@dataclass(frozen=True)
class Normalised(Model):
    """Takes means and variances across the rows of a training batch."""

    name = "normalised"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return NormalisedLayer(input_size)


@dataclass(frozen=True)
class Seeding(Model):
    """Seeds torch's global generator when it is built."""

    name = "seeding"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        torch.manual_seed(42)
        return Leaky(input_size)


class MutatingLayer(Leaky):
    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            self.enter.weight.mul_(1 - 1e-9)
        return super().forward(inputs, state)


@dataclass(frozen=True)
class Mutating(Model):
    """Decays a parameter each time it is run."""

    name = "mutating"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return MutatingLayer(input_size)


class OverwritingLayer(Leaky):
    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            inputs.mul_(0.5)
        return super().forward(inputs, state)


@dataclass(frozen=True)
class Overwriting(Model):
    """Writes into its inputs."""

    name = "overwriting"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return OverwritingLayer(input_size)


@dataclass(frozen=True)
class Clashing(Model):
    """Bears the name of a bundled task."""

    name = "copy"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return Leaky(input_size)


def sound_data(length: int, seed: int) -> TaskData:
    """Name the first token at the last step."""

    def split(part: str, examples: int) -> Split:
        rng = generator(seed, "planted", part, length)
        inputs = torch.randint(SYMBOLS, (examples, length), generator=rng)
        targets = torch.full_like(inputs, -100)
        targets[:, -1] = inputs[:, 0]
        return Split(inputs, targets)

    test = split("test", 400)
    return TaskData(
        train=split("train", 800),
        validation=split("validation", 100),
        test=test,
        inputs=Tokens(SYMBOLS),
        targets=StepClass(SYMBOLS),
        metrics=(Metric("accuracy", lambda: MulticlassAccuracy(SYMBOLS, average="micro")),),
        baselines=(Baseline("guess", {"accuracy": 1 / SYMBOLS}),),
        show=lambda i: f"{test.inputs[i, 0]} ... -> {test.targets[i, -1]}",
    )


@dataclass(frozen=True)
class SoundTask(Task):
    """Name the first token at the last step."""

    name = "sound-task"
    version = 1

    def load(self, length: int, seed: int) -> TaskData:
        return sound_data(length, seed)


@dataclass(frozen=True)
class SeedingTask(Task):
    """Draws its data from numpy's global generator, after seeding it."""

    name = "seeding-task"
    version = 1

    def load(self, length: int, seed: int) -> TaskData:
        np.random.seed(seed)
        return sound_data(length, int(np.random.randint(1000)))


@dataclass(frozen=True)
class Overlapping(Task):
    """Has a tenth of its test examples in the training data too."""

    name = "overlapping"
    version = 1

    def load(self, length: int, seed: int) -> TaskData:
        data = sound_data(length, seed)
        rows = torch.arange(len(data.test) // 10)
        inputs, targets = data.train.inputs.clone(), data.train.targets.clone()
        inputs[rows], targets[rows] = data.test.inputs[rows], data.test.targets[rows]
        return dataclasses.replace(data, train=Split(inputs, targets))


def accuracy(**settings: Any) -> tuple[Metric, ...]:
    return (Metric("accuracy", lambda: MulticlassAccuracy(SYMBOLS, average="micro"), **settings),)


@dataclass(frozen=True)
class Backwards(Task):
    """Says of accuracy that lower is better."""

    name = "backwards"
    version = 1

    def load(self, length: int, seed: int) -> TaskData:
        return dataclasses.replace(sound_data(length, seed), metrics=accuracy(is_higher_better=False))


@dataclass(frozen=True)
class Lying(Task):
    """Declares a baseline other than what guessing scores.

    Attributes:
        accuracy: what is declared; 0.2 would be true.
    """

    name = "lying"
    version = 1
    accuracy: float = 0.05

    def load(self, length: int, seed: int) -> TaskData:
        baselines = (Baseline("guess", {"accuracy": self.accuracy}),)
        return dataclasses.replace(sound_data(length, seed), baselines=baselines)


@dataclass(frozen=True)
class OutOfRange(Task):
    """Counts its classes from 1."""

    name = "out-of-range"
    version = 1

    def load(self, length: int, seed: int) -> TaskData:
        data = sound_data(length, seed)
        targets = data.test.targets.clone()
        targets[:, -1] += 1
        return dataclasses.replace(data, test=Split(data.test.inputs, targets))


@dataclass(frozen=True)
class Quadratic(Task):
    """Takes half a second of processor time for 4000 steps, and less by the square, on a machine of any speed.

    Its data are those of 8 steps, so that nothing else takes time.
    """

    name = "quadratic"
    version = 1

    def load(self, length: int, seed: int) -> TaskData:
        end = time.process_time() + 0.5 * (length / 4000) ** 2
        while time.process_time() < end:
            pass
        return sound_data(8, seed)


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    yield from (SoundModel, Bidirectional, Detaching, LastOnly, Forgetful, Dropping, Normalised, Seeding, Mutating)


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    yield from (SoundTask, SeedingTask, Overlapping, Backwards, Lying, OutOfRange, Quadratic)
