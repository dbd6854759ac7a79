"""Defines small tasks and models that the tests train in this process."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torchmetrics.classification import MulticlassAccuracy

from seqbench import (
    Baseline,
    Catalog,
    Experiment,
    Metric,
    Model,
    SequenceClass,
    Split,
    Task,
    TaskData,
    Tokens,
    generator,
)
from seqbench.experiment.cells import Cell
from seqbench.plugins.grid import expand


@dataclass(frozen=True)
class Last(Task):
    """Name the last token; the labels of the test split can be shifted, and the other splits stay."""

    name = "last"
    version = 1
    symbols: int = 4
    shift_test: int = 0

    def load(self, length: int, seed: int) -> TaskData:
        def split(part: str, examples: int, shift: int = 0) -> Split:
            inputs = torch.randint(self.symbols, (examples, length), generator=generator(seed, part, length))
            return Split(inputs, (inputs[:, -1] + shift) % self.symbols)

        test = split("test", 64, self.shift_test)
        return naming(self.symbols, train=split("train", 64), validation=split("validation", 64), test=test)


def naming(symbols: int, *, train: Split, validation: Split, test: Split) -> TaskData:
    """Return the data of a task that asks for one of so many tokens, scored by accuracy."""
    return TaskData(
        train=train,
        validation=validation,
        test=test,
        inputs=Tokens(symbols),
        targets=SequenceClass(symbols),
        metrics=(Metric("accuracy", lambda: MulticlassAccuracy(symbols, average="micro")),),
        baselines=(Baseline("guess", {"accuracy": 1 / symbols}),),
        show=lambda i: str(test.inputs[i].tolist()),
    )


@dataclass(frozen=True)
class Gru(Model):
    """A small GRU."""

    name = "small"
    version = 1
    hidden_size: int = 8

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, self.hidden_size, batch_first=True)


@dataclass(frozen=True)
class Broken(Model):
    """A model that cannot be built."""

    name = "broken"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        raise RuntimeError("the plugin's own fault")


CATALOG = Catalog(tasks={"last": Last}, models={"small": Gru, "broken": Broken})


def toy_cell(model: str = "small", *, evaluate: tuple[int, ...] = (), shift: int = 0, **training: object) -> Cell:
    """Return one cell of the toy task."""
    settings = {"steps": 40, "batch_size": 16, "validate_every": 10, "learning_rate": 0.03} | training
    fields = {
        "tasks": ["last"],
        "models": [model],
        "lengths": [6],
        "evaluate_lengths": evaluate,
        "training": settings,
        "parameters": {"last": {"shift_test": shift}},
    }
    return expand(Experiment.model_validate(fields), CATALOG)[0]
