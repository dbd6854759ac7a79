"""Holds the schema of a record, which is what one cell leaves behind.

Strict JSON, data only. A number is finite, or null with its reason beside it in
``notes``. Stands on cells; documented for readers of the files in docs/results-format.md.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from seqbench.base.checksums import opened
from seqbench.errors import StoreError
from seqbench.gradients.flow import Flow, Summary
from seqbench.gradients.training_norms import Norms

SCHEMA_VERSION = 1
MOST_TEXT, MOST_TRACEBACK, MOST_WARNINGS = 10_000, 100_000, 100
"""Characters of one text and of a traceback in a record, and warnings."""
MOVE_OR_RUN = "the command that made it runs its cell again, or move the file away"

Status = Literal["ok", "diverged", "failed", "timeout", "interrupted"]
Stopped = Literal["steps", "solved", "patience", "diverged"]


class Data(BaseModel):
    """The base of what a record is made of."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PluginUsed(Data):
    """A task or a model as it was run.

    Attributes:
        name, version, parameters: of the class, and all its parameters, but one that was added later and is at
            its default.
        changed: the parameters that were not at their defaults.
        distribution: where the plugin came from: a distribution with its version, or ``file NAME sha256:...``.
        label: the name that the experiment gave it; empty where it gave none. It is part of no key.
    """

    name: str
    version: int
    parameters: dict[str, Any]
    changed: tuple[str, ...] = ()
    distribution: str = ""
    label: str = ""

    @property
    def shown(self) -> str:
        """The name for a person: the label where there is one."""
        return self.label or self.name

    @property
    def file(self) -> str | None:
        """The name of the file that it came from; None where it was installed."""
        is_file = self.distribution.startswith("file ")
        return self.distribution.removeprefix("file ").rpartition(" ")[0] if is_file else None


class CellData(Data):
    """The cell that was run; its key is the record's key.

    Attributes:
        gradients: what was to be measured of them, which is no part of the key; None where it is not told.
    """

    task: PluginUsed
    model: PluginUsed
    length: int
    seed: int
    training: dict[str, Any]
    evaluate_lengths: tuple[int, ...]
    data: dict[str, str]
    gradients: dict[str, Any] | None = None


class MetricData(Data):
    """The primary metric: its name, its best value, its direction, its worst value where it is told."""

    name: str
    best: float
    is_higher_better: bool
    worst: float | None = None


class BaselineData(Data):
    """A baseline and its scores on the same test data."""

    name: str
    scores: dict[str, float | None]
    is_reference: bool


class NotFiniteData(Data):
    """Scored outputs that were not finite: how many, of how many, and the places of the first ones.

    A place is (example, step), both counted from 0; the step is None where an example has one output.
    """

    outputs: int
    scored: int
    first: tuple[tuple[int, int | None], ...]


class Evaluation(Data):
    """Scores on the test split at one length.

    Attributes:
        length: steps.
        examples: size of the test split.
        scores: metric -> score; null has its reason in the record's notes.
        baselines: every baseline of the task at this length.
        baseline_name: the reference baseline.
        skill: of the primary score over the reference baseline; null where either is unknown.
        not_finite: the scored outputs that were not finite, all scores being null then; None where all were.
        one_example: by how much one test example can move the primary score, at most, as the metric says; null
            where it says nothing: then it is ``|best - worst| / examples`` where the metric tells its worst value.
    """

    length: int
    examples: int
    scores: dict[str, float | None]
    baselines: tuple[BaselineData, ...]
    baseline_name: str
    skill: float | None
    not_finite: NotFiniteData | None = None
    one_example: float | None = None


class Costs(Data):
    """What the cell took; None where it was not reached or cannot be known.

    Attributes:
        parameters: trainable numbers of embedding, layer and head.
        layer_parameters: of the sequence layer alone.
        state_size: numbers carried from one step to the next, for one example; 0 for a stateless layer.
        steps: optimiser steps taken.
        load_seconds, train_seconds, test_seconds: wall time; training includes its validations.
        seconds_per_step: median over the optimiser steps, validations not counted.
        peak_memory_bytes: largest resident set of the cell's process.
        peak_gpu_memory_bytes: most that torch held of a GPU; None where the cell ran on none.
        is_recomputed: whether pieces of sequences were run again in the backward pass (``training.recompute``).
    """

    parameters: int | None = None
    layer_parameters: int | None = None
    state_size: int | None = None
    steps: int | None = None
    load_seconds: float | None = None
    train_seconds: float | None = None
    test_seconds: float | None = None
    seconds_per_step: float | None = None
    peak_memory_bytes: int | None = None
    peak_gpu_memory_bytes: int | None = None
    is_recomputed: bool | None = None


class Validation(Data):
    """The primary score on the validation split after so many steps."""

    step: int
    score: float | None


class Course(Data):
    """How training went.

    Attributes:
        losses: (step, mean training loss since the entry before), at most 200 of them; null where not finite.
        validations: after every ``validate_every`` steps and at the end.
        best_step: the step whose weights were tested.
    """

    losses: tuple[tuple[int, float | None], ...] = ()
    validations: tuple[Validation, ...] = ()
    best_step: int | None = None


class FlowAt(Data):
    """The gradient flow of a network at one moment.

    Attributes:
        when: ``init``, ``trained`` (the weights that were tested) or ``during``.
        step: optimiser steps taken.
        flow: the curves.
        summary: gain per step and verdict of the state Jacobian, horizon of the state gradient.
    """

    when: Literal["init", "during", "trained"]
    step: int
    flow: Flow
    summary: Summary


class GradientData(Data):
    """What is known of the gradients.

    Attributes:
        flows: before, while and after training.
        norms: at every step, before clipping; None where nothing was trained.
        problems: why a flow is missing.
    """

    flows: tuple[FlowAt, ...]
    norms: Norms | None
    problems: tuple[str, ...] = ()


class Record(Data):
    """One cell and its outcome.

    Attributes:
        status: ``ok``; ``diverged`` (the loss, or outputs that were tested, were not finite; scores are null);
            ``failed`` (an exception, or the process died); ``timeout``; ``interrupted``.
        reason: why it is not ok, in a sentence; None where it is.
        stopped: what ended the training.
        test: scores at the cell's length; None where it was never tested.
        evaluations: scores at ``evaluate_lengths``.
        validation_score: the primary score, on validation data, of the weights that were tested.
        gradients: flow through time and norms while training; None where they were turned off.
        facts: what the task tells about its data.
        data_fingerprint: hash of the tensors that were trained, validated and tested on.
        environment: versions, device, source revision.
        notes: name of a null -> its reason.
        warnings: what the task warned of while it loaded its data.
        traceback: of a failed cell.
        is_longer_harder: whether a longer sequence makes the task harder, as the task says; usable length is read
            by it.
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

    @property
    def tests(self) -> tuple[Evaluation, ...]:
        """The scores at every length that was tested, the cell's own length first."""
        return tuple(test for test in (self.test, *self.evaluations) if test is not None)

    def to_json(self) -> str:
        """Return strict JSON on one line; a NaN that slipped through is a ValueError, never written."""
        return json.dumps(self.model_dump(mode="json"), allow_nan=False) + "\n"

    @staticmethod
    def from_json(text: str | bytes, source: str) -> Record:
        """Read a record, with the checksum that a store gives it or without.

        Raises:
            StoreError: it is no record of this schema version, or its checksum is that of something else.
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
