"""Defines a task, a problem that can be posed at any sequence length, and its data at one length."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from seqbench.contracts.examples import Split
from seqbench.contracts.inputs import InputKind
from seqbench.contracts.metrics import Baseline, Metric
from seqbench.contracts.targets import TargetKind


@dataclass(frozen=True, eq=False)
class TaskData:
    """A task at one length, ready to train on.

    Attributes:
        train, validation, test: the examples; test data is never used to choose anything.
        inputs: `Tokens` or `Values`.
        targets: `SequenceClass`, `StepClass` or `Forecast`.
        metrics: what is measured; the first is the primary one.
        baselines: scores on the test split of predictors that need no memory or no learning.
        show: test example number -> text that a person can read, input above target.
        facts: more to record about the data, e.g. the out-of-vocabulary rate.
    """

    train: Split
    validation: Split
    test: Split
    inputs: InputKind
    targets: TargetKind
    metrics: tuple[Metric, ...]
    baselines: tuple[Baseline, ...]
    show: Callable[[int], str]
    facts: Mapping[str, float | int | str] = field(default_factory=dict)


class Task(ABC):
    """A problem that can be posed at any sequence length.

    Subclasses are frozen dataclasses; their fields are the parameters a user can set. ``__post_init__`` refuses
    an invalid parameter with a ValueError that says why.

    Attributes:
        name: lower-case words joined by ``-``; the name on the command line.
        version: an integer that rises whenever a score can move.
    """

    name: ClassVar[str]
    version: ClassVar[int]

    @abstractmethod
    def load(self, length: int, seed: int) -> TaskData:
        """Make the data for one length; the same arguments always give the same data.

        Args:
            length: steps of input over which information must be carried; at least 1.
            seed: decides everything random; derive streams from it with `derive_seed`.

        Raises:
            DataError: the data set is missing or unfit.
        """

    def time_steps(self, length: int) -> int:
        """Return how many steps a sequence of this length has in all (for estimates)."""
        return length

    @property
    def is_longer_harder(self) -> bool:
        """Whether a longer sequence makes the task harder, e.g. because it must be remembered.

        A task whose longer input is more informative, e.g. a longer look-back, returns False. Reports then show
        the range of lengths at which a model is usable instead of the largest usable length.
        """
        return True
