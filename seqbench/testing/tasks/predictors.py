"""Makes perfect and ignorant predictors for the kit.

They use the targets, or only the frequencies and means of the training targets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from seqbench.base.seeds import generator
from seqbench.contracts.examples import UNSCORED, Batch
from seqbench.contracts.inputs import Values
from seqbench.contracts.targets import Forecast, SequenceClass, StepClass, TargetKind, last_step
from seqbench.contracts.task import TaskData
from seqbench.testing.outcome import CheckSkipped
from seqbench.testing.tasks.loads import numbers

CERTAIN = 100.0
"""The logit of the right class; the others have 0, and exp(-100) is negligible beside 1."""

MOST_CONSTANTS = 10
"""The most classes for which each is tried as the constant answer."""

MOST_PLACES, MOST_CLASSES_BY_PLACE = 64, 2**16
"""Most places distinguished in a run of equal inputs, and most classes counted at each place."""


@dataclass(frozen=True)
class Predictor:
    """A predictor, with a short description of how it predicts."""

    name: str
    predict: Callable[[Batch], Tensor]


def perfect(kind: TargetKind) -> Predictor:
    """Return the predictor that always gives the target.

    Raises:
        CheckSkipped: the kind of target is the plugin's own.
    """
    if isinstance(kind, Forecast):
        return Predictor("perfect", lambda batch: batch.targets)
    classes = _classes(kind)
    return Predictor("perfect", lambda batch: _one_hot(batch.targets, classes))


def ignorant(data: TaskData) -> Iterator[Predictor]:
    """Yield predictors that ignore the input, and one that repeats the last value.

    Raises:
        CheckSkipped: the kind of target is the plugin's own.
    """
    kind = data.targets
    return _of_numbers(data, kind) if isinstance(kind, Forecast) else _of_classes(data, _classes(kind))


def _classes(kind: TargetKind) -> int:
    if isinstance(kind, (SequenceClass, StepClass)):
        return kind.classes
    raise CheckSkipped(f"what outputs {type(kind).__name__} takes is the plugin's own")


def _one_hot(targets: Tensor, classes: int) -> Tensor:
    # Unscored steps need an answer too.
    answers = targets.masked_fill(targets == UNSCORED, 0)
    if not 0 <= int(answers.min()) <= int(answers.max()) < classes:
        raise CheckSkipped("targets are out of range; see the checks of that name")
    return CERTAIN * torch.nn.functional.one_hot(answers, classes).float()


def _of_classes(data: TaskData, classes: int) -> Iterator[Predictor]:
    rng = generator(0, "seqbench.testing", "random answers")

    def random(batch: Batch) -> Tensor:
        return torch.randn(*batch.targets.shape, classes, generator=rng)

    yield Predictor("random answers", random)
    yield _always("equal probabilities", torch.zeros(classes))
    targets = numbers(data.train.targets)
    shares = torch.bincount(targets[targets != UNSCORED].long(), minlength=classes).double()
    yield _always("the shares of the training classes", (shares / shares.sum()).clamp(min=1e-12).log().float())
    if classes <= MOST_CONSTANTS:
        for answer in range(classes):
            yield _always(f"always class {answer}", _one_hot(torch.tensor(answer), classes))


def _always(name: str, logits: Tensor) -> Predictor:
    return Predictor(name, lambda batch: logits.expand(*batch.targets.shape, len(logits)))


def by_place(data: TaskData) -> Iterator[Predictor]:
    """Yield the predictor that knows only for how many steps the input has not changed, if each step has a class.

    It answers with the frequencies of the training classes at that place, and remembers nothing of the input.
    """
    if not isinstance(data.targets, StepClass) or data.targets.classes > MOST_CLASSES_BY_PLACE:
        return
    counts = torch.ones(MOST_PLACES, data.targets.classes, dtype=torch.float64)
    for rows in torch.split(torch.arange(len(data.train)), 256):
        batch = data.train.batch(rows)
        is_scored = batch.targets != UNSCORED
        at = _unchanged(batch.inputs)[is_scored] * data.targets.classes + batch.targets[is_scored]
        counts += torch.bincount(at, minlength=counts.numel()).view_as(counts)
    logits = (counts / counts.sum(1, keepdim=True)).log().float()
    yield Predictor("the commonest class at each place", lambda batch: logits[_unchanged(batch.inputs)])


def _unchanged(inputs: Tensor) -> Tensor:
    """Return for how many steps the input has been the same at each step: [batch, time], below MOST_PLACES."""
    steps = torch.arange(inputs.shape[1]).expand(inputs.shape[:2])
    other = inputs[:, 1:] != inputs[:, :-1]
    is_changed = torch.ones(inputs.shape[:2], dtype=torch.bool)
    is_changed[:, 1:] = other if other.ndim == 2 else other.any(2)
    return (steps - (steps * is_changed).cummax(1).values).clamp(max=MOST_PLACES - 1)


def _of_numbers(data: TaskData, kind: Forecast) -> Iterator[Predictor]:
    targets = numbers(data.train.targets)
    rng = generator(0, "seqbench.testing", "random answers")

    def random(batch: Batch) -> Tensor:
        return targets[torch.randint(len(targets), (len(batch.targets),), generator=rng)].float()

    yield Predictor("a random training target", random)
    middle = targets.double().mean(0).float()
    yield Predictor("the mean of the training targets", lambda batch: middle.expand_as(batch.targets))
    yield Predictor("always 0", lambda batch: torch.zeros_like(batch.targets))
    if isinstance(data.inputs, Values) and data.inputs.channels == kind.channels:
        yield Predictor("the last value of the input", _last_value)


def _last_value(batch: Batch) -> Tensor:
    return last_step(batch.inputs, batch.lengths)[:, None].expand_as(batch.targets)
