"""Checks that the examples of a task match its kinds of input and target, at one length.

Each check takes the data and the length for which they were loaded; its docstring states the requirement.
"""

from __future__ import annotations

import torch

from seqbench.contracts.examples import Ragged, Split
from seqbench.contracts.scored import is_marked_scored
from seqbench.contracts.task import Task, TaskData
from seqbench.contracts.unfit import Unfit
from seqbench.testing.outcome import CheckFailed
from seqbench.testing.tasks.loads import batches, named_data, splits_of

CHARACTERS_PER_STEP, CHARACTERS = 40, 4000
"""Largest number of characters in a worked example: per step, and in addition."""


def check_length(task: Task, data: TaskData, length: int) -> None:
    """Test sequences have as many steps as ``time_steps`` says, at most, and not a small part of them."""
    steps, longest = task.time_steps(length), int(data.test.lengths.max())
    least = 1 if named_data(task) else steps / 2  # texts that a user names may all be short
    if not length <= steps or not least <= longest <= steps:
        raise CheckFailed(
            f"at length {length} the longest test sequence has at most time_steps({length}) steps, and at least"
            " half of them",
            f"it has {longest}, and time_steps({length}) is {steps}",
            "make sequences of the length that is asked for, and let time_steps say how many steps they have"
            " with what stands around it",
        )
    if int(data.test.lengths.min()) < 1:
        raise CheckFailed("each sequence has at least one step", "a test sequence has none", "leave it out")


def check_inputs(task: Task, data: TaskData, length: int) -> None:
    """Inputs are tokens below vocabulary_size, or finite numbers, as the kind of input says."""
    for part, split in splits_of(data).items():
        _refuse(data.inputs.unfit(split, f"{part} inputs"))


def check_targets(task: Task, data: TaskData, length: int) -> None:
    """Targets are what the kind of target says, such as classes below ``classes`` or finite numbers."""
    for part, split in splits_of(data).items():
        _refuse(data.targets.unfit(split, f"{part} targets"))


def _refuse(unfit: Unfit | None) -> None:
    if unfit is not None:
        raise CheckFailed(unfit.expected, unfit.found, unfit.change)


def check_scored_steps(task: Task, data: TaskData, length: int) -> None:
    """Where each step has a target, it stands beside its input, and each example has a scored step."""
    if not data.targets.is_stepwise:
        return
    for part, split in splits_of(data).items():
        _check_beside(split, part)
        for number, batch in enumerate(batches(split, 1024)):
            scored = is_marked_scored(batch.targets).flatten(1).sum(dim=1)
            if int(scored.min()) == 0:
                example = 1024 * number + int(scored.argmin())
                raise CheckFailed(
                    "each example has at least one scored step",
                    f"example {example} of the {part} split has none: every target is UNSCORED, or NaN",
                    "leave such an example out, or say what is asked for",
                )


def _check_beside(split: Split, part: str) -> None:
    inputs, targets = split.inputs, split.targets
    if isinstance(inputs, Ragged) and isinstance(targets, Ragged):
        is_beside = torch.equal(inputs.offsets, targets.offsets)
    else:
        is_beside = not isinstance(inputs, Ragged) and not isinstance(targets, Ragged)
        is_beside = is_beside and inputs.shape[:2] == targets.shape[:2]  # type: ignore[union-attr]
    if not is_beside:
        raise CheckFailed(
            f"in the {part} split there is one target for each step of input",
            "inputs and targets have other shapes, or only one of them is Ragged",
            "give both the same steps, with UNSCORED, or NaN among floats, where nothing is asked",
        )


def check_example(task: Task, data: TaskData, length: int) -> None:
    """``show`` writes any test example as a short text."""
    most = CHARACTERS + CHARACTERS_PER_STEP * task.time_steps(length)
    for number in (0, len(data.test) - 1):
        text = data.show(number)
        if not isinstance(text, str) or not text.strip():
            found = f"show({number}) returned {text!r}"
        elif len(text) > most:
            found = f"show({number}) has {len(text)} characters"
        elif "tensor(" in text or not all(sign.isprintable() or sign in "\n\t" for sign in text):
            found = f"show({number}) holds signs that are not text, or a tensor's repr: {text[:60]!r}"
        else:
            continue
        raise CheckFailed(
            f"show(i) writes test example i for a person, in at most {most} characters",
            found,
            "write input above target, and leave out the middle of what is long",
        )
