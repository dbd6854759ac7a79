"""Defines the schema of a record, the stored result of one cell.

Strict JSON, data only; a number is finite, or null with its reason in ``notes``. See docs/results-format.md.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, ValidationError, model_serializer

from seqbench.base.checksums import opened
from seqbench.contracts.score_curves import ScoreCurve
from seqbench.errors import StoreError
from seqbench.experiment.titles import title, titled
from seqbench.experiment.trials import TrialData, TunedData
from seqbench.experiment.weights import Sized
from seqbench.gradients.flow import Flow, Headline, Summary, headline
from seqbench.gradients.training_norms import Norms

SCHEMA_VERSION = 1
MOST_TEXT, MOST_TRACEBACK, MOST_WARNINGS = 10_000, 100_000, 100
"""Characters of one text and of a traceback in a record, and warnings."""
MOVE_OR_RUN = "the command that made it runs its cell again, or move the file away"

Status = Literal["ok", "diverged", "failed", "timeout", "interrupted"]
Stopped = Literal["steps", "solved", "patience", "diverged", "pruned", "refused"]
FINAL = frozenset({"ok", "diverged"})
"""Statuses that are results; a cell that failed, timed out or was interrupted has none yet."""
FAILED = frozenset({"failed", "timeout"})
"""Statuses of cells that went wrong."""
STATUSES: tuple[Status, ...] = get_args(Status)
"""All of them, the good ones first."""


class Data(BaseModel):
    """The base of all parts of a record."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SparseData(Data):
    """A part with rare fields, left out of the JSON where they are null: earlier versions refuse them."""

    rare: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _told(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in whole(self).items() if name not in self.rare or value is not None}


class PluginUsed(SparseData):
    """A task or a model with the parameters it was run with.

    Attributes:
        name, version, parameters: name and version of the class, and its parameters, except those added later at
            their defaults.
        changed: the parameters that were not at their defaults.
        distribution: where the plugin came from: a distribution with its version, or ``file NAME sha256:...``.
        label: the name that the experiment gave it, or empty. It is part of no key.
        sized: what chose its width; left out of the JSON where the width was given. It is part of no key.
    """

    rare = ("sized",)
    name: str
    version: int
    parameters: dict[str, Any]
    changed: tuple[str, ...] = ()
    distribution: str = ""
    label: str = ""
    sized: Sized | None = None

    @property
    def shown(self) -> str:
        """The name for a person: the label if there is one."""
        return self.label or self.name

    @property
    def titled(self) -> str:
        """The name, with the weights that chose the width."""
        return titled(self.shown, self.sized)

    @property
    def file(self) -> str | None:
        """The name of the file that it came from; None if it was installed."""
        is_file = self.distribution.startswith("file ")
        return self.distribution.removeprefix("file ").rpartition(" ")[0] if is_file else None


class CellData(SparseData):
    """The cell that was run; its key is the record's key.

    Attributes:
        gradients: the settings of gradient statistics, which are not part of the key; None if unknown.
        key_version: the version of the key; records of version 1 do not tell it.
        trial, tuned: what a search tries or has chosen here; left out of the JSON of other cells.
    """

    rare = ("trial", "tuned")
    task: PluginUsed
    model: PluginUsed
    length: int
    seed: int
    training: dict[str, Any]
    evaluate_lengths: tuple[int, ...]
    data: dict[str, str]
    gradients: dict[str, Any] | None = None
    key_version: int = 1
    trial: TrialData | None = None
    tuned: TunedData | None = None


class MetricData(SparseData):
    """The primary metric: its name, its best value, its direction, and its worst value if it has one.

    Attributes:
        is_bound: False if luck may beat ``best``, what the source of the data scores; left out of other JSON.
    """

    rare = ("is_bound",)
    name: str
    best: float
    is_higher_better: bool
    worst: float | None = None
    is_bound: Literal[False] | None = None


class BaselineData(Data):
    """A baseline and its scores on the same test data."""

    name: str
    scores: dict[str, float | None]
    is_reference: bool


class NotFiniteData(Data):
    """Scored outputs that were not finite: their number, the number checked, and the places of the first ones.

    A place is (example, step), both counted from 0; the step is None if an example has one output.
    """

    outputs: int
    scored: int
    first: tuple[tuple[int, int | None], ...]


class Evaluation(SparseData):
    """Scores on the test split at one length.

    Attributes:
        length: in steps.
        examples: size of the test split.
        scores: metric -> score; null has its reason in the record's notes.
        baselines: every baseline of the task at this length.
        baseline_name: the reference baseline.
        skill: skill of the primary score over the reference baseline; null if either is unknown.
        not_finite: the scored outputs that were not finite; all scores are null then. None if there were none.
        one_example: the most that one test example moves the primary score; null: ``|best - worst| / examples``.
        curves: the curves that some of the metrics make up, by name; left out of the JSON where there are none.
        unknown: metric -> why its score is null, if that is not for outputs that are not finite; left out so too.
        best: of the primary metric here, if it is another than at the length of training; left out so too.
        standard_errors: metric -> standard error over draws of the test examples, if known; left out so too.
        samples, rolls, label_names: what it was given and wrote, its labels at each step, and their names.
    """

    rare = ("curves", "unknown", "best", "standard_errors", "samples", "rolls", "label_names")
    length: int
    examples: int
    scores: dict[str, float | None]
    baselines: tuple[BaselineData, ...]
    baseline_name: str
    skill: float | None
    not_finite: NotFiniteData | None = None
    one_example: float | None = None
    curves: dict[str, ScoreCurve] | None = None
    unknown: dict[str, str] | None = None
    best: float | None = None
    standard_errors: dict[str, float] | None = None
    samples: tuple[tuple[str, str], ...] | None = None
    rolls: tuple[tuple[tuple[int, ...], ...], ...] | None = None
    label_names: tuple[str, ...] | None = None

    def score(self, metric: MetricData | None) -> float | None:
        """Return the score by a metric; None if unknown."""
        return self.scores.get(metric.name) if metric else None

    def baseline(self, metric: MetricData | None) -> float | None:
        """Return the score of the reference baseline by a metric; None if unknown."""
        found = {each.name: each.scores.get(metric.name) for each in self.baselines} if metric else {}
        return found.get(self.baseline_name)


class WeightsData(Data):
    """The file of weights kept beside a record, ``weights/KEY.safetensors``: its hash and its size."""

    sha256: str
    bytes: int


class Costs(SparseData):
    """The cost of a cell; None if it was not reached or is unknown.

    Attributes:
        parameters: trainable numbers of embedding, layer and head.
        layer_parameters: trainable numbers of the sequence layer alone.
        state_size: numbers carried from the first step to the second, for one example; 0 for a stateless layer.
        state_growth: how many more each further step adds, as keys and values do; left out of the JSON where none.
        steps: optimiser steps taken.
        load_seconds, train_seconds, test_seconds: wall time; training includes its validations.
        seconds_per_step: median over the optimiser steps, validations not counted.
        peak_memory_bytes: largest resident set of the cell's process.
        peak_gpu_memory_bytes: the most GPU memory that torch held; None if the cell ran on no GPU.
        is_recomputed: whether chunks of sequences were recomputed in the backward pass (``training.recompute``).
    """

    rare = ("state_growth",)
    parameters: int | None = None
    layer_parameters: int | None = None
    state_size: int | None = None
    state_growth: int | None = None
    steps: int | None = None
    load_seconds: float | None = None
    train_seconds: float | None = None
    test_seconds: float | None = None
    seconds_per_step: float | None = None
    peak_memory_bytes: int | None = None
    peak_gpu_memory_bytes: int | None = None
    is_recomputed: bool | None = None


class Validation(Data):
    """The primary score on the validation split after a number of steps."""

    step: int
    score: float | None


class Course(Data):
    """The course of the training.

    Attributes:
        losses: (step, mean training loss since the previous entry), at most 200 entries; null if not finite.
        validations: after every ``validate_every`` steps and at the end.
        best_step: the step whose weights were tested.
    """

    losses: tuple[tuple[int, float | None], ...] = ()
    validations: tuple[Validation, ...] = ()
    best_step: int | None = None


class FlowAt(SparseData):
    """The gradient flow of a network at one moment.

    Attributes:
        when: ``init``, ``trained`` (the weights that were tested) or ``during``.
        step: optimiser steps taken.
        flow: the curves.
        summary: gain per step and verdict of the state Jacobian, horizon of the state gradient.
        input_summary: of the input gradient, where nothing is measured at a state; left out of other JSON.
    """

    rare = ("input_summary",)
    when: Literal["init", "during", "trained"]
    step: int
    flow: Flow
    summary: Summary
    input_summary: Summary | None = None

    @property
    def headline(self) -> Headline:
        """The summary that tables show."""
        return headline(self.summary, self.input_summary)


class GradientData(Data):
    """The gradient statistics of a cell.

    Attributes:
        flows: gradient flow before, during and after training.
        norms: gradient norms at every step, before clipping; None if nothing was trained.
        problems: why a flow is missing.
    """

    flows: tuple[FlowAt, ...]
    norms: Norms | None
    problems: tuple[str, ...] = ()


class Record(Data):
    """One cell and its outcome.

    Attributes:
        status: ``ok``, ``diverged`` (the loss or tested outputs were not finite), ``failed`` (an exception, or the
            process died), ``timeout`` or ``interrupted``.
        reason: why it is not ok, in a sentence; None if it is.
        stopped: what ended the training; ``refused``: there was none, as the model refuses the setting of a trial.
        test: scores at the cell's length; None if it was never tested.
        evaluations: scores at ``evaluate_lengths``.
        validation_score: the primary score, on validation data, of the weights that were tested.
        gradients: flow through time, and norms during training; None if they were turned off.
        facts: facts that the task reports about its data.
        data_fingerprint: hash of the tensors of training, validation and test.
        environment: versions, device, source revision.
        notes: name of a null -> its reason.
        warnings: warnings of the task while it loaded its data.
        traceback: the traceback of a failed cell.
        is_longer_harder: what the task says of longer sequences; it decides how usable length is computed.
        weights: the file of the tested weights; None if they were not kept.
    """

    schema_version: Literal[1] = 1
    key: str
    status: Status
    reason: str | None = None
    cell: CellData
    stopped: Stopped | None = None
    metric: MetricData | None = None
    test: Evaluation | None = None
    evaluations: tuple[Evaluation, ...] = ()
    validation_score: float | None = None
    costs: Costs = Costs()
    course: Course = Course()
    gradients: GradientData | None = None
    facts: dict[str, float | int | str] = {}
    data_fingerprint: str | None = None
    environment: dict[str, Any] = {}
    notes: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    traceback: str | None = None
    finished: str = ""
    is_longer_harder: bool = True
    weights: WeightsData | None = None

    @property
    def trial(self) -> TrialData | None:
        """What a search tries here; None of a cell that is no trial."""
        return self.cell.trial

    @property
    def tuned(self) -> TunedData | None:
        """What chose the settings of the cell; None if no search did."""
        return self.cell.tuned

    @property
    def tests(self) -> tuple[Evaluation, ...]:
        """The scores at every tested length, the cell's own length first."""
        return tuple(test for test in (self.test, *self.evaluations) if test is not None)

    @property
    def title(self) -> str:
        """The title of the cell."""
        return title(self.cell.task.shown, self.cell.model.titled, self.cell.length, self.cell.seed)

    @property
    def is_final(self) -> bool:
        """Whether it is a result, so that the cell need not run again."""
        return self.status in FINAL

    @property
    def score(self) -> float | None:
        """The primary score, at the cell's own length, of a cell that is ok; None if unknown."""
        return self.test.score(self.metric) if self.status == "ok" and self.test else None

    @property
    def skill(self) -> float | None:
        """The skill, at the cell's own length, of a cell that is ok; None if unknown."""
        return self.test.skill if self.status == "ok" and self.test else None

    @property
    def baseline(self) -> float | None:
        """The primary score of the baseline from which skill is measured; None if unknown."""
        return self.test.baseline(self.metric) if self.test else None

    def to_json(self) -> str:
        """Return strict JSON on one line; a NaN raises ValueError and is never written."""
        return json.dumps(self.model_dump(mode="json"), allow_nan=False) + "\n"

    @staticmethod
    def from_json(text: str | bytes, source: str) -> Record:
        """Read a record, with or without the checksum that a store adds.

        Raises:
            StoreError: the text is not a record of this schema version, or its checksum is wrong.
        """
        try:
            return Record.model_validate_json(opened(text.encode() if isinstance(text, str) else text))
        except ValidationError as error:
            first = error.errors()[0]
            if first["type"] == "json_invalid":
                raise StoreError(f"{source} is no whole record: {first['msg']}; {MOVE_OR_RUN}") from error
            place = ".".join(str(step) for step in first["loc"]) or "the file"
            raise StoreError(
                f"{source} is no record of schema version {SCHEMA_VERSION}: {place}: {first['msg']};"
                " move the file away, or read it with the seqbench that wrote it"
            ) from error
        except (ValueError, RecursionError) as error:
            raise StoreError(f"{source} is no whole record: {error}; {MOVE_OR_RUN}") from error
