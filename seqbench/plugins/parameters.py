"""Lists the parameters of a task or a model, and makes one with checked values.

Reads the fields of a plugin's dataclass and checks values against their types.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Annotated, Any, TypeVar

from pydantic import ValidationError

from seqbench.base.given import how_to_write, shown
from seqbench.contracts.constraints import annotations_of, fitted, in_words, refused
from seqbench.contracts.fields import is_added_later, is_data_source, is_generated_only
from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.errors import ExperimentError, unknown
from seqbench.plugins.faults import faults_told

Plugin = TypeVar("Plugin", Task, Model)


@dataclass(frozen=True)
class Parameter:
    """One setting of a task or a model.

    Attributes:
        name: as in ``--set TASK.name=value``.
        type: its annotation, with its limits.
        default: its value when nothing is set.
        is_data_source: whether its value names a file, a folder or a data set.
        is_generated_only: whether it applies only to data that the task generates.
        is_added_later: whether it is left out of keys and records at its default.
    """

    name: str
    type: Any
    default: Any
    is_data_source: bool
    is_generated_only: bool = False
    is_added_later: bool = False

    @property
    def bare_type(self) -> Any:
        """The annotation without its limits."""
        return typing.get_args(self.type)[0] if typing.get_origin(self.type) is Annotated else self.type

    @property
    def type_name(self) -> str:
        """The annotation as a person writes it, such as ``int, at least 1``."""
        return in_words(self.type)


@lru_cache(maxsize=1024)
def parameters_of(plugin: type[Task] | type[Model]) -> tuple[Parameter, ...]:
    """Return the parameters in the order of the dataclass's fields.

    Raises:
        TypeError: an annotation cannot be resolved or checked, or a field has no default or a default that is not
            plain JSON data.
    """
    hints = annotations_of(plugin)
    # Task and Model are not dataclasses themselves; every class in a catalog is one.
    fields = dataclasses.fields(plugin)  # type: ignore[arg-type]
    return tuple(_parameter(plugin, field, hints[field.name]) for field in fields)


def _parameter(plugin: type, field: dataclasses.Field[Any], hint: Any) -> Parameter:
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    elif field.default is not dataclasses.MISSING:
        default = field.default
    else:
        raise TypeError(f"the parameter {field.name!r} of {plugin.__name__} needs a default value")
    kinds = {"is_generated_only": is_generated_only(field), "is_added_later": is_added_later(field)}
    parameter = Parameter(field.name, hint, default, is_data_source(field), **kinds)
    try:
        fitted(hint, default)
    except (TypeError, ValueError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise TypeError(f"the default {default!r} of {field.name!r} does not fit its type: {reason}") from error
    return parameter


def make(plugin: type[Plugin], values: Mapping[str, Any], where: str = "", *, label: str = "") -> Plugin:
    """Return the task or model with these parameters and defaults for the rest.

    Args:
        plugin: the class.
        values: parameter name -> value.
        where: words put before an error, e.g. a file and line.
        label: the name that an experiment gives it, for errors.

    Raises:
        ExperimentError: an unknown parameter, a value of the wrong type, or one that the plugin refuses.
        PluginError: making it raised anything but a ValueError.
    """
    known = {parameter.name: parameter for parameter in parameters_of(plugin)}
    # In Python a path may be a `Path`; a record holds text.
    values = {name: str(value) if isinstance(value, PurePath) else value for name, value in values.items()}
    owner, both = label or plugin.name, f"{label} ({plugin.name})" if label else plugin.name
    for name, value in values.items():
        if name not in known:
            raise ExperimentError(where + unknown(f"parameter of {both}", name, known))
        _check(owner, known[name], value, where)
        if known[name].is_data_source and isinstance(value, str) and not value.strip():
            raise ExperimentError(f"{where}{owner}.{name} names nothing; give a file, a folder or a data set")
    # Defaults are converted too: 0 for a float becomes 0.0, so that both make the same cell.
    given = {name: values.get(name, parameter.default) for name, parameter in known.items()}
    coerced = {name: fitted(known[name].type, value) for name, value in given.items()}
    with faults_told(f"{where}{owner} ({_place(plugin)}) cannot be made with these parameters"):
        try:
            return plugin(**coerced)
        except ValueError as error:
            raise ExperimentError(f"{where}{both}: {error}") from error


def type_faults(plugin: type[Task] | type[Model], values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each unknown parameter or value of the wrong type; nothing is made, so no code runs."""
    known = {parameter.name: parameter for parameter in parameters_of(plugin)}
    for name, value in values.items():
        if name not in known:
            yield unknown(f"parameter of {plugin.name}", name, known)
            continue
        try:
            _check(plugin.name, known[name], value, "")
        except ExperimentError as error:
            yield str(error)


def _place(plugin: type) -> str:
    """Return the file and line of a class."""
    try:
        file = Path(inspect.getfile(plugin)).name
    except (TypeError, OSError):
        file = plugin.__module__
    return f"class {plugin.__qualname__} in {file}"


def meaningless(task: Task) -> tuple[str, ...]:
    """Return the parameters that are set for generated data although a data source is given."""
    parameters = parameters_of(type(task))
    if not any(p.is_data_source and getattr(task, p.name) is not None for p in parameters):
        return ()
    return tuple(p.name for p in parameters if p.is_generated_only and getattr(task, p.name) != p.default)


def refuse_meaningless(task: Task, names: Sequence[str], where: str = "") -> None:
    """Refuse parameters for generated data beside a data source.

    Raises:
        ExperimentError: such a parameter is set.
    """
    if names:
        source = next(p.name for p in parameters_of(type(task)) if p.is_data_source and getattr(task, p.name))
        raise ExperimentError(
            f"{where}{task.name}.{names[0]} is for data that the task makes up, and {task.name}.{source} gives"
            " data of your own; leave one of the two out"
        )


def _check(owner: str, parameter: Parameter, value: Any, where: str) -> None:
    name = f"{owner}.{parameter.name}"
    if parameter.is_data_source and not isinstance(value, str | int | float | None):
        raise ExperimentError(
            f"{where}{name} names a file, a folder or a data set, and {shown(value)} was given; write the rows to"
            f' a file, such as by {how_to_write(value)}, and give its name, "mine.csv"'
        )
    try:
        fitted(parameter.type, value)
    except TypeError as error:
        is_class = isinstance(value, type)
        advice = "name a class by its import path" if is_class else "convert it, such as by int(...) or .tolist()"
        raise ExperimentError(
            f"{where}{name} is {shown(value)}, and parameters are plain data: numbers, texts, true or false, lists"
            f" and mappings of them; {advice}"
        ) from error
    except ValidationError as error:
        raise ExperimentError(where + refused(name, parameter.type, value, error)) from error
