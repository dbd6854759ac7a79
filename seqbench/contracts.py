"""Defines what a plugin author implements.

A `Task` or a `Model`: a frozen dataclass whose fields are its parameters. Stands on splits, scores and
errors; torch is imported when a method runs, so that ``seqbench list`` answers without it.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from seqbench.scores import Baseline, Metric
from seqbench.splits import UNSCORED, Batch, Split

if TYPE_CHECKING:
    from torch import Tensor, nn


class InputKind(ABC):
    """What one time step of input is."""

    @abstractmethod
    def embedding(self, size: int) -> nn.Module:
        """Return the module that maps a batch's inputs to [batch, time, features]."""

    @abstractmethod
    def features(self, size: int) -> int:
        """Return how many features the embedding gives when asked for ``size``."""


@dataclass(frozen=True)
class Tokens(InputKind):
    """Integers from 0 to ``vocabulary_size - 1``: [batch, time]; the harness embeds them."""

    vocabulary_size: int

    def embedding(self, size: int) -> nn.Module:
        """Return a learned table: [batch, time] -> [batch, time, size]."""
        from torch import nn

        return nn.Embedding(self.vocabulary_size, size)

    def features(self, size: int) -> int:
        """Return ``size``."""
        return size


@dataclass(frozen=True)
class Values(InputKind):
    """Numbers: [batch, time, channels]; they reach the layer as they are."""

    channels: int

    def embedding(self, size: int) -> nn.Module:
        """Return the identity."""
        from torch import nn

        return nn.Identity()

    def features(self, size: int) -> int:
        """Return the number of channels."""
        return self.channels


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
    """Return what stands at the last real steps that are among some steps, and the rows that end there.

    Args:
        hidden: of these steps, [batch, steps, features].
        lengths: of the rows, [batch].
        start: the number of the first of these steps.

    Returns:
        [endings, features] and [endings].
    """
    lasts = lengths - (1 + start)
    rows = ((lasts >= 0) & (lasts < hidden.shape[1])).nonzero()[:, 0]
    return hidden[_beside(hidden, rows), _beside(hidden, lasts[rows])], rows


def _beside(hidden: Tensor, part: Tensor) -> Tensor:
    """Return the same numbers where ``hidden`` is."""
    return part.to(hidden.device, non_blocking=True)


def last_step(hidden: Tensor, lengths: Tensor) -> Tensor:
    """Return what stands at the last real step of each row: [batch, time, features] -> [batch, features]."""
    return endings(hidden, lengths, 0)[0]


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

    Subclasses are frozen dataclasses; their fields are the parameters a user can set. A parameter that makes
    no sense is refused in ``__post_init__`` with a ValueError that says why.

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


class Model(ABC):
    """A sequence layer; the harness adds the embedding before it and the head after it.

    Subclasses are frozen dataclasses; their fields are the parameters a user can set.

    Attributes:
        name: lower-case words joined by ``-``; the name on the command line.
        version: an integer that rises whenever a score can move.
        time_exponent: time grows at most like length ** this; 1 for recurrent layers and convolutions, 2 for
            full attention. ``seqbench check`` measures it.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    time_exponent: ClassVar[float] = 1.0

    @abstractmethod
    def build(self, input_size: int) -> nn.Module:
        """Return a layer that is called as ``torch.nn.LSTM(batch_first=True)`` is.

        ``layer(inputs, state=None) -> (outputs, state)`` with inputs [batch, time, input_size] and outputs
        [batch, time, output_size]. The state is None or tensors in tuples, lists or dicts, which may be complex or
        integers; outputs are real. A sequence run in pieces with the state carried over gives the same outputs as
        run whole. A layer without a state returns None as its state. Output t depends on inputs up to t only.
        """


def data_source() -> Any:
    """Declare a task's parameter that names its data: a file, a folder or a Hugging Face data set.

    The harness puts the fingerprint of what the name stands for, not the name, into the key of a cell: a
    file that moves keeps its results, a file that changes does not.
    """
    return field(default=None, metadata={_SOURCE: True})


def generated_only(default: Any) -> Any:
    """Declare a task's parameter that means something only where the task makes its data up.

    In a cell whose data source is given it has its default, whatever a suite sets: it neither moves the key nor
    stands in a name. Whoever sets it beside a data source is told that the two do not go together.

    Args:
        default: the parameter's default value; plain and immutable, such as a number or a word.
    """
    return field(default=default, metadata={_GENERATED: True})


def is_generated_only(parameter: dataclasses.Field[Any]) -> bool:
    """Say whether a field was declared with `generated_only`."""
    return _GENERATED in parameter.metadata


def is_data_source(parameter: dataclasses.Field[Any]) -> bool:
    """Say whether a field was declared with `data_source`."""
    return _SOURCE in parameter.metadata


_SOURCE = "seqbench data source"
_GENERATED = "seqbench generated only"
