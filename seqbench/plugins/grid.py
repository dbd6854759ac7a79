"""Expands an experiment into its cells: every task with every length, model and seed.

Checks the parameters of tasks and models on the way, and takes the fingerprints of data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.data.sources import fingerprint
from seqbench.errors import ExperimentError, unknown
from seqbench.experiment.cells import Cell, Configured
from seqbench.experiment.schema import Experiment
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.lookahead import refuse_lookahead
from seqbench.plugins.parameters import make, meaningless, parameters_of, refuse_meaningless


def expand(experiment: Experiment, catalog: Catalog) -> list[Cell]:
    """Return every cell of the grid: by task, then length, model and seed.

    Raises:
        ExperimentError: a name or a parameter is unknown or unfit, or a model looks ahead in a task that would
            tell it the answers.
        DataError: a data source is not there.
    """
    _check_parameters(experiment, catalog)
    tasks = [_task(catalog, experiment, i) for i in range(len(experiment.tasks))]
    models = [
        configured(_made(catalog.model, experiment, "models", i), catalog) for i in range(len(experiment.models))
    ]
    cells = []
    for task in tasks:
        refuse_lookahead(task, models, catalog)
        plugin, data, training = configured(task, catalog), fingerprints(task), experiment.training_of(task.name)
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


def configured(made: Task | Model, catalog: Catalog) -> Configured:
    """Return what a cell keeps of a task or a model: parameters, those that were changed, and where it is from."""
    parameters = parameters_of(type(made))
    values = {p.name: getattr(made, p.name) for p in parameters}
    changed = tuple(p.name for p in parameters if values[p.name] != p.default)
    origin = catalog.origins.get(("task" if isinstance(made, Task) else "model", made.name))
    return Configured(made.name, made.version, values, changed, origin.source if origin else "")


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
