"""Defines a target: a number, where it comes from, what is to meet it, and how near it has to come.

Plain data, so that plugins can yield targets. `seqbench.targets` measures them. Imports names and references only.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from seqbench.contracts.names import is_name
from seqbench.contracts.references import entries

Origin = Literal["published", "own computation", "own threshold"]
"""Where the number of a target comes from: it is printed by its source; or it was computed for the target from the
data of the source; or the source prints none, and it is what the author of the target calls reached."""


@dataclass(frozen=True, kw_only=True)
class PublishedIn:
    """The place of a published number, or of what a number of our own stands for.

    Attributes:
        paper: authors and year, such as ``Bai et al. 2018``.
        place: table and row, section, equation, or file.
        reference: BibTeX of the paper, one entry; it has a year.

    Raises:
        ValueError: the reference is no BibTeX entry with a year.
    """

    paper: str
    place: str
    reference: str

    def __post_init__(self) -> None:
        found = entries(self.reference)
        if len(found) != 1 or "year" not in found[0].text:
            raise ValueError(f"the reference of {self.paper} is to be one BibTeX entry with a year")

    def __str__(self) -> str:
        return f"{self.paper}, {self.place}"


@dataclass(frozen=True)
class DataNeeded:
    """Data that a target is measured on.

    Attributes:
        path: of the file or folder, relative to the folder of ``--data``, such as ``forecasting-ett/ETTh1.csv``.
        source: where to get it, and what to do with it, for a person.
    """

    path: str
    source: str


@dataclass(frozen=True)
class Tolerance(ABC):
    """How far from the published number a measured one may be.

    Attributes:
        by: the distance that counts as met, in the unit of the metric.
        reason: why it is this large.

    Raises:
        ValueError: the distance is negative or not finite, or there is no reason.
    """

    by: float
    reason: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.by) and self.by >= 0):
            raise ValueError(f"a tolerance is 0 or a positive number, and {self.by} was given")
        if not self.reason:
            raise ValueError("a tolerance has a reason; say why it is this large")

    @abstractmethod
    def beyond(self, measured: float, published: float) -> float:
        """Return by how much a measured number, which is finite, misses the range; 0 if it is within."""

    @abstractmethod
    def __str__(self) -> str:
        """Return the range in a few signs."""


class Near(Tolerance):
    """The measured number is at most ``by`` away, in either direction: for numbers that can be computed.

    >>> Near(0.5, "rounding").beyond(3.0, published=2.0)
    0.5
    """

    def beyond(self, measured: float, published: float) -> float:
        """Return how far outside it is; 0 within."""
        return max(0.0, abs(measured - published) - self.by)

    def __str__(self) -> str:
        return f"± {self.by:.2g}"


class AtMost(Tolerance):
    """The measured number is at most ``by`` above the published one: for errors and losses, less is better.

    >>> AtMost(0.5, "seeds differ so").beyond(1.0, published=2.0)
    0.0
    """

    def beyond(self, measured: float, published: float) -> float:
        """Return by how much it is too large; 0 if it is not."""
        return max(0.0, measured - published - self.by)

    def __str__(self) -> str:
        return f"up to +{self.by:.2g}" if self.by else "not above"


class AtLeast(Tolerance):
    """The measured number is at most ``by`` below the published one: for accuracies, more is better.

    >>> AtLeast(0.25, "seeds differ so").beyond(0.5, published=1.0)
    0.25
    """

    def beyond(self, measured: float, published: float) -> float:
        """Return by how much it is too small; 0 if it is not."""
        return max(0.0, published - measured - self.by)

    def __str__(self) -> str:
        return f"down to -{self.by:.2g}" if self.by else "not below"


@dataclass(frozen=True, kw_only=True)
class BaselineScore:
    """Measures the score of a task's baseline: a closed form, or a forecaster that needs no training.

    Attributes:
        task: its name.
        length, seed: of the data.
        baseline, metric: whose score.
        parameters: of the task; ``data`` is set by the harness where the target needs data.
    """

    task: str
    length: int
    baseline: str
    metric: str
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TrainedScore:
    """Measures the mean test score of the cells of an experiment.

    Attributes:
        experiment: the fields of an experiment with one task and one model, as in YAML; the parameter ``data`` of
            the task is set by the harness where the target needs data.
        metric: whose score.
        lengths: the tested lengths whose scores count, each the same; those of training if there are none.
        factor: what the score is multiplied by, such as 100 for percent.
    """

    experiment: Mapping[str, Any]
    metric: str
    lengths: tuple[int, ...] = ()
    factor: float = 1.0


@dataclass(frozen=True)
class Computed:
    """Measures by a function of a plugin.

    Attributes:
        function: gets the path of the data, None if the target needs none, and returns the number.
        identity: names what the function computes. It changes when that changes; earlier outcomes then count for
            nothing.
    """

    function: Callable[[Path | None], float]
    identity: str


@dataclass(frozen=True)
class NotComparable:
    """Measures nothing: no result of seqbench can be held against the number.

    Attributes:
        why: in a sentence.
    """

    why: str


Measurement: TypeAlias = BaselineScore | TrainedScore | Computed | NotComparable


# Compared by identity: mappings in it have no hash.
@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """A number, published as a rule, and what is to meet it.

    The number, its tolerance and the measurement are written down before the measurement is made. A target that is
    missed stays.

    Attributes:
        name: lower-case words joined by ``-``.
        claim: what the number is, in a sentence without a full stop.
        number: as its source prints it, unless ``origin`` says otherwise.
        metric: what it measures, with its unit.
        source: where it is published, or the data or figure that it was made from.
        tolerance: how near the measured number has to come.
        measured_by: the measurement that is to meet it.
        data: the data that it needs; None if they are generated, or bundled with a library.
        origin: ``published``; ``own computation`` or ``own threshold`` where the source does not print the number.

    Raises:
        ValueError: the name, the number or its origin is invalid.
    """

    name: str
    claim: str
    number: float
    metric: str
    source: PublishedIn
    tolerance: Tolerance
    measured_by: Measurement
    data: DataNeeded | None = None
    origin: Origin = "published"

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise ValueError(f"the name of a target is lower-case words joined by '-', and is {self.name!r}")
        if not math.isfinite(self.number):
            raise ValueError(f"the target {self.name}: its number is {self.number}; it is to be finite")
        if self.origin not in get_args(Origin):
            known = ", ".join(map(repr, get_args(Origin)))
            raise ValueError(f"the target {self.name}: its origin is {self.origin!r}; it is one of {known}")

    @property
    def is_trained(self) -> bool:
        """Whether a network has to be trained for it; all others are computed in seconds or minutes."""
        return isinstance(self.measured_by, TrainedScore)
