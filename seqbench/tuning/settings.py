"""Applies the settings of a search to cells, and checks a search space against what it tunes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Any

from pydantic import ValidationError

from seqbench.base.nested import nested
from seqbench.base.refusals import refusal
from seqbench.errors import ExperimentError, unknown
from seqbench.experiment.cells import Cell, Configured
from seqbench.experiment.key_fields import in_no_key
from seqbench.experiment.schema import Experiment, Training, merge
from seqbench.experiment.search_space import Values, random_setting
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.grid import configured
from seqbench.plugins.parameters import make
from seqbench.records.trials import setting_text

TUNED_FIELDS = sorted(set(Training.model_fields) - in_no_key(Training) - {"steps"})
"""The fields of training that can be tuned: all that move the score, but for the length of the training itself."""

_COMBINED = 256
"""Most combinations of each kind that are tried with a value which is refused alone."""


def owner_of(cell: Cell, experiment: Experiment) -> str:
    """Return the name by which an experiment, and its search space, call the model of a cell."""
    return cell.model.label if cell.model.label in experiment.names else cell.model.name


def space_of(space: Mapping[str, Values], owner: str) -> dict[str, Values]:
    """Return the part of a search space that one model has: fields of training, and its own parameters."""
    return {name: values for name, values in space.items() if name.partition(".")[0] in (name, owner)}


def with_setting(cell: Cell, setting: Mapping[str, Any], catalog: Catalog) -> Cell:
    """Return a cell as if an experiment had this setting.

    Raises:
        ExperimentError: a value is refused by the field or the model.
    """
    fields = {name: value for name, value in setting.items() if "." not in name}
    own = {name.partition(".")[2]: value for name, value in setting.items() if "." in name}
    training = _trained(cell.training, fields)
    return replace(cell, training=training, model=_changed(cell.model, own, catalog) if own else cell.model)


def check_space(
    experiment: Experiment, space: Mapping[str, Values], cells: Sequence[Cell], catalog: Catalog
) -> None:
    """Refuse a space with an unknown name, or with a value that no combination with the others makes fit.

    Of a range the ends are checked. A value that is refused beside the others as the experiment has them is tried
    with values of the space for the others.

    Args:
        experiment: gives the place of an error.
        space: what is tuned.
        cells: one for each task, model and length.
        catalog: has the models.

    Raises:
        ExperimentError: the message has file and line.
    """
    for name, values in space.items():
        where = experiment.where("tune", "space", name)
        if problem := _misnamed(name, experiment):
            raise ExperimentError(f"{where}tune.space.{name}: {problem}")
        tuned = [cell for cell in cells if name in space_of(space, owner_of(cell, experiment))]
        for cell, end in _checked(tuned, values.ends):
            try:
                with_setting(cell, {name: end}, catalog)
            except ExperimentError as error:
                own = space_of(space, owner_of(cell, experiment))
                if problem := _unmended(cell, _combined(name, end, own), catalog, str(error)):
                    raise ExperimentError(f"{where}tune.space.{name}: {problem}") from error


def _unmended(cell: Cell, settings: Iterable[Mapping[str, Any]], catalog: Catalog, alone: str) -> str | None:
    """Return why none of these settings is taken, ``alone`` if all for the same reason; None if one is."""
    problem = alone
    for setting in settings:
        try:
            with_setting(cell, setting, catalog)
        except ExperimentError as error:
            if str(error) != alone:
                problem = (
                    "none of the combinations with values of the others that were tried is taken; the last,"
                    f" {setting_text(setting)}, is refused: {error}"
                )
        else:
            return None
    return problem


def _combined(name: str, value: Any, own: Mapping[str, Values]) -> Iterator[dict[str, Any]]:
    """Yield settings with this value: first with the values and ends of the others, then with draws of them."""
    # Fields of training and parameters of models are checked apart from each other.
    others = {each: values for each, values in own.items() if each != name and ("." in each) == ("." in name)}
    if others:
        ends = product(*(values.ends for values in others.values()))
        yield from ({**dict(zip(others, each, strict=True)), name: value} for each in islice(ends, _COMBINED))
        yield from ({**random_setting(others, 0, i), name: value} for i in range(_COMBINED))


def _checked(cells: Sequence[Cell], ends: Sequence[Any]) -> Iterator[tuple[Cell, Any]]:
    """Yield each end with one cell of each model, since no model depends on the task or the length."""
    models = {(cell.model.shown, cell.model.name): cell for cell in cells}
    yield from ((cell, end) for cell in models.values() for end in ends)


def _misnamed(name: str, experiment: Experiment) -> str | None:
    """Return why a name of the space is none that can be tuned; None if it is one."""
    owner, dot, parameter = name.partition(".")
    models = [each.label or each.model for each in experiment.variants]
    if not dot:
        if name == "steps":
            return "steps are the budget of a training, the same for all trials; tune.steps sets them"
        return None if name in TUNED_FIELDS else unknown("field of training to tune", name, TUNED_FIELDS)
    if owner == "training":
        return f"a field of training is written without it, as {parameter}"
    if owner in experiment.tasks:
        return f"{owner} is a task, and a task with another {parameter} is another task: tune models"
    if owner not in models:
        return unknown("model of the experiment", owner, models)
    if experiment.weights:
        return (
            "weights choose the widths of models for their other parameters as they are; leave one of the two out"
        )
    return None


def _trained(training: Training, fields: Mapping[str, Any]) -> Training:
    try:
        return Training.model_validate({**training.model_dump(), **{name: fields[name] for name in fields}})
    except ValidationError as error:
        detail = error.errors()[0]
        raise ExperimentError(refusal(str(detail["loc"][0]), detail)) from error


def _changed(model: Configured, own: Mapping[str, Any], catalog: Catalog) -> Configured:
    plugin = catalog.model(model.name)
    before = make(plugin, model.parameters)
    values: dict[str, Any] = dict(model.parameters)
    for name, value in own.items():
        values = merge(values, nested(name, value))
    label = "" if model.label == before.default_label else model.label
    return configured(make(plugin, values, label=model.label), catalog, label)
