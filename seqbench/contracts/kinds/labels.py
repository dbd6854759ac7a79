"""Defines the kind of target that has any number of labels at each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.base.seeds import generator
from seqbench.contracts.examples import Batch, Split, numbers
from seqbench.contracts.kinds.kind import NamedAnswers, TargetKind
from seqbench.contracts.kinds.places import MOST_PLACES, Places, places_of_steps, unchanged
from seqbench.contracts.scored import is_marked_scored
from seqbench.contracts.unfit import Unfit, not_steps

if TYPE_CHECKING:
    from torch import Tensor, nn

CERTAIN = 100.0
"""Logit of a label that holds in a perfect prediction; a label that does not hold has its negative."""


@dataclass(frozen=True)
class StepLabels(TargetKind):
    """Any number of labels at each step: [batch, time, labels], 1 where a label holds and 0 where it does not.

    Targets are bool, integers or floats. At an unscored step all labels are UNSCORED (-100), or NaN in floats.
    Outputs are logits, [batch, time, labels]; the loss of a step is the binary cross entropy in nats, summed over
    its labels, as for the notes of music (Boulanger-Lewandowski et al. 2012).

    Metrics get whole numbers as targets. The multilabel metrics of torchmetrics mistake logits that all lie within
    0 to 1 for probabilities; a ``prepare`` that ends in ``.sigmoid()`` avoids this.

    Four steps and two labels:

        input     a b c a
        targets   1 0 - 1    label 0
                  1 1 - 0    label 1
        scored    ^ ^   ^
    """

    labels: int

    @property
    def head_size(self) -> int:
        """One logit for each label."""
        return self.labels

    @property
    def outputs_per_step(self) -> int:
        """One logit for each label."""
        return self.labels

    @property
    def is_stepwise(self) -> bool:
        """Each step has a target."""
        return True

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Return logits: [batch, time, labels]."""
        logits: Tensor = head(hidden)
        return logits

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the binary cross entropy in nats of each scored step, the sum over labels."""
        return self.looked_up_losses(hidden, batch, head, start)

    def look_up(self, batch: Batch, start: int, steps: int) -> Places:
        """Return the steps with a scored label."""
        targets = batch.targets[:, start : start + steps]
        return places_of_steps(targets, _is_asked(targets))

    def answer_losses(self, outputs: Tensor, answers: Tensor) -> Tensor:
        """Return the binary cross entropy in nats of each item, the sum over labels."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(outputs, answers.to(outputs.dtype), reduction="none").sum(1)

    def scored(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the steps with a scored label: [batch, time]."""
        return _is_asked(batch.targets)

    def items(self, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return logits and labels of the scored steps, [items, labels] each, the labels as int64."""
        is_scored = self.scored(outputs, batch)
        return outputs[is_scored], batch.targets[is_scored].long()

    def perfect(self, batch: Batch) -> Tensor:
        """Return logits that are certain of each label."""
        return CERTAIN * (2.0 * (batch.targets == 1) - 1)

    def ignorant(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield random and uniform answers, the training share of each label, and constants: all, none or one."""
        import torch

        rng = generator(0, "seqbench.testing", "random answers")
        yield "random answers", lambda batch: torch.randn(batch.targets.shape, generator=rng)
        yield "equal probabilities", _always(torch.zeros(self.labels))
        targets = numbers(train.targets)
        shares = targets[_is_asked(targets)].double().mean(0).clamp(1e-12, 1 - 1e-12)
        yield "the shares of the training labels", _always(shares.logit().float())
        yield "never a label", _always(torch.full((self.labels,), -CERTAIN))
        yield "always every label", _always(torch.full((self.labels,), CERTAIN))

    def memoryless(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield a predictor of each label's training share, given for how many steps the input has not changed."""
        import torch

        held, asked = torch.ones(MOST_PLACES, self.labels, dtype=torch.float64), torch.full((MOST_PLACES, 1), 2.0)
        for rows in torch.split(torch.arange(len(train)), 256):
            batch = train.batch(rows)
            is_asked = _is_asked(batch.targets)
            places = unchanged(batch.inputs)[is_asked]
            held.index_add_(0, places, batch.targets[is_asked].double())
            asked += places.bincount(minlength=MOST_PLACES)[:, None]
        logits = (held / asked).logit().float()
        yield "the shares at each place", lambda batch: logits[unchanged(batch.inputs)]

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Check that targets are [examples, time, labels] zeros and ones; a step is scored whole or not at all."""
        if wrong := not_steps(split.targets, what, [self.labels]):
            return wrong
        values = numbers(split.targets)
        asked = values[_is_asked(values)]
        if bool(((asked == 0) | (asked == 1)).all()):
            return None
        strange = asked[(asked != 0) & (asked != 1)][0]
        mark = "NaN" if values.is_floating_point() else "UNSCORED (-100)"
        return Unfit(
            f"{what} are 1 where a label holds and 0 where it does not, as {self} says",
            f"out of range: one is {strange.item():g}",
            f"a step that is not scored is {mark} in all of its labels",
        )


def _is_asked(targets: Tensor) -> Tensor:
    """Return which steps are scored: [..., labels] -> [...]."""
    return is_marked_scored(targets).any(-1)


def _always(logits: Tensor) -> Callable[[Batch], Tensor]:
    return lambda batch: logits.expand(batch.targets.shape)
