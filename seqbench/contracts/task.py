"""Defines a task, a problem that can be posed at any sequence length, and its data at one length."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from seqbench.contracts.constraints import check_fields
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

    Subclasses are frozen dataclasses; their fields are the parameters a user can set. A value that makes no
    sense is refused by its annotation, ``Annotated[int, Field(ge=1)]``, or in ``__post_init__`` with a ValueError.

    Attributes:
        name: lower-case words joined by ``-``; the name on the command line.
        version: an integer that rises whenever a score can move.
        reference: BibTeX of the sources to cite, one entry or several; ``seqbench cite`` prints it.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    reference: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Check the limits of the fields, as in ``Annotated[int, Field(ge=1)]``; a subclass calls it first.

        Raises:
            ValueError: a value is beyond its limits.
        """
        check_fields(self)

    @abstractmethod
    def load(self, length: int, seed: int) -> TaskData:
        """Make the data for one length; the same arguments always give the same data.

        Args:
            length: steps of input over which information is to be carried; at least 1.
            seed: decides everything random; derive streams from it with `derive_seed`.

        Raises:
            DataError: the data set is missing or unfit.
        """

    def time_steps(self, length: int) -> int:
        """Return how many steps a sequence of this length has in all (for estimates)."""
        return length

    @property
    def is_longer_harder(self) -> bool:
        """Whether a longer sequence makes the task harder, as where something has to be remembered over it.

        A task whose longer input tells a model more, such as a longer look-back, says False: reports then show
        the range of lengths at which a model holds instead of the largest length up to which it does.
        """
        return True
