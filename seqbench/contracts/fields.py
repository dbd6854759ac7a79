"""Declares parameters with a special role: data sources, generated data, later additions, names of code."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

_SOURCE = "seqbench data source"
_GENERATED = "seqbench generated only"
_LATER = "seqbench added later"
_CODE = "seqbench names code"


def data_source() -> Any:
    """Declare a task's parameter that names its data: a file, a folder or a Hugging Face data set.

    The key of a cell contains the fingerprint of the data, not the name: a file that moves keeps its results, a
    file that changes does not.
    """
    return field(default=None, metadata={_SOURCE: True})


def generated_only(default: Any) -> Any:
    """Declare a task's parameter that applies only to data that the task generates.

    In a cell with a given data source it has its default, whatever a suite sets, so it changes neither the key nor
    a name. A user who sets it beside a data source gets an error.

    Args:
        default: the parameter's default value; plain and immutable, e.g. a number or a word.
    """
    return field(default=default, metadata={_GENERATED: True})


def added_later(default: Any) -> Any:
    """Declare a parameter that a task or a model got after it had results.

    At its default it is in no key and in no record: earlier cells keep their keys, and their scores stay valid.
    The default must do what the plugin did before. Like any default, it changes only with the plugin's
    ``version``.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Wide:
    ...     peepholes: bool = added_later(False)
    >>> Wide().peepholes
    False

    Args:
        default: the parameter's default value; plain and immutable, such as a number or a word.
    """
    return field(default=default, metadata={_LATER: True})


def names_code(default: Any = "", *, factory: Callable[[], Any] | None = None) -> Any:
    """Declare a model's parameter that names classes of packages that are neither seqbench's nor the plugin's.

    Its value is the import path of a class, or a mapping with such paths under keys ``class``, at any depth. A
    board imports nothing that a bundle names so, and runs such a cell again only where its paths are allowed.

    Args:
        default: the default value.
        factory: makes the default value, where it is a mapping.
    """
    if factory is not None:
        return field(default_factory=factory, metadata={_CODE: True})
    return field(default=default, metadata={_CODE: True})


def code_named(plugin: type, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the import paths in the values of parameters that were declared with `names_code`."""
    declared = [each.name for each in dataclasses.fields(plugin) if _CODE in each.metadata]
    found = (path for name in declared for path in _paths(parameters.get(name)))
    return tuple(dict.fromkeys(found))


def does_name_code(plugin: type) -> bool:
    """Say whether a class has a parameter that was declared with `names_code`."""
    return any(_CODE in each.metadata for each in dataclasses.fields(plugin))


def _paths(value: Any, key: str = "class") -> Iterator[str]:
    if isinstance(value, str):
        yield from [value] if key == "class" else []
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _paths(each, str(name))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _paths(each, "")


def is_added_later(parameter: dataclasses.Field[Any]) -> bool:
    """Say whether a field was declared with `added_later`."""
    return _LATER in parameter.metadata


def is_generated_only(parameter: dataclasses.Field[Any]) -> bool:
    """Say whether a field was declared with `generated_only`."""
    return _GENERATED in parameter.metadata


def is_data_source(parameter: dataclasses.Field[Any]) -> bool:
    """Say whether a field was declared with `data_source`."""
    return _SOURCE in parameter.metadata
