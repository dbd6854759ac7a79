"""Lists the training runs that an experiment consists of, and the key that each is known by.

`expand` crosses tasks, models, lengths and seeds; the key of a cell is a hash of all that can move its
score and of nothing else. Stands on experiment, plugins, parameters and sources.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from seqbench.contracts import Model, Task
from seqbench.errors import ExperimentError, unknown
from seqbench.experiment import Experiment, Gradients, Training
from seqbench.parameters import make, meaningless, parameters_of, refuse_meaningless
from seqbench.plugins import Catalog
from seqbench.sources import fingerprint

KEY_VERSION = 1
"""Rises when the meaning of a key changes; it is hashed with the rest."""


@dataclass(frozen=True)
class Plugin:
    """A task or a model with all its parameters.

    Attributes:
        name, version: of the class.
        parameters: every parameter, defaults included.
    """

    name: str
    version: int
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """One training run: everything that can move its score.

    Attributes:
        task, model: what is trained on what.
        length: time steps, as the task counts them.
        seed: decides the data, the initialisation and the order of the batches.
        training: the settings of the training.
        evaluate_lengths: further lengths to test at.
        data: parameter -> fingerprint of the data that it names; empty where the data are generated.
        gradients: what is measured beside the scores; no part of the key.
    """

    task: Plugin
    model: Plugin
    length: int
    seed: int
    training: Training
    evaluate_lengths: tuple[int, ...] = ()
    data: Mapping[str, str] = dataclasses.field(default_factory=dict)
    gradients: Gradients = dataclasses.field(default_factory=lambda: Gradients())

    @cached_property
    def key(self) -> str:
        """A hash that is the same for the same cell, on every machine and in every order of options."""
        text = json.dumps(self.identity, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @property
    def identity(self) -> dict[str, Any]:
        """What the key is a hash of: data sources by their content, no paths, no time limit."""
        named = {name: value for name, value in self.task.parameters.items() if name not in self.data}
        return {
            "key_version": KEY_VERSION,
            "task": [self.task.name, self.task.version, named],
            "model": [self.model.name, self.model.version, dict(self.model.parameters)],
            "length": self.length,
            "seed": self.seed,
            "training": _moving(self.training),
            "evaluate_lengths": sorted(self.evaluate_lengths),
            "data": dict(self.data),
        }

    def __str__(self) -> str:
        return f"{self.task.name} {self.model.name} T={self.length} seed {self.seed}"


def _moving(training: Training) -> dict[str, Any]:
    """Return the settings that can move a score.

    One that came after the key was laid down is left out at its default: earlier cells keep their keys.
    """
    later = {name for name in ("truncate", "precision") if getattr(training, name) == _default(name)}
    return training.model_dump(exclude={"time_limit", "recompute"} | later)


def _default(name: str) -> Any:
    return Training.model_fields[name].default


def expand(experiment: Experiment, catalog: Catalog) -> list[Cell]:
    """Return every cell of the grid: by task, then length, model and seed.

    Raises:
        ExperimentError: a name or a parameter is unknown or unfit.
        DataError: a data source is not there.
    """
    _check_parameters(experiment, catalog)
    tasks = [_task(catalog, experiment, i) for i in range(len(experiment.tasks))]
    models = [_plugin(_made(catalog.model, experiment, "models", i)) for i in range(len(experiment.models))]
    cells = []
    for task in tasks:
        plugin, data, training = _plugin(task), fingerprints(task), experiment.training_of(task.name)
        for length, model, seed in product(experiment.lengths, models, experiment.seeds):
            elsewhere, measured = experiment.evaluate_lengths, experiment.gradients
            cells.append(Cell(plugin, model, length, seed, training, elsewhere, data, measured))
    return cells


def work(cell: Cell, catalog: Catalog) -> float:
    """Return optimiser steps times time steps: what a cell's time grows with, among cells of one model."""
    return works([cell], catalog)[cell.key]


def works(cells: Iterable[Cell], catalog: Catalog) -> dict[str, float]:
    """Return key -> `work` of many cells; each task is made once, which takes a millisecond."""
    tasks: dict[str, Task] = {}
    found = {}
    for cell in cells:
        named = json.dumps([cell.task.name, dict(cell.task.parameters)], sort_keys=True)
        if named not in tasks:
            tasks[named] = make(catalog.task(cell.task.name), cell.task.parameters)
        found[cell.key] = float(max(1, cell.training.steps) * tasks[named].time_steps(cell.length))
    return found


def fingerprints(task: Task) -> dict[str, str]:
    """Return the fingerprints of the data that a task's parameters name: parameter -> fingerprint."""
    named = {p.name: getattr(task, p.name) for p in parameters_of(type(task)) if p.is_data_source}
    return {name: fingerprint(value) for name, value in named.items() if value is not None}


def _task(catalog: Catalog, experiment: Experiment, i: int) -> Task:
    """Return a task; what a suite sets for generated data has its default where the data are somebody's own.

    Raises:
        ExperimentError: whoever named the data set such a parameter too.
    """
    task: Task = _made(catalog.task, experiment, "tasks", i)
    names = meaningless(task)
    place = "parameters", task.name
    sources = [p.name for p in parameters_of(type(task)) if p.is_data_source]
    # A file has a place, the command line has none: a suite does not know which data are laid over it.
    is_of_a_file = any(experiment.where(*place, name) for name in sources if getattr(task, name) is not None)
    typed = [name for name in names if is_of_a_file or not experiment.where(*place, name)]
    refuse_meaningless(task, typed, experiment.where(*place, *typed[:1]))
    given = experiment.parameters.get(task.name, {})
    return make(type(task), {name: value for name, value in given.items() if name not in names})


def _made(find: Callable[[str], type[Any]], experiment: Experiment, field: str, i: int) -> Any:
    name = getattr(experiment, field)[i]
    try:
        plugin = find(name)
    except ExperimentError as error:
        raise ExperimentError(f"{experiment.where(field, i)}{error}") from error
    return make(plugin, experiment.parameters.get(name, {}))


def _plugin(made: Task | Model) -> Plugin:
    values = {p.name: getattr(made, p.name) for p in parameters_of(type(made))}
    return Plugin(made.name, made.version, values)


def _check_parameters(experiment: Experiment, catalog: Catalog) -> None:
    # Parameters of an installed plugin that this grid leaves out are checked, then not used: `--tasks` may
    # narrow a suite that sets parameters for all its tasks.
    for name in experiment.task_training:
        if name not in catalog.tasks:
            raise ExperimentError(experiment.where("task_training", name) + unknown("task", name, catalog.tasks))
        experiment.training_of(name)
    for name, values in experiment.parameters.items():
        plugin: type[Any] | None = catalog.tasks.get(name) or catalog.models.get(name)
        if plugin is None and catalog.problems and name not in (*experiment.tasks, *experiment.models):
            # A suite may set parameters for what a broken plugin took away; its problem was told.
            continue
        if plugin is None:
            where, names = experiment.where("parameters", name), [*catalog.tasks, *catalog.models]
            raise ExperimentError(where + unknown("task or model", name, names))
        for parameter, value in values.items():
            make(plugin, {parameter: value}, experiment.where("parameters", name, parameter))
        make(plugin, values, experiment.where("parameters", name))
