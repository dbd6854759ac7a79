"""Finds parameters whose limits do not hold where a task or a model is made in Python."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from seqbench.contracts.constraints import in_words
from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.plugins.parameters import Parameter, parameters_of

_BEYOND: Mapping[str, Callable[[Any], Any]] = {
    "ge": lambda limit: limit - 1,
    "gt": lambda limit: limit,
    "le": lambda limit: limit + 1,
    "lt": lambda limit: limit,
}
"""Attribute of a numeric limit, as pydantic calls it -> the value just beyond it."""


def limits_unheld(kind: type[Task] | type[Model]) -> list[str]:
    """Make the class with values beyond its limits; return a sentence for each parameter that takes one."""
    return [
        f"{kind.name}({one.name}={value!r}) raises nothing, and {one.name} is {in_words(one.type)}"
        for one in parameters_of(kind)
        for value in _first_taken(kind, one)
    ]


def _first_taken(kind: type[Task] | type[Model], parameter: Parameter) -> list[Any]:
    """Return the first value beyond a limit that the class takes, in a list; empty if it takes none."""
    for value in _beyond(parameter.type):
        try:
            kind(**{parameter.name: value})
        except Exception:
            # Any error keeps the value out; which one a user gets to see is up to the class.
            continue
        return [value]
    return []


def _beyond(annotation: Any) -> Iterator[Any]:
    """Yield a value beyond each numeric limit of an annotation, or of a part of it that may also be null."""
    for part in (annotation, *typing.get_args(annotation)):
        for each in getattr(part, "__metadata__", ()):
            # Field keeps its arguments in a list of its own.
            for limit in (each, *getattr(each, "metadata", ())):
                for name, beyond in _BEYOND.items():
                    if (value := getattr(limit, name, None)) is not None:
                        yield beyond(value)
