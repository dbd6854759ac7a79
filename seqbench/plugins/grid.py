"""Expands an experiment into its cells: every task with every length, model and seed.

It also checks the parameters of tasks and models, and takes the fingerprints of data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import Any

from seqbench.base.nested import flat
from seqbench.contracts.fields import does_name_code
from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.data.sources import fingerprint
from seqbench.errors import ExperimentError, nearest, unknown
from seqbench.experiment.cells import Cell, Configured
from seqbench.experiment.labels import Variant
from seqbench.experiment.schema import SECTIONS, Experiment, merge
from seqbench.experiment.weights import Sized, shown_weights
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.lookahead import refuse_lookahead
from seqbench.plugins.parameters import Plugin, make, meaningless, parameters_of, refuse_meaningless
from seqbench.plugins.sizing import features_of, sized


@dataclass(frozen=True)
class Expansion:
    """The cells of an experiment, and their tasks.

    Attributes:
        cells: by task, then length, model and seed.
        tasks: key of a cell -> its task; cells with the same parameters share one object.
    """

    cells: tuple[Cell, ...] = ()
    tasks: Mapping[str, Task] = field(default_factory=dict)

    def time_steps(self, cell: Cell) -> int:
        """Return how many time steps a sequence of a cell has."""
        return self.tasks[cell.key].time_steps(cell.length)

    def work(self, cell: Cell) -> float:
        """Return optimiser steps times time steps, to which the time of one model's cells is proportional."""
        return float(max(1, cell.training.steps) * self.time_steps(cell))


def expand(experiment: Experiment, catalog: Catalog) -> list[Cell]:
    """Return every cell of the grid, ordered by task, then length, model and seed.

    Raises:
        ExperimentError: a name or a parameter is unknown or unfit, or a model looks ahead on a task that feeds it
            the answers.
        DataError: a data source is missing.
    """
    return list(expansion(experiment, catalog).cells)


def expansion(experiment: Experiment, catalog: Catalog) -> Expansion:
    """Return every cell of the grid, as `expand` does, with the tasks; each task is made once."""
    made = _checked_parameters(experiment, catalog)
    tasks = [_task(catalog, experiment, i, made) for i in range(len(experiment.tasks))]
    asked = _models(experiment, catalog)
    found: list[tuple[Cell, Task]] = []
    for task in tasks:
        models = _of_sizes(asked, task, experiment, catalog) if experiment.weights else asked
        refuse_lookahead(task, models, catalog)
        plugin, data, training = configured(task, catalog), fingerprints(task), experiment.training_of(task.name)
        for length, model, seed in product(experiment.lengths, models, experiment.seeds):
            elsewhere, measured = experiment.evaluate_lengths, experiment.gradients
            found.append((Cell(plugin, model, length, seed, training, elsewhere, data, measured), task))
    return Expansion(tuple(cell for cell, _ in found), {cell.key: task for cell, task in found})


def tasks_of(cells: Iterable[Cell], catalog: Catalog) -> dict[str, Task]:
    """Return key -> task for cells without an experiment; cells with equal parameters share a task."""
    made: dict[str, Task] = {}
    found = {}
    for cell in cells:
        named = json.dumps([cell.task.name, dict(cell.task.parameters)], sort_keys=True)
        if named not in made:
            made[named] = make(catalog.task(cell.task.name), cell.task.parameters)
        found[cell.key] = made[named]
    return found


def fingerprints(task: Task) -> dict[str, str]:
    """Return the fingerprints of the data that a task's parameters name: parameter -> fingerprint."""
    named = {p.name: getattr(task, p.name) for p in parameters_of(type(task)) if p.is_data_source}
    return {
        name: task.source_fingerprint(value) or fingerprint(value)
        for name, value in named.items()
        if value is not None
    }


def _task(catalog: Catalog, experiment: Experiment, i: int, made: Mapping[str, Task | Model]) -> Task:
    """Return a task; beside a data source, a suite's settings for generated data get their defaults.

    Raises:
        ExperimentError: the file or the command line sets both the data and such a parameter.
    """
    plugin: type[Task] = _found(catalog.task, experiment, "tasks", i, experiment.tasks[i])
    known = made.get(plugin.name)
    task = known if isinstance(known, plugin) else make(plugin, {})
    names = meaningless(task)
    place = "parameters", task.name
    sources = [p.name for p in parameters_of(type(task)) if p.is_data_source]
    # Values from a file have a place, those of the command line have none: a suite cannot know such data.
    is_of_a_file = any(experiment.where(*place, name) for name in sources if getattr(task, name) is not None)
    typed = [name for name in names if is_of_a_file or not experiment.where(*place, name)]
    refuse_meaningless(task, typed, experiment.where(*place, *typed[:1]))
    if not names:
        return task
    given = experiment.parameters.get(task.name, {})
    return make(type(task), {name: value for name, value in given.items() if name not in names})


def _models(experiment: Experiment, catalog: Catalog) -> list[Configured]:
    """Return the models with their parameters and labels.

    Raises:
        ExperimentError: a label is the name of something installed, or two variants are one and the same.
    """
    found: list[Configured] = []
    for i, variant in enumerate(experiment.variants):
        _check_label(variant.label, experiment.where("models", i, "label"), catalog)
        model = configured(_model(catalog, experiment, i, variant), catalog, variant.label)
        if model in found:
            first = found[found.index(model)].shown
            raise ExperimentError(
                f"{experiment.where('models', i)}{model.shown} is {first} once more, with the same parameters, and"
                " their cells would be the same: change a parameter, or leave one out"
            )
        found.append(model)
    return found


def _of_sizes(
    models: Iterable[Configured], task: Task, experiment: Experiment, catalog: Catalog
) -> list[Configured]:
    """Return every model at every number of weights, with the width that a task's features need.

    Raises:
        ExperimentError: a model has no width, or two numbers of weights lead to the same one.
    """
    embedding = experiment.training_of(task.name).embedding_size
    features = features_of(task, min(experiment.lengths), experiment.seeds[0], embedding)
    found: dict[str, Configured] = {}
    for i, model in enumerate(models):
        made = make(catalog.model(model.name), model.parameters)
        given = {name: value for name, value in _set(experiment, i).items() if not _gives_way(experiment, i, name)}
        for weights in experiment.weights:
            of_size, chosen = sized(made, weights, features, given)
            each = replace(configured(of_size, catalog, model.label), sized=Sized(weights, chosen))
            text = json.dumps([each.name, dict(each.parameters)], sort_keys=True)
            _check_other_width(found.get(text), each, task)
            found[text] = each
    return list(found.values())


def _set(experiment: Experiment, i: int) -> dict[str, Any]:
    """Return the parameters of the i-th model that the experiment sets, at their defaults or not."""
    variant = experiment.variants[i]
    of_model, own = (experiment.parameters.get(owner, {}) for owner in (variant.model, variant.label))
    return {**of_model, **variant.parameters, **own}


def _gives_way(experiment: Experiment, i: int, name: str) -> bool:
    """Say whether a file sets a parameter of the i-th model where the command line asks for weights."""
    variant = experiment.variants[i]
    owners = [owner for owner in (variant.label, variant.model) if name in experiment.parameters.get(owner, {})]
    places = [("parameters", owners[0]) if owners else ("models", i)]
    return not experiment.where("weights") and any(experiment.where(*place, name) for place in places)


def _check_other_width(first: Configured | None, second: Configured, task: Task) -> None:
    if first is None or first.sized is None or second.sized is None:
        return
    if first.sized.weights == second.sized.weights:
        raise ExperimentError(
            f"{first.shown} and {second.shown} differ in nothing but {', '.join(second.sized.parameters)}, which"
            " weights choose, and their cells would be the same; leave one out"
        )
    widths = dict(flat(second.parameters))
    of = ", ".join(f"{name}={widths[name]}" for name in second.sized.parameters)
    raise ExperimentError(
        f"weights {shown_weights(first.sized.weights)} and {shown_weights(second.sized.weights)}: on the task"
        f" {task.name} the layer of {second.shown} comes nearest to both with {of}; leave one out"
    )


def _model(catalog: Catalog, experiment: Experiment, i: int, variant: Variant) -> Model:
    find = partial(catalog.model, labels=() if variant.label else experiment.labels_of_file)
    plugin: type[Model] = _found(find, experiment, "models", i, variant.model)
    of_model, own = experiment.parameters.get(variant.model, {}), experiment.parameters.get(variant.label, {})

    def where(*name: str) -> str:
        # Values that only together are wrong have the place of those that were set for this label alone.
        is_own = name[0] in own if name else bool(own)
        at = ("parameters", variant.label) if is_own else ("models", i)
        return experiment.where(*at, *name)

    return _fit(plugin, merge(merge(of_model, variant.parameters), own), where, label=variant.label)


def _found(find: Callable[[str], type[Any]], experiment: Experiment, field: str, i: int, name: str) -> type[Any]:
    try:
        return find(name)
    except ExperimentError as error:
        raise ExperimentError(f"{experiment.where(field, i)}{error}") from error


def _check_label(label: str, where: str, catalog: Catalog) -> None:
    for kind, offers in (("task", catalog.tasks), ("model", catalog.models)):
        if label in offers:
            raise ExperimentError(f"{where}the label {label} is the name of an installed {kind}; choose another")


def configured(made: Task | Model, catalog: Catalog, label: str = "") -> Configured:
    """Return a task or a model as a cell keeps it: parameters, changed parameters, and origin."""
    of_class = parameters_of(type(made))
    told = [p for p in of_class if not (p.is_added_later and getattr(made, p.name) == p.default)]
    values = {p.name: getattr(made, p.name) for p in told}
    changed = tuple(p.name for p in told if values[p.name] != p.default)
    origin = catalog.origins.get(("task" if isinstance(made, Task) else "model", made.name))
    label = label or (made.default_label if isinstance(made, Model) else "")
    return Configured(made.name, made.version, values, changed, origin.source if origin else "", label)


def _checked_parameters(experiment: Experiment, catalog: Catalog) -> dict[str, Task | Model]:
    """Return name -> task or model for all names with parameters in the experiment.

    Those of an installed plugin that this grid leaves out are checked, then not used: ``--tasks`` may narrow a
    suite that sets parameters for all its tasks.
    """
    for name in experiment.task_training:
        if name not in catalog.tasks:
            raise ExperimentError(experiment.where("task_training", name) + unknown("task", name, catalog.tasks))
        experiment.training_of(name)
    made: dict[str, Task | Model] = {}
    for name, values in experiment.parameters.items():
        installed = experiment.names.get(name, name)
        plugin: type[Any] | None = catalog.tasks.get(installed) or catalog.models.get(installed)
        is_asked = name in experiment.names
        if plugin is None and not is_asked and (catalog.problems or name in experiment.labels_left_out):
            # A suite may set parameters of a broken plugin, which has been reported.
            continue
        if plugin is None:
            there = dict.fromkeys([*catalog.tasks, *catalog.models])
            ours = [own for own, of in experiment.names.items() if own not in there and of in there]
            section = nearest(installed, SECTIONS, cutoff=0.7)
            asked = unknown("task or model", installed, [*ours, *there, *([section] if section else [])])
            raise ExperimentError(experiment.where("parameters", name) + asked)
        if does_name_code(plugin) and not is_asked:
            # What labels share need not be whole, and nothing that it names is imported for itself.
            continue
        if name == installed:
            made[name] = _fit(plugin, values, partial(experiment.where, "parameters", name))
    return made


def _fit(plugin: type[Plugin], values: Mapping[str, Any], where: Callable[..., str], *, label: str = "") -> Plugin:
    """Return the task or model with these parameters.

    Args:
        plugin: the class.
        values: parameter name -> value.
        where: gives the place of one parameter, or of all, for an error.
        label: the name that the experiment gives it.

    Raises:
        ExperimentError: a value is invalid; the message has its place, or that of all values.
    """
    try:
        return make(plugin, values, label=label)
    except ExperimentError as error:
        raise ExperimentError(where(*_culprit(plugin, values, str(error), label)) + str(error)) from error


def _culprit(plugin: type[Plugin], values: Mapping[str, Any], said: str, label: str) -> list[str]:
    for name, value in values.items():
        try:
            make(plugin, {name: value}, label=label)
        except ExperimentError as error:
            if str(error) == said:
                return [name]
    return []
