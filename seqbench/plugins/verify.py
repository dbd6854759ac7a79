"""Checks whether an object from a plugin is a task, a model, a suite, an executor or a target.

Each function returns the faults that it finds, as sentences that tell the author what to fix. Looks at classes
only and runs none of their code; `seqbench.testing` checks behaviour.
"""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

from pydantic.errors import PydanticUserError

from seqbench.contracts.model import Model
from seqbench.contracts.names import RESERVED, is_name
from seqbench.contracts.published import Target
from seqbench.contracts.task import Task
from seqbench.jobs.executor import Executor
from seqbench.plugins.parameters import parameters_of

_NO_METHODS = ("is_causal", "needs_causal", "is_longer_harder", "time_exponent", "trains_embedding", "state_parts")
"""Members that are read and not called: a method would count as True."""


def task_faults(value: Any) -> list[str]:
    """Return the reasons why ``value`` is not a task class."""
    return _class_faults(value, Task)


def model_faults(value: Any) -> list[str]:
    """Return the reasons why ``value`` is not a model class."""
    return _class_faults(value, Model)


def suite_faults(value: Any) -> list[str]:
    """Return the reasons why ``value`` is not the path of a suite's file."""
    if not isinstance(value, Path):
        return [f"a suite is given as the pathlib.Path of its YAML file, and {value!r} was yielded"]
    if not value.is_file():
        return [f"the suite's file {value} is not there"]
    return []


def executor_faults(value: Any) -> list[str]:
    """Return the reasons why ``value`` is not an executor class."""
    if not (inspect.isclass(value) and issubclass(value, Executor)):
        return [f"it is to yield classes that inherit from seqbench.Executor, and it yielded {value!r}"]
    name = getattr(value, "name", None)
    if not isinstance(name, str) or not is_name(name):
        return [f"name is to be lower-case words joined by '-', such as 'my-cluster', and is {name!r}"]
    missing = sorted(value.__abstractmethods__)
    return [f"executor {name}: the member {', '.join(missing)} is missing"] if missing else []


def target_faults(value: Any) -> list[str]:
    """Return the reasons why ``value`` is not a target; its own fields were checked when it was made."""
    if not isinstance(value, Target):
        return [f"it is to yield objects of seqbench.Target, and it yielded {value!r}"]
    return []


def _class_faults(value: Any, base: type[Task] | type[Model]) -> list[str]:
    kind = base.__name__
    if not inspect.isclass(value):
        return [f"it is to yield classes, and it yielded {value!r}; yield the class, not an instance"]
    if not issubclass(value, base):
        return [f"{value.__name__} is not a seqbench.{kind}; let the class inherit from it"]
    return [f"{kind.lower()} {value.__name__}: {fault}" for fault in _member_faults(value)]


def _member_faults(value: type[Task] | type[Model]) -> list[str]:
    faults = []
    members = vars(value) | {name: getattr(value, name) for name in ("name", "version") if name in dir(value)}
    name, version = members.get("name"), members.get("version")
    if not isinstance(name, str) or not is_name(name) or name in RESERVED:
        faults.append(f"name is to be lower-case words joined by '-', such as 'my-model', and is {name!r}")
    if not isinstance(version, int) or isinstance(version, bool):
        faults.append(f"version is to be an integer such as 1, and is {version!r}")
    missing = sorted(getattr(value, "__abstractmethods__", ()))
    if missing:
        faults.append(f"the member {', '.join(missing)} is missing; see help(seqbench.{_base(value).__name__})")
    methods = [name for name in _NO_METHODS if inspect.isfunction(getattr(value, name, None))]
    faults += [
        f"{name} is a method, and is to be a constant or a property; put @property above it" for name in methods
    ]
    return faults + _dataclass_faults(value)


def _base(value: type[Task] | type[Model]) -> type[Task] | type[Model]:
    return Task if issubclass(value, Task) else Model


def _dataclass_faults(value: type[Task] | type[Model]) -> list[str]:
    parameters = vars(value).get("__dataclass_params__")
    if parameters is None or not parameters.frozen:
        return ["it is to be a frozen dataclass; put @dataclass(frozen=True) above the class"]
    fields = dataclasses.fields(value)  # type: ignore[arg-type]
    declared = {field.name for field in fields} & {"name", "version"}
    if declared:
        return [f"{', '.join(sorted(declared))} is no parameter; write it without an annotation"]
    try:
        parameters_of(value)
    except (TypeError, NameError, PydanticUserError) as error:
        return [f"its parameters cannot be read: {error}"]
    return []
