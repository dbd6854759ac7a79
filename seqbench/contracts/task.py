"""Defines a task, a problem that can be posed at any sequence length, and its data at one length."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from seqbench.contracts.constraints import check_fields
from seqbench.contracts.decoding import Decoding
from seqbench.contracts.examples import Batch, Ragged, Split
from seqbench.contracts.inputs import InputKind
from seqbench.contracts.metrics import Baseline, Metric, check_decoding, check_stream
from seqbench.contracts.targets import TargetKind
from seqbench.errors import ContractError

if TYPE_CHECKING:
    from torch import Tensor

Symbol: TypeAlias = int | tuple[int, ...]
"""What a network writes at a step: a token, or the labels that hold."""


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
        decoding: how the model generates the tokens that metrics with ``of="decoded"`` score; None without such
            metrics.
        fitted: values fitted on the training split that new rows need too, such as a vocabulary, or means and
            standard deviations, in data that JSON can hold. It is kept with the weights, and handed to
            `Task.encode` and `Task.decode`.
        stream: the test text as one row, or a few side by side, for metrics with ``of="stream"``: the state is
            carried over from its first step to its last, in pieces. A layer without a state, with one that grows,
            or that looks ahead is not scored so. None without such metrics. Not Ragged.

    Raises:
        ContractError: metrics and ``decoding``, metrics and ``stream``, or the kinds and ``decoding``, do not go
            together.
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
    stream: Split | None = None

    def __post_init__(self) -> None:
        """Refuse metrics of decoded tokens or of a stream without one, and kinds that cannot be decoded."""
        if self.decoding is not None:
            self.decoding.check_kinds(self.inputs, self.targets)
        check_decoding(self.metrics, self.decoding)
        check_stream(self.metrics, self.stream)


class Task(ABC):
    """A problem that can be posed at any sequence length.

    Subclasses are frozen dataclasses; their fields are the parameters a user can set. An annotation refuses
    invalid values, ``Annotated[int, Field(ge=1)]``, or ``__post_init__`` does with a ValueError.

    Attributes:
        name: lower-case words joined by ``-``; the name on the command line.
        version: an integer that rises whenever a score can move.
        reference: BibTeX of the sources to cite, one entry or several; ``seqbench cite`` prints it.
        judge_meanings: score of `judge` -> its meaning in a few words; one that `judge` leaves out is shown as -.
        file_endings: of the files that `file` makes of what a network wrote, such as ``.mid``.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    reference: ClassVar[str] = ""
    judge_meanings: ClassVar[Mapping[str, str]] = {}
    file_endings: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Check the limits of the fields, as in ``Annotated[int, Field(ge=1)]``; a subclass calls it first.

        Raises:
            ValueError: a value is outside its limits.
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

    def source_fingerprint(self, data: str) -> str | None:
        """Return a fingerprint of the content of a data source; optional.

        For sources that `seqbench.fingerprint` does not know, such as a folder of recordings, or that name other
        files, such as a table of paths. It is in the keys of cells, so it must not depend on where the files are.

        Args:
            data: the value of a parameter that was declared with `data_source`.

        Returns:
            None, the default, where that of `seqbench.fingerprint` is right.

        Raises:
            DataError: the data are missing or unreadable.
        """
        return None

    def time_steps(self, length: int) -> int:
        """Return how many steps a sequence of this length has in all (for estimates)."""
        return length

    @property
    def needs_causal(self) -> bool:
        """Whether inputs hold earlier targets (teacher forcing), which a model that looks ahead could copy.

        A constant of the class (``needs_causal = True``), or a property that depends on a parameter.
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
    def divides_by_seed(self) -> bool:
        """Whether the test split is drawn by the seed from the rows that training examples come from; optional.

        Then a test example of one seed is a training example of another, and a search, whose trials have seeds
        of their own, chooses settings with the help of test rows: `seqbench tune` warns. False, the default, where
        data are made up for each seed, or where they have a test split of their own.

        Raises:
            DataError: the data are missing or unfit.
        """
        return False

    @property
    def can_predict(self) -> bool:
        """Whether the task defines both `encode` and one of `decode` and `answers`."""
        return self.predicts()

    @classmethod
    def predicts(cls) -> bool:
        """Say the same of a class: see `can_predict`."""
        is_answering = cls.decode is not Task.decode or cls.answers is not Task.answers
        return cls.encode is not Task.encode and is_answering

    def encode(
        self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]
    ) -> Tensor | Ragged | Split:
        """Turn new rows into inputs for a network that was trained on this task; optional.

        It gets the values fitted on the training split (`TaskData.fitted`): a forecaster scales next week's rows
        with the statistics of its training rows, a text gets its numbers from the training vocabulary, in another
        process and without the training data. A task with a `Decoding` returns the prefixes.

        Args:
            rows: rows of a table, column -> value. Each is a text or an example, or one step of a series, whose
                last ``length`` steps may make one input.
            length: the length at which the network was trained.
            fitted: `TaskData.fitted`, as read back from JSON: tuples are lists, keys are words.

        Returns:
            Inputs as in a `Split`: one or more; each gets an answer. Or a `Split`, whose targets reach `answers`
            in the batch, such as the number of the series that an input is of.

        Raises:
            ContractError: the task does not define this method.
            DataError: the rows are unfit: a column is missing, or there are too few.
        """
        raise ContractError(self._no_prediction)

    def decode(self, outputs: Tensor, fitted: Mapping[str, Any]) -> list[Any]:
        """Turn a network's outputs into answers; optional.

        Args:
            outputs: as the kind of target returns them, [inputs, ...], with NaN at the steps of padding; with a
                `Decoding` the tokens that the model wrote, [inputs, longest], padded with UNSCORED and without the
                stop token.
            fitted: as for `encode`: the scale of the numbers, the words of the classes.

        Returns:
            An answer for each input, in data that JSON can hold: a word, a number, a list of steps.

        Raises:
            ContractError: the task does not define this method.
        """
        raise ContractError(self._no_prediction)

    def answers(self, outputs: Tensor, batch: Batch, fitted: Mapping[str, Any]) -> list[Any]:
        """Turn outputs into answers with the inputs beside them; optional.

        For answers that depend on what was given, such as an order of the given words. By default it is
        ``decode(outputs, fitted)``.

        Args:
            outputs: as for `decode`.
            batch: what `encode` returned, as a batch; if that was inputs alone, its targets mean nothing.
            fitted: as for `decode`.

        Raises:
            ContractError: the task does not define `decode`.
        """
        return self.decode(outputs, fitted)

    @property
    def can_generate(self) -> bool:
        """Whether the task defines both `prompt` and `text`: its networks can continue a text."""
        return self.generates()

    @classmethod
    def generates(cls) -> bool:
        """Say the same of a class: see `can_generate`."""
        return cls.prompt is not Task.prompt and cls.text is not Task.text

    def prompt(self, text: str, fitted: Mapping[str, Any]) -> Sequence[Symbol]:
        """Turn the beginning of a text into the tokens after which a network continues; optional.

        Inputs are `Tokens` and targets `StepClass`: outputs after a token are logits of the next one. Or inputs
        are `Values` and targets `StepLabels`, a channel for each label: outputs are logits of the labels whose
        channels are 1 at the next step, and a token is the tuple of these labels.

        Args:
            text: what is given; empty for a text from its start.
            fitted: as for `encode`.

        Returns:
            At least one token. A warning (``warnings.warn``), e.g. of unknown words, is shown to the user.

        Raises:
            ContractError: the task does not define this method.
            DataError: the text cannot be turned into tokens.
        """
        raise ContractError(self._no_generation)

    def text(self, tokens: Sequence[Any], fitted: Mapping[str, Any]) -> str:
        """Turn tokens, those of the prompt or those that a network wrote after it, into a text; optional.

        Raises:
            ContractError: the task does not define this method.
        """
        raise ContractError(self._no_generation)

    def file(self, tokens: Sequence[Any], ending: str, fitted: Mapping[str, Any]) -> bytes:
        """Turn tokens, those of the prompt and those that a network wrote after it, into a file; optional.

        Args:
            tokens: of both.
            ending: one of ``file_endings``.
            fitted: as for `encode`.

        Returns:
            The content of the file.

        Raises:
            ContractError: the task does not define this method.
            DataError: what makes the file is not installed.
        """
        raise ContractError(f"the task {self.name} makes no files of what a network writes (Task.file)")

    def label_names(self, fitted: Mapping[str, Any]) -> Sequence[str]:
        """Return a name for each label of `StepLabels`, such as that of a key; optional, none by default.

        Where labels that a network writes are drawn, they have these names instead of numbers.
        """
        return ()

    def judge(self, samples: Sequence[Sequence[Any]], length: int, seed: int) -> dict[str, float]:
        """Score freely generated samples, for which there is no reference; optional.

        Args:
            samples: tokens of each, without the prompt.
            length: the length at which the network was trained.
            seed: of its cell; both say which training data the samples are held against.

        Returns:
            Name -> number, such as the share of runs that are copied from the training data; none by default.
        """
        return {}

    @property
    def _no_generation(self) -> str:
        return (
            f"the task {self.name} cannot continue a text: it does not say how a text becomes tokens and tokens"
            " become a text (Task.prompt and Task.text)"
        )

    @property
    def _no_prediction(self) -> str:
        return (
            f"the task {self.name} cannot predict: it does not say how new rows become inputs and outputs become"
            " answers (Task.encode and Task.decode)"
        )
