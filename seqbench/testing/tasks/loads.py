"""Loads a task's data for a check, iterates over their examples, and compares two loads.

Loads start from an empty cache, so that the data are made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import torch
from torch import Tensor

from seqbench.contracts.examples import Batch, Ragged, Split, numbers
from seqbench.contracts.task import Task, TaskData
from seqbench.plugins.parameters import parameters_of
from seqbench.testing.surroundings import empty_cache

Load: TypeAlias = Callable[[int], TaskData]
"""Returns the data at a length, with seed 0."""

PARTS = ("train", "validation", "test")


def load_fresh(task: Task, length: int, seed: int = 0) -> TaskData:
    """Load a task's data with an empty cache."""
    with empty_cache():
        return task.load(length, seed)


def named_data(task: Task) -> list[str]:
    """Return the parameters that name the user's data, which the task cannot change."""
    return [p.name for p in parameters_of(type(task)) if p.is_data_source and getattr(task, p.name) is not None]


def splits_of(data: TaskData) -> dict[str, Split]:
    """Return the three splits by name."""
    return dict(zip(PARTS, (data.train, data.validation, data.test), strict=True))


def batches(split: Split, size: int) -> Iterator[Batch]:
    """Yield all examples in order."""
    return (split.batch(rows) for rows in torch.split(torch.arange(len(split)), size))


def examples(split: Split) -> Iterator[tuple[int, bytes]]:
    """Yield the steps and the inputs of each example."""
    for batch in batches(split, 1024):
        inputs = batch.inputs.numpy()
        for row, length in enumerate(batch.lengths.tolist()):
            yield length, inputs[row, :length].tobytes()


def difference(one: TaskData, other: TaskData) -> str | None:
    """Return the name of the first difference between two loads; None if there is none."""
    twins = splits_of(other)
    for part, split in splits_of(one).items():
        if not _is_same(split.inputs, twins[part].inputs):
            return f"the inputs of the {part} split"
        if not _is_same(split.targets, twins[part].targets):
            return f"the targets of the {part} split"
    return None


def _is_same(one: Tensor | Ragged, other: Tensor | Ragged) -> bool:
    if isinstance(one, Ragged) and isinstance(other, Ragged) and not torch.equal(one.offsets, other.offsets):
        return False
    if isinstance(one, Ragged) != isinstance(other, Ragged):
        return False
    ours, its = numbers(one), numbers(other)
    if ours.dtype != its.dtype or ours.shape != its.shape:
        return False
    # NaN, where nothing is scored, equals NaN.
    return torch.equal(ours, its) or (
        ours.is_floating_point() and torch.allclose(ours, its, rtol=0.0, atol=0.0, equal_nan=True)
    )
