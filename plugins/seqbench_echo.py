"""Offers echo: repeat a signal of real numbers ``length`` steps later.

The task ``echo``; only the steps of the echo are scored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field
from seqbench_stepwise.columns import columns
from seqbench_stepwise.scores import mean

from seqbench import (
    Baseline,
    Batch,
    DataError,
    Metric,
    Split,
    StepValues,
    Task,
    TaskData,
    Values,
    evaluate,
    generator,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Generator, Tensor

Count = Annotated[int, Field(ge=1)]

VARIANCE = 1 / 3
"""Variance of the signal, whatever its spectrum: that of uniform numbers in [-1, 1]."""


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield Echo


@dataclass(frozen=True)
class Echo(Task):
    """Repeat the ``signal`` random numbers that a sequence begins with, each ``length`` = T steps later.

    ``signal=3`` at T = 5::

        value   0.42 -0.71 0.05 0.00 0.00 0.00  0.00 0.00
        cue        0     0    0    0    0    1     1    1
        target                            0.42 -0.71 0.05
        scored                               ^     ^    ^

    A sequence has T + ``signal`` steps of two channels: the value, which is the signal and then 0, and a cue,
    which is 1 where the echo is due. So a network that was trained at one T can be tested at another. The answer
    is a number at each step with a cue: the value T steps before. Where ``signal`` is above T the echo begins
    while the signal still goes on, and the task is a delay line, as that of Gu et al. 2023, who delay 4000 steps
    of band-limited noise by T = 1000 (``signal=3000``). The capacity to remember an input T steps ago was measured
    so by Jaeger 2001.

    ``spectrum="white"``: numbers are drawn independently and uniformly from [-1, 1], all frequencies alike.
    ``spectrum="band"``: a Gaussian signal of ``band`` of all frequencies, the lowest ones, alike among each other
    and none above: as many cosines and sines with normally distributed amplitudes, over a period of four times the
    signal, so that its end does not join its beginning. About ``band`` times ``signal`` numbers then describe the
    signal. Both have mean 0 and variance 1/3 at every step.

    Metrics: ``nmse``, the mean squared error over the variance 1/3, so that 1 - ``nmse`` is R squared: 1 is no
    memory and 0 is perfect; ``mse``, the mean squared error; ``mae``, the mean absolute error. The baseline
    ``always 0`` answers with the mean of the signal: its expected ``nmse`` is exactly 1, and it is computed on the
    test data. The values at the steps of an echo are independent of all that is read there, so who remembers
    nothing cannot do better.

    Each split has a random stream of its own. Examples are held at 12 bytes for each step; above T = 500 the
    default ``train_time_steps`` leaves fewer than ``train_examples`` of them, 1219 at T = 8192.

    Attributes:
        signal: how many numbers are to be repeated.
        spectrum: ``white`` noise, uniform in [-1, 1], or a Gaussian signal in a ``band`` of low frequencies.
        band: share of all frequencies that a signal in a band has.
        train_examples: training sequences, at most.
        train_time_steps: training sequences times their steps, at most; there is always at least one sequence.
        validation_examples, test_examples: sequences in these splits.
    """

    name: ClassVar[str] = "echo"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @techreport{jaeger2001,
          author = {Jaeger, Herbert},
          title = {Short Term Memory in Echo State Networks},
          institution = {German National Research Center for Information Technology},
          type = {GMD Report},
          number = {152},
          year = {2001}
        }

        @inproceedings{gu2023,
          author = {Gu, Albert and Johnson, Isys and Timalsina, Aman and Rudra, Atri and R{\\'e}, Christopher},
          title = {How to Train Your {HiPPO}: State Space Models with Generalized Orthogonal Basis Projections},
          booktitle = {International Conference on Learning Representations},
          year = {2023}
        }
    """
    signal: Count = 10
    spectrum: Literal["white", "band"] = "white"
    band: Annotated[float, Field(gt=0, le=1)] = 0.5
    train_examples: Count = 20_000
    train_time_steps: Count = 10_000_000
    validation_examples: Count = 256
    test_examples: Count = 1_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.spectrum == "white" and self.band != Echo.band:
            raise ValueError(
                f"band is {self.band}, but spectrum is white and has all frequencies, so that band would count for"
                " nothing; set spectrum to band, or leave band out"
            )

    def time_steps(self, length: int) -> int:
        """Return T + signal.

        >>> Echo().time_steps(100)
        110
        """
        return length + self.signal

    def load(self, length: int, seed: int) -> TaskData:
        """Draw the signals of each split and lay out their sequences.

        Args:
            length: T, the steps from each number to its echo.
            seed: of the three random streams.

        Raises:
            DataError: ``length`` is below 1, or below a signal in a band.
        """
        self._check(length)
        train_examples = max(1, min(self.train_examples, self.train_time_steps // self.time_steps(length)))
        test = self._split("test", self.test_examples, length, seed)
        return TaskData(
            train=self._split("train", train_examples, length, seed),
            validation=self._split("validation", self.validation_examples, length, seed),
            test=test,
            inputs=Values(2),
            targets=StepValues(1),
            metrics=_metrics(),
            baselines=(Baseline("always 0", evaluate(_metrics(), test, _zeros, targets=StepValues(1))),),
            show=lambda example: self._show(test, example),
            facts={"train_examples": train_examples},
        )

    def _check(self, length: int) -> None:
        if length < 1:
            raise DataError("an echo comes at least one step later; take a length of at least 1")
        if self.spectrum == "band" and self.signal > length:
            raise DataError(
                f"a signal of {self.signal} steps in a band would go on while its echo is due, and neighbouring"
                f" values tell something of each other; take a length of at least {self.signal}, a shorter signal,"
                " or spectrum=white"
            )

    def _split(self, part: str, examples: int, length: int, seed: int) -> Split:
        import torch

        rng = generator(seed, self.name, part, length)
        signals = self._signals(examples, rng)
        inputs = torch.zeros(examples, self.time_steps(length), 2)
        inputs[:, : self.signal, 0] = signals
        inputs[:, length:, 1] = 1
        targets = torch.full((examples, self.time_steps(length), 1), torch.nan)
        targets[:, length:, 0] = signals
        return Split(inputs, targets)

    def _signals(self, examples: int, rng: Generator) -> Tensor:
        """Draw signals: [examples, signal] of mean 0 and variance 1/3."""
        import torch

        if self.spectrum == "white":
            return torch.empty(examples, self.signal).uniform_(-1, 1, generator=rng)
        frequencies = max(1, round(2 * self.signal * self.band))
        turns = torch.arange(1, frequencies + 1)[:, None] * torch.arange(self.signal) / (4 * self.signal)
        angles = 2 * torch.pi * turns
        waves = torch.cat([angles.cos(), angles.sin()])
        amplitudes = torch.randn(examples, 2 * frequencies, generator=rng)
        signal: Tensor = (VARIANCE / frequencies) ** 0.5 * amplitudes @ waves
        return signal

    def _show(self, test: Split, example: int) -> str:
        import torch

        batch = test.batch(torch.tensor([example]))
        values, cues = batch.inputs[0].T.tolist()
        targets = batch.targets[0, :, 0].tolist()
        is_due = [cue == 1 for cue in cues]
        return columns(
            {
                "value": [f"{value:.2f}" for value in values],
                "cue": [f"{cue:.0f}" for cue in cues],
                "target": [f"{target:.2f}" if due else "" for target, due in zip(targets, is_due, strict=True)],
                "scored": ["^" if due else "" for due in is_due],
            },
            keep=min(self.signal, 10) + 2,
        )


def _metrics() -> tuple[Metric, ...]:
    values = {"nmse": _shares_of_variance, "mse": _squared_errors, "mae": _absolute_errors}
    return tuple(
        Metric(name, mean, best=0.0, is_higher_better=False, prepare=value, per_example=_by_signal(value))
        for name, value in values.items()
    )


def _by_signal(
    value: Callable[[Tensor, Batch], tuple[Tensor]],
) -> Callable[[Tensor, Batch], tuple[Tensor, Tensor]]:
    """Return `Metric.per_example` of the values of scored steps, which are equally many in each signal."""

    def per_example(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        found = value(outputs, batch)[0].reshape(len(batch.targets), -1)
        return found.sum(1), found.new_full((len(found),), found.shape[1])

    return per_example


def _zeros(batch: Batch) -> Tensor:
    import torch

    return torch.zeros_like(batch.targets)


def _errors(outputs: Tensor, batch: Batch) -> Tensor:
    """Return the error of each scored step: [items] float64."""
    is_scored = ~batch.targets.isnan()
    return (outputs[is_scored] - batch.targets[is_scored]).double()


def _shares_of_variance(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    return (_errors(outputs, batch).square() / VARIANCE,)


def _squared_errors(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    return (_errors(outputs, batch).square(),)


def _absolute_errors(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    return (_errors(outputs, batch).abs(),)
