"""Checks that the examples of a task match its kinds of input and target, at one length.

Each check takes the data and the length for which they were loaded; its docstring states the requirement.
"""

from __future__ import annotations

import torch
from torch import Tensor

from seqbench.contracts.examples import UNSCORED, Ragged, Split
from seqbench.contracts.inputs import Tokens, Values
from seqbench.contracts.targets import Forecast, SequenceClass, StepClass
from seqbench.contracts.task import Task, TaskData
from seqbench.testing.outcome import CheckFailed
from seqbench.testing.tasks.loads import batches, named_data, numbers, splits_of

CHARACTERS_PER_STEP, CHARACTERS = 40, 4000
"""The most characters of a worked example: per step, and in addition."""


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
        values = numbers(split.inputs)
        if isinstance(data.inputs, Tokens):
            _check_integers(values, f"{part} inputs", data.inputs.vocabulary_size, f"{data.inputs}")
            _check_axes(values, [], split.inputs, f"{part} inputs")
        elif isinstance(data.inputs, Values):
            _check_numbers(values, f"{part} inputs")
            _check_axes(values, [data.inputs.channels], split.inputs, f"{part} inputs")


def check_targets(task: Task, data: TaskData, length: int) -> None:
    """Targets are classes below ``classes``, or finite numbers, as the kind of target says."""
    kind = data.targets
    for part, split in splits_of(data).items():
        values = numbers(split.targets)
        if isinstance(kind, StepClass):
            _check_integers(values[values != UNSCORED], f"{part} targets", kind.classes, f"{kind} or {UNSCORED}")
        elif isinstance(kind, SequenceClass):
            _check_integers(values, f"{part} targets", kind.classes, str(kind))
            _check_shape(values, [len(split)], f"{part} targets")
        elif isinstance(kind, Forecast):
            _check_numbers(values, f"{part} targets")
            _check_shape(values, [len(split), kind.steps, kind.channels], f"{part} targets")


def _check_integers(values: Tensor, what: str, size: int, kind: str) -> None:
    expected = f"{what} are whole numbers from 0 to {size - 1}, as {kind} says"
    if values.is_floating_point() or values.dtype == torch.bool:
        raise CheckFailed(expected, f"they are {values.dtype}", "give integers: .long() or a narrower type")
    if values.numel() and not 0 <= int(values.min()) <= int(values.max()) < size:
        raise CheckFailed(
            expected,
            f"out of range: they go from {int(values.min())} to {int(values.max())}",
            "count from 0, and let the kind say how many there are; a target that is not scored is UNSCORED"
            " (-100), in StepClass only",
        )


def _check_numbers(values: Tensor, what: str) -> None:
    if not values.is_floating_point() or not bool(values.isfinite().all()):
        found = "some are not finite" if values.is_floating_point() else f"they are {values.dtype}"
        raise CheckFailed(f"{what} are finite floating-point numbers", found, "leave out or fill what is missing")


def _check_axes(values: Tensor, rest: list[int], held: Tensor | Ragged, what: str) -> None:
    axes = 1 if isinstance(held, Ragged) else 2
    if list(values.shape[axes:]) != rest or values.ndim != axes + len(rest):
        asked = ["total steps"] if axes == 1 else ["examples", "time"]
        raise CheckFailed(
            f"{what} are [{', '.join([*asked, *map(str, rest)])}]",
            f"they are {list(values.shape)}",
            "put time on axis 1, and channels, where there are any, last",
        )


def _check_shape(values: Tensor, shape: list[int], what: str) -> None:
    if list(values.shape) != shape:
        raise CheckFailed(f"{what} are {shape}", f"they are {list(values.shape)}", "reshape them")


def check_scored_steps(task: Task, data: TaskData, length: int) -> None:
    """Where each step has a target, it stands beside its input, and each example has a scored step."""
    if not isinstance(data.targets, StepClass):
        return
    for part, split in splits_of(data).items():
        _check_beside(split, part)
        for number, batch in enumerate(batches(split, 1024)):
            scored = (batch.targets != UNSCORED).sum(dim=1)
            if int(scored.min()) == 0:
                example = 1024 * number + int(scored.argmin())
                raise CheckFailed(
                    "each example has at least one scored step",
                    f"example {example} of the {part} split has none: every target is UNSCORED",
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
            "give both the same steps, with UNSCORED where nothing is asked",
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
