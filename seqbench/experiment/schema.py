"""Defines the schema of an experiment, for YAML files, the command line and Python alike.

`load` reads a file and applies the command line to it; `seqbench.experiment.cells` turns the result into cells.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from seqbench.base.plain_files import read_plain
from seqbench.base.refusals import refusal
from seqbench.errors import ExperimentError, reason, unknown
from seqbench.experiment.key_fields import IN_NO_KEY, InKey
from seqbench.experiment.labels import Choice, Variant, how_named, is_code, labelled, picked, shown_name
from seqbench.experiment.no_value import Place
from seqbench.experiment.seeds import Seeds, as_list
from seqbench.experiment.settings import Settings
from seqbench.experiment.strict_yaml import MOST_BYTES, Document, read_yaml
from seqbench.experiment.tune import Tune
from seqbench.experiment.weights import Weights

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Length = Annotated[int, Field(ge=1, le=10**9)]


class Training(Settings):
    """How a cell is trained. Fields can move the score and are part of the key, unless marked otherwise."""

    steps: int = Field(1000, ge=0, description="largest number of optimiser steps; 0 scores the untrained network")
    batch_size: int = Field(32, ge=1, description="examples in a step")
    learning_rate: float = Field(3e-3, gt=0, description="peak learning rate of the optimiser")
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = Field("adam", description="from torch.optim")
    weight_decay: float = Field(0.0, ge=0, description="weight decay of the optimiser")
    schedule: Literal["constant", "cosine", "linear"] = Field(
        "constant", description="schedule of the learning rate; cosine and linear reach 0 at the last step"
    )
    gradient_clip: float | None = Field(1.0, gt=0, description="largest global gradient norm, null for none")
    validate_every: int = Field(100, ge=1, description="steps between validations")
    patience: int | None = Field(None, ge=1, description="validations without a better score before the end")
    stop_when_solved: float | None = Field(
        None,
        ge=0,
        description="end when the validation score is this near to the best that nothing can beat, null for never",
    )
    precision: Annotated[Literal["float32", "tf32", "bf16"], InKey(since=2)] = Field(
        "float32", description="arithmetic: float32, TF32 (GPUs only), or bfloat16 with weights in float32"
    )
    arithmetic: Annotated[Literal["native", "portable"], InKey(since=3)] = Field(
        "native", description="native: code for this processor; portable: bits meant for any x86-64, and slower"
    )
    embedding_size: int = Field(32, ge=1, description="features of an embedded token")
    truncate: Annotated[int | None, InKey(since=2)] = Field(
        None, ge=1, description="steps after which no gradient flows back through the state, null for all steps"
    )
    recompute: Annotated[Literal[True, False, "auto"], IN_NO_KEY] = Field(
        "auto", description="recompute chunks in the backward pass to save memory: true, false or auto"
    )
    capture: Annotated[Literal["auto", False], IN_NO_KEY] = Field(
        "auto", description="capture training steps on a GPU as CUDA graphs, which changes no bit: false or auto"
    )
    time_limit: Annotated[float | None, IN_NO_KEY] = Field(
        None, gt=0, description="time limit of a cell in seconds, null for no limit"
    )


class Gradients(Settings):
    """Which gradient statistics are measured. No score depends on it, and it is not part of a cell's key.

    ``gradients: off`` in a file, or ``--set gradients=off``, turns all of it off; ``on`` turns it on again.
    """

    measure: bool = Field(True, description="gradient norms at every step; flow before and after training")
    every: int | None = Field(None, ge=1, description="steps between further measurements of the flow")
    examples: int = Field(8, ge=1, description="validation examples on which the flow is measured")
    draws: int = Field(2, ge=1, description="random vectors for the state Jacobian of each example")
    lags: int = Field(64, ge=2, le=64, description="largest number of lags at which the flow is measured")
    from_scored: bool = Field(False, description="count the lags of the loss from the last scored step")

    @model_serializer(mode="wrap")
    def _told(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Left out at its default: records that were published before it existed are equal to those of today.
        return {name: value for name, value in whole(self).items() if name != "from_scored" or value}


class Execution(Settings):
    """Where and how cells are run. No score depends on it, and it is not part of a cell's key."""

    name: str = Field("processes", description="processes, serial, ray, or an executor of a plugin")
    jobs: int | None = Field(None, ge=1, description="cells at a time, null for one per core")
    address: str | None = Field(None, description="address of a cluster; null for RAY_ADDRESS, or a local cluster")
    cpus: float = Field(1, gt=0, description="cores for each cell, on a cluster")
    gpus: float | None = Field(None, ge=0, description="GPUs for each cell, such as 0.5; null: by their memory")
    memory: float | None = Field(None, gt=0, description="GiB for each cell; null for an estimate")
    checkpoint_seconds: float = Field(60, gt=0, description="seconds between checkpoints of a cell")
    claim_seconds: float = Field(60, gt=0, description="seconds without renewal after which a lease is stale")
    keep_weights: bool = Field(False, description="keep the weights of each cell beside its record")
    loggers: tuple[str, ...] = Field((), description="Lightning loggers: tensorboard, wandb, mlflow")

    @field_validator("loggers", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


SECTIONS: Mapping[str, type[Settings]] = {
    "training": Training, "gradients": Gradients, "executor": Execution, "tune": Tune,
}  # fmt: skip
"""The fields of an experiment that have subfields."""


class Experiment(Settings):
    """A grid of cells: every task with every model, at every length, with every seed.

    >>> Experiment(tasks=["copy"], models=["lstm"], lengths=[16], seeds=[0, 1]).seeds
    (0, 1)
    >>> Experiment(tasks=["copy"], models=["lstm"], lengths=[16], seeds="0..2, 9").seeds
    (0, 1, 2, 9)

    A list may stand for a tuple, and a mapping, such as ``{"steps": 500}``, for the fields of training, gradients,
    executor and tune.

    Raises:
        ExperimentError: every error at once, each with its place.
    """

    name: str = Field("custom", description="names the folder of results")
    description: str = Field("", description="for `seqbench list suites`")
    tasks: tuple[str, ...] = Field(min_length=1, description="names of tasks")
    models: tuple[Choice, ...] = Field(
        min_length=1, description="names of models, or variants with labels of their own"
    )
    weights: tuple[Weights, ...] = Field(
        (), description="weights of the layer, such as 10k: each model gets the width that comes nearest"
    )
    lengths: tuple[Length, ...] = Field(min_length=1, description="sequence lengths, in steps")
    seeds: Seeds = Field((0,), description="one cell for each; a range such as 0..99 has both its ends")
    evaluate_lengths: tuple[Length, ...] = Field(
        (), description="further lengths at which the trained network is tested"
    )
    parameters: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="task or model -> parameter -> value"
    )
    training: Training = Field(default_factory=lambda: Training(), description="how each cell is trained")

    gradients: Gradients = Field(default_factory=lambda: Gradients(), description="gradient statistics to measure")
    executor: Execution = Field(default_factory=lambda: Execution(), description="where and how cells are run")
    task_training: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="task -> fields of training that are different for it"
    )

    tune: Tune | None = Field(None, description="search for settings, for `seqbench tune`")

    _document: Document | None = PrivateAttr(None)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The models, all as variants; a model without a label has an empty one."""
        return tuple(Variant("", each) if isinstance(each, str) else each for each in self.models)

    @property
    def names(self) -> dict[str, str]:
        """The name or label of every task and model -> its installed name."""
        models = {each.label or each.model: each.model for each in self.variants}
        return {**{task: task for task in self.tasks}, **models}

    @property
    def labels_of_file(self) -> set[str]:
        """The labels of the file's variants, also of those that the command line leaves out."""
        of_file = self._document.value if self._document else None
        models = of_file.get("models") if isinstance(of_file, Mapping) else None
        return set(labelled(models))

    @property
    def labels_left_out(self) -> set[str]:
        """The labels of the file's variants that the command line leaves out."""
        return self.labels_of_file - set(self.names)

    def where(self, *place: str | int) -> str:
        """Return ``file:line: `` of a field that was set in a file, and an empty text for any other."""
        return self._document.where(place) if self._document else ""

    def training_of(self, task: str) -> Training:
        """Return the training settings of one task's cells.

        Raises:
            ExperimentError: the task's own settings have an unknown field or an invalid value.
        """
        own = self.task_training.get(task, {})
        try:
            return Training.model_validate({**self.training.model_dump(), **own})
        except ValidationError as error:
            place = ("task_training", task)
            raise ExperimentError("\n".join(_sentences(error, self._document, place))) from error

    @model_validator(mode="wrap")
    @classmethod
    def _in_sentences(
        cls, values: Any, check: ModelWrapValidatorHandler[Experiment], info: ValidationInfo
    ) -> Experiment:
        document: Document | None = info.context
        try:
            experiment = check(values)
        except ValidationError as error:
            raise ExperimentError("\n".join(_sentences(error, document))) from error
        experiment._document = document
        return experiment

    @field_validator("name")
    @classmethod
    def _of_a_folder(cls, value: str) -> str:
        if not re.fullmatch(r"[\w.-]+", value) or not value.strip("."):
            raise ValueError(
                "it names a folder: letters, digits and the signs . _ - only, and more than dots;"
                f" {value!r} was given"
            )
        return value

    @field_validator("executor", "tune", mode="before")
    @classmethod
    def _in_full(cls, value: Any, info: ValidationInfo) -> Any:
        return in_full(info.field_name or "", value)

    @field_validator("gradients", mode="before")
    @classmethod
    def _gradients(cls, value: Any) -> Any:
        full = in_full("gradients", value)
        if isinstance(full, (Mapping, Gradients)):
            return full
        raise ValueError(f"write on, off, or fields, such as {{lags: 32}}; {value!r} was given")

    @field_validator("tune")
    @classmethod
    def _seeds_apart(cls, value: Tune | None, info: ValidationInfo) -> Tune | None:
        if both := sorted({*(value.trial_seeds if value else ())} & {*info.data.get("seeds", ())}):
            raise ValueError(
                f"trial_seeds has {both[0]}, which is a seed of the experiment: a setting would be chosen on what"
                " is tested; give trials another"
            )
        return value

    @field_validator("tasks", "models", "weights", "lengths", "evaluate_lengths", mode="before")
    @classmethod
    def _tuple(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, (str, int)):
            raise ValueError(as_list(value, is_of_numbers=info.field_name not in ("tasks", "models")))
        if info.field_name in ("tasks", "models") and (code := [*filter(is_code, _each(value))]):
            raise ValueError(how_named(info.field_name.removesuffix("s"), code[0]))
        return tuple(value) if isinstance(value, list) else value

    @field_validator("tasks", "models", "weights", "lengths", "seeds", "evaluate_lengths")
    @classmethod
    def _unique(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [shown_name(item) if isinstance(item, Variant) else item for item in value]
        twice = next((name for name, times in Counter(names).items() if times > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} stands here twice; keep one")
        return value


def _each(value: Any) -> Iterable[Any]:
    """Return the values of a list or a mapping; any other value alone."""
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else [value]


def load(path: Path, overrides: Mapping[str, Any] | None = None) -> Experiment:
    """Read an experiment and apply overrides to it.

    Args:
        path: a YAML file.
        overrides: field -> value; mappings are merged, everything else is replaced.

    Raises:
        ExperimentError: the file cannot be read, or the file or the overrides contain errors; every error is
            reported with file and line.
    """
    try:
        text = read_plain(path, MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ExperimentError(
            f"the experiment {path} cannot be read: {reason(error)}; give a YAML file"
        ) from error
    document = read_yaml(text, str(path), Experiment)
    if not isinstance(document.value, dict):
        raise ExperimentError(
            f"{path}: an experiment is a mapping such as 'tasks: [copy]'; see `seqbench list suites`"
        )
    given = {name: in_full(name, value) for name, value in document.value.items()}
    values = _asked_for_every_task({"name": path.stem, **given}, overrides or {})
    merged = merge(values, overrides or {})
    if overrides and "models" in overrides:
        merged["models"] = picked(overrides["models"], values.get("models"))
    return build(merged, document.without(overrides or {}))


def _asked_for_every_task(values: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the file's training settings of single tasks that the command line sets for all tasks."""
    own, asked = values.get("task_training"), overrides.get("training")
    if not isinstance(own, Mapping) or not isinstance(asked, Mapping):
        return values
    kept = {
        task: {name: value for name, value in fields.items() if name not in asked}
        for task, fields in own.items()
        if isinstance(fields, Mapping)
    }
    return {**values, "task_training": {**own, **kept}}


def build(values: Mapping[str, Any], document: Document | None = None) -> Experiment:
    """Return the experiment with these fields.

    Raises:
        ExperimentError: every error at once, each with its place.
    """
    return Experiment.model_validate(values, context=document)


def merge(values: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Apply ``overrides`` to ``values``; mappings are merged, everything else is replaced.

    >>> merge({"training": {"steps": 5}, "seeds": [0]}, {"training": {"batch_size": 2}, "seeds": [1]})
    {'training': {'steps': 5, 'batch_size': 2}, 'seeds': [1]}
    """
    merged = dict(values)
    for name, value in overrides.items():
        old = merged.get(name)
        merged[name] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def in_full(field: str, value: Any) -> Any:
    """Expand ``executor: ray``, ``gradients: off`` and ``tune: off``; return any other value unchanged."""
    if field == "executor" and isinstance(value, str):
        return {"name": value}
    if field == "gradients" and (isinstance(value, bool) or value in ("on", "off")):
        return {"measure": value in (True, "on")}
    return None if field == "tune" and value in (False, "off") else value


def _sentences(error: ValidationError, document: Document | None, within: Place = ()) -> list[str]:
    details = error.errors()
    # If every item of a list was refused, pydantic also calls the list too short; only the inner errors help.
    around = {detail["loc"][:depth] for detail in details for depth in range(len(detail["loc"]))}
    return [
        _sentence((*within, *detail["loc"]), detail, document) for detail in details if detail["loc"] not in around
    ]


def _sentence(place: Place, detail: ErrorDetails, document: Document | None) -> str:
    where = document.where(place) if document else ""
    field = ".".join(str(step) for step in place)
    if detail["type"] == "extra_forbidden":
        # In task_training the unknown field is one of training.
        section = str(place[0]) if place[0] in SECTIONS else "training"
        owner = Experiment if len(place) == 1 else SECTIONS[section]
        return where + unknown(
            f"field of {'experiment' if len(place) == 1 else section}", str(place[-1]), owner.model_fields
        )
    if detail["type"] == "missing":
        return f"{where}{field} is missing; give at least one, such as {_EXAMPLES.get(field, field)}"
    return where + refusal(field, detail)


_EXAMPLES = {"tasks": "tasks: [copy]", "models": "models: [lstm]", "lengths": "lengths: [16, 64]"}
