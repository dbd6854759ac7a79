"""Defines a small task with decoding: write a row backwards after a delimiter, scored on the decoded tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import Metric as TorchMetric

from seqbench import (
    UNSCORED,
    Baseline,
    Batch,
    DataError,
    Decoding,
    Metric,
    Ragged,
    Split,
    StepClass,
    Task,
    TaskData,
    Tokens,
    evaluate,
    generator,
    hookimpl,
)

LETTERS = "abc"
GO, STOP = len(LETTERS), len(LETTERS) + 1


class ExactMatch(TorchMetric):
    """Share of the rows that are written without a fault."""

    right: Tensor
    rows: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("right", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("rows", torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, written: Tensor, references: Tensor) -> None:
        self.right += (written == references).all(1).sum()
        self.rows += len(written)

    def compute(self) -> Tensor:
        return self.right / self.rows


@dataclass(frozen=True)
class Reverse(Task):
    """Write a row of letters backwards: ``a b c > c b a $``; rows have 1 to ``length`` letters."""

    name = "reverse"
    version = 1
    needs_causal: ClassVar[bool] = True
    examples: int = 256
    beams: int = 1

    def load(self, length: int, seed: int) -> TaskData:
        train, validation, test = (
            _split(self.examples, length, generator(seed, self.name, part, length))
            for part in ("train", "validation", "test")
        )
        decoding = Decoding(prefix=GO, stop=STOP, most_tokens=length + 1, beams=self.beams)
        metrics = (Metric("exact_match", ExactMatch, best=1.0, worst=0.0, of="decoded"),)

        def copied(batch: Batch) -> Tensor:
            given = decoding.prompts(batch)
            is_row = torch.arange(given.inputs.shape[1]) < given.lengths[:, None] - 1
            return given.inputs.masked_fill(~is_row, UNSCORED)

        return TaskData(
            train=train,
            validation=validation,
            test=test,
            inputs=Tokens(STOP + 1),
            targets=StepClass(STOP + 1),
            metrics=metrics,
            baselines=(
                Baseline("write nothing", {"exact_match": 0.0}),
                Baseline("copy the row", evaluate(metrics, test, copied, decoding=decoding)),
            ),
            show=lambda i: str(test.batch(torch.tensor([i])).inputs[0].tolist()),
            decoding=decoding,
            fitted={"letters": list(LETTERS)},
        )

    def time_steps(self, length: int) -> int:
        return 2 * length + 1

    def encode(self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]) -> Ragged:
        numbers = {letter: number for number, letter in enumerate(fitted["letters"])}
        try:
            return Ragged.from_rows([torch.tensor([*(numbers[sign] for sign in row["text"]), GO]) for row in rows])
        except KeyError as error:
            raise DataError(f"a row has no column or letter {error}") from error

    def decode(self, outputs: Tensor, fitted: Mapping[str, Any]) -> list[str]:
        return ["".join(fitted["letters"][n] for n in row if n != UNSCORED) for row in outputs.tolist()]


def _split(examples: int, length: int, rng: torch.Generator) -> Split:
    inputs, targets = [], []
    for letters in torch.randint(1, length + 1, (examples,), generator=rng).tolist():
        row = torch.randint(len(LETTERS), (letters,), generator=rng)
        inputs.append(torch.cat([row, torch.tensor([GO]), row.flip(0)]))
        targets.append(torch.cat([torch.full((letters,), UNSCORED), row.flip(0), torch.tensor([STOP])]))
    held = Ragged.from_rows(inputs)
    return Split(held, Ragged(torch.cat(targets), held.offsets))


@hookimpl
def seqbench_tasks() -> list[type[Task]]:
    """Yield the task."""
    return [Reverse]
