"""Defines what is predicted from a sequence, at which steps, and with which training loss.

Torch is imported when a method runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.contracts.examples import UNSCORED, Batch

if TYPE_CHECKING:
    from torch import Tensor, nn


class TargetKind(ABC):
    """What is to be predicted, from which steps, and what the training loss is."""

    @property
    @abstractmethod
    def head_size(self) -> int:
        """How many numbers the head gives for each place it reads."""

    @property
    def outputs_per_step(self) -> int:
        """How many numbers the outputs hold for each time step; 0 where they do not grow with the length."""
        return 0

    @abstractmethod
    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Read ``hidden`` [batch, time, features] with the head and return the outputs that metrics take."""

    @abstractmethod
    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the training loss of each scored item in some steps, and the row that it is of: [items] both.

        The training loss of a batch is the mean over all its items. A long sequence is asked for piece by
        piece, so that no memory has to hold what the layer gave at all its steps.

        Args:
            hidden: what the layer gave at these steps, [batch, steps, features].
            batch: the whole batch, with the targets of all steps. While a GPU trains, its targets and lengths
                are on the processor, where they can be looked at without waiting for the GPU.
            head: reads ``hidden``.
            start: the number of the first of these steps, counted from 0.
        """

    def loss(self, hidden: Tensor, batch: Batch, head: nn.Module) -> Tensor:
        """Return the mean training loss over the scored items of whole sequences: a scalar."""
        return self.losses(hidden, batch, head)[0].mean()


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
        from torch.nn.functional import cross_entropy

        last, rows = endings(hidden, batch.lengths, start)
        return cross_entropy(head(last), _beside(last, batch.targets[rows]), reduction="none"), rows


@dataclass(frozen=True)
class StepClass(TargetKind):
    """A label for each step; UNSCORED (-100) where nothing is asked. Outputs: [batch, time, classes]."""

    classes: int

    @property
    def head_size(self) -> int:
        """One logit for each class."""
        return self.classes

    @property
    def outputs_per_step(self) -> int:
        """One logit for each class."""
        return self.classes

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Return logits: [batch, time, classes]."""
        logits: Tensor = head(hidden)
        return logits

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the cross entropy in nats of each scored step; the head runs on those only."""
        from torch.nn.functional import cross_entropy

        targets = batch.targets[:, start : start + hidden.shape[1]]
        rows, steps = (targets != UNSCORED).nonzero(as_tuple=True)
        scored = hidden[_beside(hidden, rows), _beside(hidden, steps)]
        return cross_entropy(head(scored), _beside(scored, targets[rows, steps]), reduction="none"), rows


@dataclass(frozen=True)
class Forecast(TargetKind):
    """The next ``steps`` values of each channel, read at the last step. Outputs: [batch, steps, channels]."""

    steps: int
    channels: int

    @property
    def head_size(self) -> int:
        """One number for each step and channel."""
        return self.steps * self.channels

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Return forecasts: [batch, steps, channels]."""
        numbers: Tensor = head(last_step(hidden, lengths))
        return numbers.reshape(len(numbers), self.steps, self.channels)

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the mean squared error of each sequence that ends in these steps."""
        from torch.nn.functional import mse_loss

        last, rows = endings(hidden, batch.lengths, start)
        targets = _beside(last, batch.targets[rows].flatten(1))
        return mse_loss(head(last), targets, reduction="none").mean(1), rows


def endings(hidden: Tensor, lengths: Tensor, start: int) -> tuple[Tensor, Tensor]:
    """Return the hidden states at the end of each row that ends in this slice, and the numbers of those rows.

    Args:
        hidden: the states of the slice, [batch, steps, features].
        lengths: the lengths of the rows, [batch].
        start: the number of the first step of the slice.

    Returns:
        [endings, features] and [endings].
    """
    lasts = lengths - (1 + start)
    rows = ((lasts >= 0) & (lasts < hidden.shape[1])).nonzero()[:, 0]
    return hidden[_beside(hidden, rows), _beside(hidden, lasts[rows])], rows


def _beside(hidden: Tensor, part: Tensor) -> Tensor:
    """Move a tensor to the device of ``hidden``."""
    return part.to(hidden.device, non_blocking=True)


def last_step(hidden: Tensor, lengths: Tensor) -> Tensor:
    """Return the state at the last real step of each row: [batch, time, features] -> [batch, features]."""
    return endings(hidden, lengths, 0)[0]
