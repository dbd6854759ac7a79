"""Defines a small task whose networks continue a text: the next byte of a few lines that repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torchmetrics.classification import MulticlassAccuracy

from seqbench import (
    Baseline,
    Catalog,
    DataError,
    Experiment,
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
from seqbench.plugins.grid import expand
from seqbench.records.store import Store
from seqbench.training.cell import run_cell

LINES = "please stay at home\nthe fête is far\n"
START = 256


@dataclass(frozen=True)
class Spelling(Task):
    """Name the next byte; ``START`` stands before a text."""

    name = "spelling"
    version = 1
    needs_causal: ClassVar[bool] = True
    judge_meanings: ClassVar[Mapping[str, str]] = {
        "known_bytes": "share of bytes that the lines have",
        "copied_9": "never measured",
    }
    examples: int = 64

    def load(self, length: int, seed: int) -> TaskData:
        text = torch.tensor(list((LINES * 20).encode()))

        def split(part: str) -> Split:
            starts = torch.randint(100, (self.examples,), generator=generator(seed, self.name, part, length))
            rows = torch.stack([text[start : start + length + 1] for start in starts.tolist()])
            return Split(rows[:, :-1], rows[:, 1:])

        test = split("test")
        return TaskData(
            train=split("train"),
            validation=split("validation"),
            test=test,
            inputs=Tokens(START + 1),
            targets=StepClass(START),
            metrics=(Metric("accuracy", lambda: MulticlassAccuracy(START, average="micro")),),
            baselines=(Baseline("guess", {"accuracy": 1 / START}),),
            show=lambda i: bytes(test.inputs[i].tolist()).decode("utf-8", "replace"),
            fitted={"encoding": "utf-8"},
        )

    def prompt(self, text: str, fitted: Mapping[str, Any]) -> list[int]:
        if "\0" in text:
            raise DataError("a prompt cannot hold the byte 0")
        return [START, *text.encode(fitted["encoding"])]

    def text(self, tokens: Sequence[int], fitted: Mapping[str, Any]) -> str:
        return bytes(token for token in tokens if token != START).decode(fitted["encoding"], "replace")

    def judge(self, samples: Sequence[Sequence[int]], length: int, seed: int) -> dict[str, float]:
        known = set(LINES.encode())
        written = [token for sample in samples for token in sample]
        return {"known_bytes": sum(token in known for token in written) / len(written), "samples": len(samples)}


@dataclass(frozen=True)
class Small(Model):
    """A small GRU."""

    name = "small"
    version = 1
    hidden_size: int = 48

    def build(self, input_size: int) -> torch.nn.Module:
        return torch.nn.GRU(input_size, self.hidden_size, batch_first=True)


CATALOG = Catalog(tasks={"spelling": Spelling}, models={"small": Small})


@hookimpl
def seqbench_tasks() -> list[type[Task]]:
    """Yield the task."""
    return [Spelling]


@hookimpl
def seqbench_models() -> list[type[Model]]:
    """Yield the model."""
    return [Small]


def kept(folder: Path, seeds: Sequence[int] = (0,), *, steps: int = 100) -> Store:
    """Return a store with trained cells of the task and their weights."""
    store = Store(folder)
    store.prepare()
    fields = {
        "tasks": ["spelling"],
        "models": ["small"],
        "lengths": [24],
        "seeds": list(seeds),
        "training": {"steps": steps, "batch_size": 16, "validate_every": 50, "learning_rate": 0.02},
        "gradients": {"measure": False},
    }
    for cell in expand(Experiment.model_validate(fields), CATALOG):
        store.write(run_cell(cell, CATALOG, weights=store.layout.weights(cell.key)))
    return store
