"""Tests that each check of the kit can fail, and that unusual but sound models pass all of them.

Modules: seqbench.testing.models.order, seqbench.testing.models.outputs, seqbench.testing.models.weights,
seqbench.testing.tasks.data, seqbench.testing.tasks.loads, seqbench.testing.tasks.scores,
seqbench.testing.tasks.seeds.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench import Baseline, Catalog, Model, Split, Task, TaskData
from seqbench.testing import CheckFailed, checks, run_checks
from tests.planted_faults import Leaky, accuracy, sound_data


def model_of(layer: type[nn.Module], exponent: float = 1.0) -> type[Model]:
    @dataclass(frozen=True)
    class Made(Model):
        name = "made"
        version = 1
        time_exponent = exponent

        def build(self, input_size: int) -> nn.Module:
            return layer(input_size)

    return Made


def task_of(load: Callable[[int, int], TaskData]) -> type[Task]:
    @dataclass(frozen=True)
    class Made(Task):
        name = "made"
        version = 1

        def load(self, length: int, seed: int) -> TaskData:
            return load(length, seed)

    return Made


class Convolution(nn.Module):
    """A causal convolution: no state."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.kernel = nn.Conv1d(features, 6, 3)

    def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
        return self.kernel(nn.functional.pad(inputs.mT, (2, 0))).mT, None


class Attention(nn.Module):
    """Causal attention over everything so far: no state, and quadratic time."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.project = nn.Linear(features, 96)

    def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
        query, key, value = self.project(inputs).chunk(3, dim=2)
        is_past = torch.ones(inputs.shape[1], inputs.shape[1], dtype=torch.bool).tril()
        return ((query @ key.mT).masked_fill(~is_past, -torch.inf).softmax(dim=2) @ value), None


class Cubic(nn.Module):
    """Looks at pairs of past steps by way of every fourth step, in more than quadratic time."""

    def __init__(self, features: int) -> None:
        super().__init__()

    def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
        scores = (inputs @ inputs.mT).tril() / inputs.shape[1]
        return (scores[:, :, ::4] @ scores[:, ::4]) @ inputs, None


class Counting(Leaky):
    """Carries a dictionary: what it summed, and how many steps it has seen."""

    def forward(self, inputs: Tensor, state: dict[str, Tensor] | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        seen = inputs.new_zeros(len(inputs), 1) if state is None else state["seen"]
        outputs, hidden = super().forward(inputs, None if state is None else state["hidden"])
        places = seen + torch.arange(1, inputs.shape[1] + 1)
        return outputs / places[:, :, None], {"hidden": hidden, "seen": places[:, -1:]}


@pytest.mark.parametrize("subject", [model_of(Convolution), model_of(Attention, 2.0), model_of(Counting)])
def test_sound_layers_of_other_kinds_pass(subject: type[Model]) -> None:
    assert [one for one in run_checks(subject, catalog=Catalog()) if one.status == "failed"] == []


class Narrow(Leaky):
    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        return super().forward(inputs, state)[0][:, ::2], None


class Single(Leaky):
    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        outputs, state = super().forward(inputs, state)
        return outputs.float(), state


class InPlace(Leaky):
    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        outputs, after = super().forward(inputs, state)
        if state is not None:
            state.copy_(after)
        return outputs, after


class FromTheEnd(Leaky):
    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        outputs, _ = super().forward(inputs, state)
        return outputs / inputs.shape[1], None


class Cut(Leaky):
    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        if inputs.shape[1] == 1:
            return super().forward(inputs, state)
        first, state = super().forward(inputs[:, :-1], state)
        last, state = super().forward(inputs[:, -1:], state.detach())
        return torch.cat([first, last], dim=1), state


class Constant(Leaky):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        for weights in self.parameters():
            nn.init.constant_(weights, 0.1)


class Unsaved(Leaky):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.scale = torch.randn(8)

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        outputs, state = super().forward(inputs, state)
        return outputs * self.scale, state


class Shared(Leaky):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        enter = self.enter
        self.compute = lambda inputs: enter(inputs)  # a function is copied as it is, with what it holds

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        outputs, state = super().forward(inputs, state)
        return outputs + self.compute(inputs), state


class Growing(Leaky):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.places = nn.ParameterList()

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        while len(self.places) < inputs.shape[1]:
            self.places.append(nn.Parameter(torch.zeros(8, dtype=inputs.dtype)))
        return super().forward(inputs, state)


class Remembering(Leaky):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.calls = 0

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        self.calls += 1
        outputs, state = super().forward(inputs, state)
        return outputs * self.calls, state


class Listing(Leaky):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.gates = [nn.Linear(features, 8)]


class NotANumber(Leaky):
    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        outputs, state = super().forward(inputs, state)
        return outputs * math.nan, state


@pytest.mark.parametrize(
    ("subject", "id", "words"),
    [
        (model_of(Listing), "outputs", "gates is a list with weights"),
        (model_of(NotANumber), "outputs", "not finite from step 0 on"),
        (model_of(Narrow), "outputs", "they are [2, 4, 8]"),
        (model_of(Single), "float64", "float32"),
        (model_of(InPlace), "state", "wrote into the tensors of the state"),
        (model_of(FromTheEnd), "padding", "uses the length of the batch"),
        (model_of(Cut), "gradient", "nothing from the first step can be learned"),
        (model_of(Constant), "seed", "its weights are constants"),
        (model_of(Unsaved), "save", "not in the state_dict"),
        (model_of(Shared), "copy", "changed with the layer's weights"),
        (model_of(Growing), "size", "trainable parameters"),
        (model_of(Remembering), "determinism", "remembers the call before"),
        (model_of(Cubic), "time", "times as long"),
    ],
)
def test_model_fault_fails_its_check(subject: type[Model], id: str, words: str) -> None:
    with pytest.raises(CheckFailed, match=re.escape(words)):
        dict(checks(subject, catalog=Catalog()))[id]()


def with_test_targets(change: Callable[[Tensor], Tensor]) -> Callable[[int, int], TaskData]:
    def load(length: int, seed: int) -> TaskData:
        data = sound_data(length, seed)
        return dataclasses.replace(data, test=Split(data.test.inputs, change(data.test.targets.clone())))

    return load


def unscored(targets: Tensor) -> Tensor:
    targets[3] = -100
    return targets


def changing(**fields: Any) -> Callable[[int, int], TaskData]:
    return lambda length, seed: dataclasses.replace(sound_data(length, seed), **fields)


def fresh_each_time() -> Callable[[int, int], TaskData]:
    calls = itertools.count()
    return lambda length, seed: sound_data(length, next(calls))


@pytest.mark.parametrize(
    ("load", "id", "words"),
    [
        (lambda length, seed: sound_data(12, seed), "length:64", "it has 12"),
        (lambda length, seed: sound_data(length, 0), "other-seed", "they are the same"),
        (fresh_each_time(), "same-seed", "between two loads"),
        (with_test_targets(unscored), "scored-steps:8", "example 3 of the test split has none"),
        (with_test_targets(lambda targets: targets.float()), "targets:8", "torch.float32"),
        (with_test_targets(lambda targets: targets[:, 1:]), "scored-steps:8", "other shapes"),
        (changing(inputs=dataclasses.replace(sound_data(4, 0).inputs, vocabulary_size=4)), "inputs:8", "0 to 4"),
        (changing(show=lambda i: ""), "example:8", "returned ''"),
        (changing(show=lambda i: "1 " * 9000), "example:8", "18000 characters"),
        (changing(metrics=accuracy(best=0.5)), "perfect", "it scores 1"),
        (changing(metrics=accuracy(best=0.1)), "direction", "range is wrong"),
        (changing(baselines=(Baseline("a", {"f1": 0.2}),)), "baselines", "declares f1 = 0.2"),
        (changing(baselines=()), "baselines", "primary metric"),
        (changing(baselines=(Baseline("a", {"accuracy": 1.5}),)), "baselines", "accuracy = 1.5"),
        (changing(facts={"rate": float("nan")}), "baselines", "not JSON compliant"),
    ],
)
def test_task_fault_fails_its_check(load: Callable[[int, int], TaskData], id: str, words: str) -> None:
    with pytest.raises(CheckFailed, match=re.escape(words)):
        dict(checks(task_of(load), catalog=Catalog()))[id]()
