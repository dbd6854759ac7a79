"""Turns the arrays of the package into splits, and writes an example of them for a person."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqbench import UNSCORED, DataError, Split, StepClass, StepLabels, StepValues, TargetKind
from seqbench_cogscale.package import PARTS

if TYPE_CHECKING:
    from torch import Tensor

SHOWN = 14
"""Steps of a long example that are shown at each end."""


class Category(ABC):
    """A category of tasks of the package: what its targets are."""

    @abstractmethod
    def kind(self, outputs: int) -> TargetKind:
        """Return the kind of target with so many outputs at a step."""

    @abstractmethod
    def targets(self, marked: Tensor) -> Tensor:
        """Turn targets [examples, time, outputs], all of them -100 at an unscored step, into those of the kind."""

    @abstractmethod
    def sign(self, target: Any) -> str:
        """Return the target of a step as a sign; empty where nothing is scored."""


@dataclass(frozen=True)
class Classes(Category):
    """One class at a step."""

    def kind(self, outputs: int) -> StepClass:
        """Return a class at each step."""
        return StepClass(outputs)

    def targets(self, marked: Tensor) -> Tensor:
        """Return [examples, time] classes; the right one is 1, the others 0 or -100, as the task has it."""
        # A target with two outputs, such as of brackets, has -100 beside its 1.
        is_scored = (marked != UNSCORED).any(-1)
        return marked.argmax(-1).masked_fill(~is_scored, UNSCORED)

    def sign(self, target: int) -> str:
        """Return the class."""
        return "" if target == UNSCORED else str(target)


@dataclass(frozen=True)
class Labels(Category):
    """Any number of labels at a step."""

    def kind(self, outputs: int) -> StepLabels:
        """Return labels at each step."""
        return StepLabels(outputs)

    def targets(self, marked: Tensor) -> Tensor:
        """Return [examples, time, labels]."""
        return marked.long()

    def sign(self, target: Sequence[int]) -> str:
        """Return the numbers of the labels that hold."""
        return "" if UNSCORED in target else hot(target)


@dataclass(frozen=True)
class Numbers(Category):
    """Numbers at a step."""

    def kind(self, outputs: int) -> StepValues:
        """Return numbers at each step."""
        return StepValues(outputs)

    def targets(self, marked: Tensor) -> Tensor:
        """Return [examples, time, channels], NaN at unscored steps."""
        return marked.masked_fill((marked == UNSCORED).all(-1, keepdim=True), math.nan)

    def sign(self, target: Sequence[float]) -> str:
        """Return the numbers with two decimals."""
        return "" if math.isnan(target[0]) else decimals(target)


def splits(arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the inputs and the marked targets of each split as tensors of 32 bits."""
    import torch

    return {
        f"{split} {word}": torch.from_numpy(arrays[f"{letter}_{part}"]).float()
        for split, part in PARTS.items()
        for word, letter in (("inputs", "X"), ("targets", "Y"))
    }


def silent(tensors: Mapping[str, Tensor], steps: int) -> dict[str, Tensor]:
    """Return sequences after which nothing is read for some steps; the target of the last step stays the last."""
    from torch.nn.functional import pad

    return {
        name: pad(values, (0, 0, 0, steps))
        if name.endswith("inputs")
        else pad(values, (0, 0, steps, 0), value=UNSCORED)
        for name, values in tensors.items()
    }


def split_of(tensors: Mapping[str, Tensor], part: str, category: Category) -> Split:
    """Return a split.

    Raises:
        DataError: nothing is asked in one of its examples.
    """
    marked = tensors[f"{part} targets"]
    if not bool((marked != UNSCORED).any(-1).any(-1).all()):
        raise DataError(f"so short a sequence asks for nothing in the {part} split; take a greater length")
    return Split(tensors[f"{part} inputs"], category.targets(marked))


def shown(split: Split, example: int, category: Category) -> str:
    """Return input above target, scored steps marked, of one example; of a long one both ends."""
    import torch

    batch = split.batch(torch.tensor([example]))
    inputs = batch.inputs[0].tolist()
    is_hot = bool(((batch.inputs == 0) | (batch.inputs == 1)).all())
    answers = [category.sign(target) for target in batch.targets[0].tolist()]
    lines = {
        "input": [hot(step) if is_hot else decimals(step) for step in inputs],
        "target": answers,
        "scored": ["^" if answer else "" for answer in answers],
    }
    if len(inputs) > 2 * SHOWN:
        left = [f"({len(inputs) - 2 * SHOWN} more)", "", ""]
        lines = {
            word: [*line[:SHOWN], gap, *line[-SHOWN:]]
            for (word, line), gap in zip(lines.items(), left, strict=True)
        }
    widths = [max(map(len, column)) for column in zip(*lines.values(), strict=True)]
    return "\n".join(
        f"{word:<8}" + " ".join(sign.rjust(width) for sign, width in zip(line, widths, strict=True)).rstrip()
        for word, line in lines.items()
    )


def hot(step: Sequence[float]) -> str:
    """Return the numbers of the channels that are 1.

    >>> hot([0.0, 1.0, 0.0]), hot([1.0, 0.0, 1.0]), hot([0.0, 0.0])
    ('1', '0+2', '.')
    """
    return "+".join(str(channel) for channel, value in enumerate(step) if value == 1) or "."


def decimals(step: Sequence[float]) -> str:
    """Return numbers with two decimals.

    >>> decimals([0.5]), decimals([0.125, -1.0])
    ('0.50', '0.12/-1.00')
    """
    return "/".join(f"{value:.2f}" for value in step)
