"""Defines kinds of target that are numbers: the next ones of a series, or some at each step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.base.seeds import generator
from seqbench.contracts.examples import Batch, Split, numbers
from seqbench.contracts.kinds.kind import NamedAnswers, TargetKind
from seqbench.contracts.kinds.places import (
    MOST_PLACES,
    Places,
    last_step,
    places_of_ends,
    places_of_steps,
    unchanged,
)
from seqbench.contracts.unfit import Unfit, not_numbers, not_shaped, not_steps

if TYPE_CHECKING:
    from torch import Tensor, nn


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
        forecasts: Tensor = head(last_step(hidden, lengths))
        return forecasts.reshape(len(forecasts), self.steps, self.channels)

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the mean squared error of each sequence that ends in these steps."""
        return self.looked_up_losses(hidden, batch, head, start)

    def look_up(self, batch: Batch, start: int, steps: int) -> Places:
        """Return the last real step of each sequence that ends in these steps, with its values flattened."""
        places = places_of_ends(batch, start, steps)
        return places._replace(answers=places.answers.flatten(1))

    def answer_losses(self, outputs: Tensor, answers: Tensor) -> Tensor:
        """Return the mean squared error of each item."""
        from torch.nn.functional import mse_loss

        return mse_loss(outputs, answers, reduction="none").mean(1)

    def perfect(self, batch: Batch) -> Tensor:
        """Return the targets."""
        return batch.targets

    def ignorant(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield a random training target, their mean, 0, and the last value of an input with these channels."""
        import torch

        targets = numbers(train.targets)
        rng = generator(0, "seqbench.testing", "random answers")

        def random(batch: Batch) -> Tensor:
            return targets[torch.randint(len(targets), (len(batch.targets),), generator=rng)].float()

        yield "a random training target", random
        middle = targets.double().mean(0).float()
        yield "the mean of the training targets", lambda batch: middle.expand_as(batch.targets)
        yield "always 0", lambda batch: torch.zeros_like(batch.targets)
        if _has_channels(train, self.channels):
            yield "the last value of the input", _last_value

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Check that targets are [examples, steps, channels] finite numbers."""
        shape = [len(split), self.steps, self.channels]
        return not_numbers(numbers(split.targets), what) or not_shaped(split.targets, what, shape)


@dataclass(frozen=True)
class StepValues(TargetKind):
    """Numbers at each step: [batch, time, channels]; NaN in all channels of an unscored step.

    Outputs: [batch, time, channels]. The loss of a step is its squared error, the mean over channels.

    ```
    input   0.3 0.1 0.4 0.2
    target  nan 0.4 nan 1.0
    scored       ^       ^
    ```
    """

    channels: int

    @property
    def head_size(self) -> int:
        """One number for each channel."""
        return self.channels

    @property
    def outputs_per_step(self) -> int:
        """One number for each channel."""
        return self.channels

    @property
    def is_stepwise(self) -> bool:
        """Each step has a target."""
        return True

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Return numbers: [batch, time, channels]."""
        values: Tensor = head(hidden)
        return values

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the squared error of each scored step, the mean over channels; the head runs on those only."""
        return self.looked_up_losses(hidden, batch, head, start)

    def look_up(self, batch: Batch, start: int, steps: int) -> Places:
        """Return the steps that have numbers."""
        targets = batch.targets[:, start : start + steps]
        return places_of_steps(targets, _is_asked(targets))

    def answer_losses(self, outputs: Tensor, answers: Tensor) -> Tensor:
        """Return the squared error of each item, the mean over channels."""
        from torch.nn.functional import mse_loss

        return mse_loss(outputs, answers, reduction="none").mean(1)

    def scored(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the steps that are not NaN: [batch, time]."""
        return _is_asked(batch.targets)

    def perfect(self, batch: Batch) -> Tensor:
        """Return the targets, and 0 at unscored steps."""
        return batch.targets.nan_to_num(0.0)

    def ignorant(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield a random training target, their mean, 0, and the input if it has the same channels."""
        import torch

        targets = numbers(train.targets)
        targets = targets[_is_asked(targets)].float()
        rng = generator(0, "seqbench.testing", "random answers")
        yield (
            "a random training target",
            lambda batch: targets[torch.randint(len(targets), batch.targets.shape[:2], generator=rng)],
        )
        middle = targets.double().mean(0).float()
        yield "the mean of the training targets", lambda batch: middle.expand_as(batch.targets)
        yield "always 0", lambda batch: torch.zeros_like(batch.targets)
        if _has_channels(train, self.channels):
            yield "the input of the same step", lambda batch: batch.inputs

    def memoryless(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield a predictor of the mean training target, given for how many steps the input has not changed."""
        import torch

        sums = torch.zeros(MOST_PLACES, self.channels, dtype=torch.float64)
        counts = torch.zeros(MOST_PLACES, dtype=torch.float64)
        for rows in torch.split(torch.arange(len(train)), 256):
            batch = train.batch(rows)
            is_asked = _is_asked(batch.targets)
            places = unchanged(batch.inputs)[is_asked]
            sums.index_add_(0, places, batch.targets[is_asked].double())
            counts += places.bincount(minlength=MOST_PLACES)
        means = (sums / counts.clamp(min=1)[:, None]).float()
        yield "the mean at each place", lambda batch: means[unchanged(batch.inputs)]

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Check that targets are [examples, time, channels] finite numbers, or NaN in all channels of a step."""
        if wrong := not_steps(split.targets, what, [self.channels]):
            return wrong
        values = numbers(split.targets)
        if not values.is_floating_point():
            return not_numbers(values, what)
        return not_numbers(
            values[_is_asked(values)], what, "a step that is not scored is NaN in all of its channels, not in some"
        )


def _is_asked(targets: Tensor) -> Tensor:
    """Return which steps have a number: [..., channels] -> [...]."""
    return ~targets.isnan().all(-1)


def _has_channels(train: Split, channels: int) -> bool:
    return numbers(train.inputs).is_floating_point() and numbers(train.inputs).shape[-1] == channels


def _last_value(batch: Batch) -> Tensor:
    return last_step(batch.inputs, batch.lengths)[:, None].expand_as(batch.targets)
