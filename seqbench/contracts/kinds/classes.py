"""Defines kinds of target that are classes: one for each sequence, or one for each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.base.seeds import generator
from seqbench.contracts.examples import UNSCORED, Batch, Split, numbers
from seqbench.contracts.kinds.kind import NamedAnswers, TargetKind
from seqbench.contracts.kinds.places import (
    MOST_PLACES,
    Places,
    last_step,
    places_of_ends,
    places_of_steps,
    unchanged,
)
from seqbench.contracts.unfit import Unfit, not_integers, not_shaped, not_steps
from seqbench.errors import ContractError

if TYPE_CHECKING:
    from torch import Tensor, nn

CERTAIN = 100.0
"""Logit of the right class in a perfect prediction; the others have 0, and exp(-100) is negligible beside 1."""

MOST_CONSTANTS = 10
"""Largest number of classes at which every constant answer is tried."""

MOST_CLASSES_BY_PLACE = 2**16
"""Largest number of classes that are counted at each place."""


@dataclass(frozen=True)
class SequenceClass(TargetKind):
    """One label for each sequence, read at its last real step. Outputs: [batch, classes]."""

    classes: int

    @property
    def head_size(self) -> int:
        """One logit for each class."""
        return self.classes

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Return logits: [batch, classes]."""
        logits: Tensor = head(last_step(hidden, lengths))
        return logits

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the cross entropy in nats of each sequence that ends in these steps."""
        return self.looked_up_losses(hidden, batch, head, start)

    def look_up(self, batch: Batch, start: int, steps: int) -> Places:
        """Return the last real step of each sequence that ends in these steps."""
        return places_of_ends(batch, start, steps)

    def answer_losses(self, outputs: Tensor, answers: Tensor) -> Tensor:
        """Return the cross entropy in nats of each item."""
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs, answers, reduction="none")

    def perfect(self, batch: Batch) -> Tensor:
        """Return logits that give the target all probability."""
        return _sure(batch.targets, self.classes)

    def ignorant(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield random and uniform answers, the class shares of the training split, and each constant answer."""
        return _answers(train, self.classes)

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Check that targets are [examples] whole numbers from 0 to ``classes - 1``."""
        values = numbers(split.targets)
        return not_integers(values, what, self.classes, str(self)) or not_shaped(values, what, [len(split)])


@dataclass(frozen=True)
class StepClass(TargetKind):
    """A label for each step; UNSCORED (-100) at steps that are not scored. Outputs: [batch, time, classes]."""

    classes: int

    @property
    def head_size(self) -> int:
        """One logit for each class."""
        return self.classes

    @property
    def outputs_per_step(self) -> int:
        """One logit for each class."""
        return self.classes

    @property
    def is_stepwise(self) -> bool:
        """Each step has a target."""
        return True

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Return logits: [batch, time, classes]."""
        logits: Tensor = head(hidden)
        return logits

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the cross entropy in nats of each scored step; the head runs on those only."""
        return self.looked_up_losses(hidden, batch, head, start)

    def look_up(self, batch: Batch, start: int, steps: int) -> Places:
        """Return the steps that have a class."""
        targets = batch.targets[:, start : start + steps]
        return places_of_steps(targets, targets != UNSCORED)

    def answer_losses(self, outputs: Tensor, answers: Tensor) -> Tensor:
        """Return the cross entropy in nats of each item."""
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs, answers, reduction="none")

    def perfect(self, batch: Batch) -> Tensor:
        """Return logits that give the target all probability."""
        return _sure(batch.targets, self.classes)

    def ignorant(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield random and uniform answers, the class shares of the training split, and each constant answer."""
        return _answers(train, self.classes)

    def memoryless(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield a predictor that only knows for how many steps the input has not changed.

        It answers with the class shares of the training split after that many steps.
        """
        import torch

        if self.classes > MOST_CLASSES_BY_PLACE:
            return
        counts = torch.ones(MOST_PLACES, self.classes, dtype=torch.float64)
        for rows in torch.split(torch.arange(len(train)), 256):
            batch = train.batch(rows)
            is_scored = batch.targets != UNSCORED
            at = unchanged(batch.inputs)[is_scored] * self.classes + batch.targets[is_scored]
            counts += torch.bincount(at, minlength=counts.numel()).view_as(counts)
        logits = (counts / counts.sum(1, keepdim=True)).log().float()
        yield "the commonest class at each place", lambda batch: logits[unchanged(batch.inputs)]

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Check that targets are [examples, time] whole numbers from 0 to ``classes - 1``, or UNSCORED."""
        values = numbers(split.targets)
        said = f"{self} or {UNSCORED}"
        return not_integers(values[values != UNSCORED], what, self.classes, said) or not_steps(split.targets, what)


def _sure(targets: Tensor, classes: int) -> Tensor:
    from torch.nn.functional import one_hot

    # Unscored steps need an answer too.
    answers = targets.masked_fill(targets == UNSCORED, 0)
    if not 0 <= int(answers.min()) <= int(answers.max()) < classes:
        raise ContractError("targets are out of range; see the checks of that name")
    return CERTAIN * one_hot(answers, classes).float()


def _answers(train: Split, classes: int) -> Iterator[NamedAnswers]:
    import torch

    rng = generator(0, "seqbench.testing", "random answers")
    yield "random answers", lambda batch: torch.randn(*batch.targets.shape, classes, generator=rng)
    yield "equal probabilities", _always(torch.zeros(classes))
    targets = numbers(train.targets)
    shares = torch.bincount(targets[targets != UNSCORED].long(), minlength=classes).double()
    yield "the shares of the training classes", _always((shares / shares.sum()).clamp(min=1e-12).log().float())
    if classes <= MOST_CONSTANTS:
        for answer in range(classes):
            yield f"always class {answer}", _always(_sure(torch.tensor(answer), classes))


def _always(logits: Tensor) -> Callable[[Batch], Tensor]:
    return lambda batch: logits.expand(*batch.targets.shape, len(logits))
