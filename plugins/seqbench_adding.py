"""Offers the adding problem: pick two numbers out of a long sequence and remember both.

The task ``adding``; the answer, their sum, is given at the last step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from seqbench_stepwise.rows import rows_within

from seqbench import (
    Baseline,
    Batch,
    DataError,
    Forecast,
    Metric,
    Split,
    Task,
    TaskData,
    Values,
    evaluate,
    generator,
    hookimpl,
)

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]

TOLERANCE = 0.08
"""An answer is correct when it is nearer to the sum than this; see `Adding`."""


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield Adding


@dataclass(frozen=True)
class Adding(Task):
    """Add the two marked numbers of a sequence of ``length`` = T random ones.

    At T = 6::

        value   0.42 0.71 0.05 0.93 0.18 0.66
        marker  0    1    0    0    1    0
        target                           0.89
        scored                           ^

    Each step holds a value, drawn uniformly from [0, 1], and a marker, 0 or 1. One marker is set in the first
    half, T // 2 steps, and one in the second, each at a uniformly drawn step. The target, the sum of the two
    marked values, is scored at the last step only. The problem is that of Hochreiter & Schmidhuber 1997
    (experiment 4) in the layout that Le et al. 2015 made usual: values in [0, 1] rather than [-1, 1], markers of 0
    and 1 only, all sequences of one length; with one marker in each half as in Arjovsky et al. 2016.

    Metrics: ``mse``, the mean squared error; ``mae``, the mean absolute error; ``share_correct``, the share of
    answers less than 0.08 from the sum. The last is the criterion of Hochreiter & Schmidhuber: they ask for
    an error below 0.04 when the sum is scaled to [0, 1], and here it runs from 0 to 2.

    The sum of two independent uniform numbers has mean 1 and variance 1/6, so ``always 1``, from which skill
    is measured, has an expected ``mse`` of 1/6, ``mae`` of 1/3 and ``share_correct`` of 1 - 0.92 ** 2 = 0.1536
    and each is computed on the test data. A model that remembers only the second value and adds 0.5 has an ``mse``
    of 1/12.

    Each split has a random stream of its own. Training examples are held in memory at 8 bytes for each step;
    above T = 500 the default ``train_time_steps`` leaves fewer than ``train_examples`` of them, 1220 at
    T = 8192. ``facts`` says how many there are.

    Attributes:
        train_examples: training sequences, at most.
        train_time_steps: training sequences times length, at most; there is always at least one sequence.
        validation_examples, test_examples: sequences in these splits.
    """

    name: ClassVar[str] = "adding"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @article{hochreiter1997,
          author = {Hochreiter, Sepp and Schmidhuber, J{\\"u}rgen},
          title = {Long Short-Term Memory},
          journal = {Neural Computation},
          volume = {9},
          number = {8},
          pages = {1735--1780},
          year = {1997}
        }

        @article{le2015,
          author = {Le, Quoc V. and Jaitly, Navdeep and Hinton, Geoffrey E.},
          title = {A Simple Way to Initialize Recurrent Networks of Rectified Linear Units},
          journal = {arXiv preprint arXiv:1504.00941},
          year = {2015}
        }

        @inproceedings{arjovsky2016,
          author = {Arjovsky, Martin and Shah, Amar and Bengio, Yoshua},
          title = {Unitary Evolution Recurrent Neural Networks},
          booktitle = {Proceedings of the 33rd International Conference on Machine Learning},
          pages = {1120--1128},
          year = {2016}
        }
    """
    train_examples: Count = 20_000
    train_time_steps: Count = 10_000_000
    validation_examples: Count = 256
    test_examples: Count = 1_000

    def load(self, length: int, seed: int) -> TaskData:
        """Draw values and markers of each split.

        Args:
            length: T, the steps of a sequence.
            seed: of the three random streams.

        Raises:
            DataError: ``length`` is below 2.
        """
        if length < 2:
            raise DataError("two steps are marked, of two numbers to be added; take a length of at least 2")
        train_examples = rows_within(self.train_examples, self.train_time_steps, length)
        train = self._split("train", train_examples, length, seed)
        test = self._split("test", self.test_examples, length, seed)
        return TaskData(
            train=train,
            validation=self._split("validation", self.validation_examples, length, seed),
            test=test,
            inputs=Values(2),
            targets=Forecast(steps=1, channels=1),
            metrics=_metrics(),
            baselines=_baselines(train, test),
            show=lambda example: _show(test, example),
            facts={"train_examples": train_examples},
        )

    def _split(self, part: str, examples: int, length: int, seed: int) -> Split:
        import torch

        rng = generator(seed, self.name, part, length)
        half = length // 2
        inputs = torch.zeros(examples, length, 2)
        inputs[:, :, 0].uniform_(generator=rng)
        first = torch.randint(half, (examples,), generator=rng)
        second = torch.randint(half, length, (examples,), generator=rng)
        rows = torch.arange(examples)
        inputs[rows, first, 1] = 1
        inputs[rows, second, 1] = 1
        sums = inputs[rows, first, 0] + inputs[rows, second, 0]
        return Split(inputs, sums[:, None, None])


def _metrics() -> tuple[Metric, ...]:
    from torchmetrics import MeanAbsoluteError, MeanSquaredError

    return (
        Metric("mse", MeanSquaredError, best=0.0, is_higher_better=False, per_example=_each(_square)),
        Metric("mae", MeanAbsoluteError, best=0.0, is_higher_better=False, per_example=_each(_distance)),
        Metric("share_correct", _mean, prepare=_is_correct, per_example=_each(_nearness)),
    )


def _mean() -> torchmetrics.Metric:
    from torchmetrics import MeanMetric

    return MeanMetric(nan_strategy="disable")


def _each(value: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Batch], tuple[Tensor, Tensor]]:
    """Return `Metric.per_example` of a function of the errors of the answers, [batch]."""

    def per_example(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        found = value((outputs - batch.targets).reshape(len(outputs)).double())
        return found, found.new_ones(found.shape)

    return per_example


def _square(errors: Tensor) -> Tensor:
    return errors.square()


def _distance(errors: Tensor) -> Tensor:
    return errors.abs()


def _nearness(errors: Tensor) -> Tensor:
    return (errors.abs() < TOLERANCE).double()


def _is_correct(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return 1 for each answer that is near enough, otherwise (and for NaN) 0: [batch, 1, 1]."""
    return (((outputs - batch.targets).abs() < TOLERANCE).double(),)


def _baselines(train: Split, test: Split) -> tuple[Baseline, ...]:
    mean = float(train.targets.double().mean())  # type: ignore[union-attr]
    return (
        Baseline("always 1", _constant(test, 1.0)),
        # The same up to sampling noise; skill needs the same zero point at every seed.
        Baseline("mean of training targets", _constant(test, mean), is_reference=False),
    )


def _constant(test: Split, answer: float) -> dict[str, float]:
    """Score the same answer for every test sequence."""
    import torch

    return evaluate(_metrics(), test, lambda batch: torch.full_like(batch.targets, answer))


def _show(test: Split, example: int) -> str:
    """Return values and markers above the target; steps far from ends and markers are left out."""
    import torch

    batch = test.batch(torch.tensor([example]))
    values, markers = batch.inputs[0].T.tolist()
    last = len(values) - 1
    steps = [
        (
            f"{value:.2f}",
            f"{marker:.0f}",
            f"{batch.targets.item():.2f}" if at == last else "",
            "^" * (at == last),
        )
        for at, (value, marker) in enumerate(zip(values, markers, strict=True))
    ]
    columns = [steps[0]]
    for before, at in pairwise(_steps_to_show(markers)):
        if at > before + 1:
            columns.append((f"({at - before - 1} more)", "", "", ""))
        columns.append(steps[at])
    widths = [max(len(sign) for sign in column) for column in columns]
    return "\n".join(
        f"{word:<8}" + " ".join(sign.ljust(width) for sign, width in zip(line, widths, strict=True)).rstrip()
        for word, line in zip(("value", "marker", "target", "scored"), zip(*columns, strict=True), strict=True)
    )


def _steps_to_show(markers: list[float], around: int = 2) -> list[int]:
    """Return the steps at most ``around`` from an end or a marker, in order.

    >>> _steps_to_show([0, 1, 0, 0, 0, 0, 1, 0], around=1)
    [0, 1, 2, 5, 6, 7]
    """
    last = len(markers) - 1
    centres = [0, *(at for at, marker in enumerate(markers) if marker), last]
    near = {at for centre in centres for at in range(centre - around, centre + around + 1)}
    return sorted(at for at in near if 0 <= at <= last)
