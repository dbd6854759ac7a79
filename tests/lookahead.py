"""Defines a plugin with a model that can look ahead and a task that can be teacher-forced, by parameter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torchmetrics.classification import MulticlassAccuracy

from seqbench import Baseline, Metric, Model, Split, StepClass, Task, TaskData, Tokens, generator, hookimpl

SYMBOLS = 4


class BothWays(nn.Module):
    """A bidirectional LSTM that leaves padding out."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, inputs: Tensor, state: None = None, lengths: Tensor | None = None) -> tuple[Tensor, Any]:
        assert state is None
        if lengths is None:
            lengths = torch.full((len(inputs),), inputs.shape[1])
        packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        outputs, after = self.lstm(packed)
        # Its last states, as an author may return them; they are never carried over.
        return pad_packed_sequence(outputs, batch_first=True, total_length=inputs.shape[1])[0], after


@dataclass(frozen=True)
class BiLSTM(Model):
    """A recurrent layer that a parameter makes look ahead."""

    name = "both-ways"
    version = 1
    hidden_size: int = 8
    bidirectional: bool = True

    @property
    def is_causal(self) -> bool:
        return not self.bidirectional

    def build(self, input_size: int) -> nn.Module:
        if self.bidirectional:
            return BothWays(input_size, self.hidden_size)
        return nn.LSTM(input_size, self.hidden_size, batch_first=True)


@dataclass(frozen=True)
class Forced(Task):
    """Name the next symbol; the inputs are the symbols before it, teacher-forced, or noise.

    inputs:  3 1 0 2
    targets: 1 0 2 .
    """

    name = "forced"
    version = 1
    teacher: bool = True

    @property
    def needs_causal(self) -> bool:
        return self.teacher

    def load(self, length: int, seed: int) -> TaskData:
        def split(part: str) -> Split:
            rng = generator(seed, part, length)
            symbols = torch.randint(SYMBOLS, (32, length + 1), generator=rng)
            other = torch.randint(SYMBOLS, (32, length), generator=rng)
            return Split(symbols[:, :-1].clone() if self.teacher else other, symbols[:, 1:].clone())

        test = split("test")
        return TaskData(
            train=split("train"),
            validation=split("validation"),
            test=test,
            inputs=Tokens(SYMBOLS),
            targets=StepClass(SYMBOLS),
            metrics=(Metric("accuracy", lambda: MulticlassAccuracy(SYMBOLS, average="micro")),),
            baselines=(Baseline("guess", {"accuracy": 1 / SYMBOLS}),),
            show=lambda i: f"{test.inputs[i].tolist()}\n{test.targets[i].tolist()}",
        )


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    yield BiLSTM


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    yield Forced
