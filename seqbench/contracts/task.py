"""Defines a task, a problem that can be posed at any sequence length, and its data at one length."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from seqbench.contracts.constraints import check_fields
from seqbench.contracts.decoding import Decoding
from seqbench.contracts.examples import Ragged, Split
from seqbench.contracts.inputs import InputKind
from seqbench.contracts.metrics import Baseline, Metric, check_decoding
from seqbench.contracts.targets import TargetKind
from seqbench.errors import ContractError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class TaskData:
    """A task at one length, ready to train on.

    Attributes:
        train, validation, test: the examples; test data is never used to choose anything.
        inputs: `Tokens` or `Values`.
        targets: `SequenceClass`, `StepClass`, `StepLabels`, `StepValues`, `Forecast` or `Transcript`.
        metrics: what is measured; the first is the primary one.
        baselines: scores on the test split of predictors that need no memory or no learning.
        show: test example number -> text that a person can read, input above target.
        facts: more to record about the data, e.g. the out-of-vocabulary rate.
        decoding: how the model writes by itself what metrics with ``of="decoded"`` score; None where none does.
        fitted: what was fitted on the training split and new rows need too, such as a vocabulary, or means and
            standard deviations: data that JSON can hold. It is kept with the weights, and handed to
            `Task.encode` and `Task.decode`.

    Raises:
        ContractError: metrics and ``decoding``, or the kinds and ``decoding``, do not go together.
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
    decoding: Decoding | None = None
    fitted: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse metrics of what is decoded without a decoding, and kinds that cannot be decoded."""
        if self.decoding is not None:
            self.decoding.check_kinds(self.inputs, self.targets)
        check_decoding(self.metrics, self.decoding)


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
            length: steps of input over which information must be carried; at least 1.
            seed: decides everything random; derive streams from it with `derive_seed`.

        Raises:
            DataError: the data set is missing or unfit.
        """

    def time_steps(self, length: int) -> int:
        """Return how many steps a sequence of this length has in all (for estimates)."""
        return length

    @property
    def needs_causal(self) -> bool:
        """Whether inputs hold earlier targets (teacher forcing), so that a model that looks ahead would be told.

        A constant of the class (``needs_causal = True``), or a property where a parameter decides.
        """
        return False

    @property
    def is_longer_harder(self) -> bool:
        """Whether a longer sequence makes the task harder, e.g. because it must be remembered.

        A task whose longer input is more informative, e.g. a longer look-back, returns False. Reports then show
        the range of lengths at which a model is usable instead of the largest usable length.
        """
        return True

    @property
    def can_predict(self) -> bool:
        """Whether the task says how new rows become inputs, and outputs become answers."""
        return type(self).encode is not Task.encode and type(self).decode is not Task.decode

    def encode(self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]) -> Tensor | Ragged:
        """Make inputs of new rows, for a network that was trained on this task; optional.

        It is handed what was fitted on the training split (`TaskData.fitted`), so that a forecaster scales next
        week's rows with the statistics of its training rows, and a text has the numbers of the training
        vocabulary, in another process and without the training data. A task with a `Decoding` makes the
        prefixes, up to where the model goes on by itself.

        Args:
            rows: of a table, column -> value. A text or an example each; of a series they are its steps, and one
                input may be made of the last ``length`` of them.
            length: that the network was trained at.
            fitted: `TaskData.fitted`, as JSON gives it back: tuples are lists, keys are words.

        Returns:
            Inputs as in a `Split`: one or more, each of which gets an answer.

        Raises:
            ContractError: the task does not say how.
            DataError: the rows are unfit: a column is missing, or there are too few.
        """
        raise ContractError(self._no_prediction)

    def decode(self, outputs: Tensor, fitted: Mapping[str, Any]) -> list[Any]:
        """Make answers of a network's outputs; optional.

        Args:
            outputs: of the kind of target, [inputs, ...]; with a `Decoding` the tokens that the model wrote,
                [inputs, longest], padded with UNSCORED and without the stop token.
            fitted: as for `encode`: the scale of the numbers, the words of the classes.

        Returns:
            An answer for each input, in data that JSON can hold: a word, a number, a list of steps.

        Raises:
            ContractError: the task does not say how.
        """
        raise ContractError(self._no_prediction)

    @property
    def _no_prediction(self) -> str:
        return (
            f"the task {self.name} cannot predict: it does not say how new rows become inputs and outputs become"
            " answers (Task.encode and Task.decode)"
        )
