"""Declares parameters with a special role: data sources, settings of generated data, later additions."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Any

_SOURCE = "seqbench data source"
_GENERATED = "seqbench generated only"
_LATER = "seqbench added later"


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


def is_added_later(parameter: dataclasses.Field[Any]) -> bool:
    """Say whether a field was declared with `added_later`."""
    return _LATER in parameter.metadata


def is_generated_only(parameter: dataclasses.Field[Any]) -> bool:
    """Say whether a field was declared with `generated_only`."""
    return _GENERATED in parameter.metadata


def is_data_source(parameter: dataclasses.Field[Any]) -> bool:
    """Say whether a field was declared with `data_source`."""
    return _SOURCE in parameter.metadata
