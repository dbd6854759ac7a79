"""Defines a small task for each kind of target of the second edition, with rows of different lengths."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torchmetrics import MeanSquaredError
from torchmetrics.classification import MultilabelAccuracy
from torchmetrics.text import WordErrorRate

from seqbench import (
    UNSCORED,
    Baseline,
    Batch,
    InputKind,
    Metric,
    Model,
    Ragged,
    Split,
    StepLabels,
    StepValues,
    TargetKind,
    Task,
    TaskData,
    Tokens,
    Transcript,
    Values,
    evaluate,
    generator,
)

EXAMPLES = {"train": 256, "validation": 32, "test": 128}

Row = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Recent(Task):
    """Name the symbols of this step and of the one before; nothing is asked at the first step.

    ```
    input      2  0  0  1
    label 0    -  1  1  1
    label 1    -  0  0  1
    label 2    -  1  0  0
    ```
    """

    name = "recent"
    version = 1
    symbols: int = 4

    def load(self, length: int, seed: int) -> TaskData:
        def row(steps: int, rng: Generator) -> Row:
            inputs = torch.randint(self.symbols, (steps,), generator=rng)
            seen = torch.nn.functional.one_hot(inputs, self.symbols)
            labels = seen | seen.roll(1, 0)
            labels[0] = UNSCORED
            return inputs, labels.to(torch.int8)

        kind = StepLabels(self.symbols)
        accuracy = Metric(
            "accuracy",
            lambda: MultilabelAccuracy(self.symbols, average="micro"),
            prepare=lambda outputs, batch: probabilities(kind, outputs, batch),
        )

        def never(batch: Batch) -> Tensor:
            return torch.full(batch.targets.shape, -1.0)

        return toy_data(self, length, seed, row, Tokens(self.symbols), kind, (accuracy,), {"no label": never})


def probabilities(kind: TargetKind, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    logits, labels = kind.items(outputs, batch)
    return logits.sigmoid(), labels


@dataclass(frozen=True)
class Delayed(Task):
    """Give the number of the step before, and by how much this one is larger, at every second step.

    ```
    input      0.1   0.5   0.2   0.9
    before     nan   0.1   nan   0.2
    larger     nan   0.4   nan   0.7
    ```
    """

    name = "delayed"
    version = 1

    def load(self, length: int, seed: int) -> TaskData:
        def row(steps: int, rng: Generator) -> Row:
            inputs = torch.rand(steps, 1, generator=rng) * 2 - 1
            targets = torch.cat([inputs.roll(1, 0), inputs - inputs.roll(1, 0)], dim=1)
            targets[::2] = math.nan
            return inputs, targets

        mse = Metric("mse", MeanSquaredError, best=0.0, is_higher_better=False)
        zeros = {"always 0": lambda batch: torch.zeros_like(batch.targets)}
        return toy_data(self, length, seed, row, Values(1), StepValues(2), (mse,), zeros)


@dataclass(frozen=True)
class Dictation(Task):
    """Write down the symbols that are spoken, each over one to three steps with silence (0) around.

    ```
    input    0 2 2 0 1 0 1 1 1
    target   1 0 0
    ```
    """

    name = "dictation"
    version = 1
    symbols: int = 4

    def load(self, length: int, seed: int) -> TaskData:
        def row(steps: int, rng: Generator) -> Row:
            inputs, symbols, at = torch.zeros(steps, dtype=torch.int64), [], 1
            drawn = (
                torch.randint(*of, (steps,), generator=rng).tolist() for of in ((0, self.symbols), (1, 4), (1, 3))
            )
            for symbol, spoken, silent in zip(*drawn, strict=True):
                if at < steps:
                    inputs[at : at + spoken] = 1 + symbol
                    symbols.append(symbol)
                at += spoken + silent
            return inputs, torch.tensor(symbols, dtype=torch.int64)

        kind = Transcript(self.symbols)
        errors = Metric("symbol_error_rate", WordErrorRate, best=0.0, is_higher_better=False)

        def always(symbol: int) -> Callable[[Batch], Tensor]:
            certain = torch.nn.functional.one_hot(torch.tensor(1 + symbol), 1 + self.symbols).float()
            return lambda batch: certain.expand(*batch.inputs.shape, -1)

        constants = {f"always symbol {symbol}": always(symbol) for symbol in range(self.symbols)}
        return toy_data(self, length, seed, row, Tokens(1 + self.symbols), kind, (errors,), constants)


def toy_data(
    task: Task,
    length: int,
    seed: int,
    row: Callable[[int, Generator], Row],
    inputs: InputKind,
    targets: TargetKind,
    metrics: tuple[Metric, ...],
    baselines: dict[str, Callable[[Batch], Tensor]],
) -> TaskData:
    """Return splits of rows with half to all of the steps; the first has all."""

    def split(part: str) -> Split:
        rng = generator(seed, task.name, part, length)
        lengths = torch.randint(max(2, length // 2), length + 1, (EXAMPLES[part],), generator=rng)
        lengths[0] = length
        rows = [row(steps, rng) for steps in lengths.tolist()]
        held = Ragged.from_rows([inputs for inputs, _ in rows])
        asked = Ragged.from_rows([targets for _, targets in rows])
        return Split(held, asked)

    test = split("test")
    scores = {name: evaluate(metrics, test, predict, targets=targets) for name, predict in baselines.items()}
    return TaskData(
        train=split("train"),
        validation=split("validation"),
        test=test,
        inputs=inputs,
        targets=targets,
        metrics=metrics,
        baselines=tuple(Baseline(name, found) for name, found in scores.items()),
        show=lambda i: shown(test.batch(torch.tensor([i]))),
    )


def shown(batch: Batch) -> str:
    return f"input  {_short(batch.inputs)}\ntarget {_short(batch.targets)}"


def _short(values: Tensor) -> str:
    return " ".join(f"{value:.3g}" for value in values.flatten()[:40].tolist())


@dataclass(frozen=True)
class Gru(Model):
    """A GRU."""

    name = "gru"
    version = 1
    hidden_size: int = 24

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, self.hidden_size, batch_first=True)
