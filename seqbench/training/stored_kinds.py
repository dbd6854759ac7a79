"""Converts a kind of input or target to JSON, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seqbench.errors import StoreError


class UnkeepableError(Exception):
    """The weights of this network cannot be kept; the message says why."""


def kind_data(kind: Any) -> dict[str, Any]:
    """Return a kind as JSON: its class and its fields.

    Raises:
        UnkeepableError: it is not a dataclass.
    """
    if not dataclasses.is_dataclass(kind):
        raise UnkeepableError(f"{type(kind).__qualname__} is no dataclass, so that it cannot be made again")
    fields = {each.name: getattr(kind, each.name) for each in dataclasses.fields(kind) if each.init}
    return {"module": type(kind).__module__, "class": type(kind).__qualname__, "fields": fields}


def kind_of(base: type[Any], told: Mapping[str, Any], path: Path) -> Any:
    """Return a kind from JSON. A name in a file imports nothing: the class must be loaded already.

    Args:
        base: `InputKind` or `TargetKind`.
        told: the result of `kind_data`, read from JSON.
        path: the file, for messages.

    Raises:
        StoreError: its class is not loaded, or does not take the fields.
    """
    where, name = f"{path} is of data of the kind {told['class']}", told["class"]
    classes = [each for each in _below(base) if each.__qualname__ == name]
    found = [each for each in classes if each.__module__ == told["module"]]
    if not found and _is_ours(told["module"]):
        # A module may move between two versions.
        found = [each for each in classes if _is_ours(each.__module__)]
    if not found:
        raise StoreError(f"{where}, which no plugin that is loaded defines; install the one that does")
    fields = {field: tuple(value) if isinstance(value, list) else value for field, value in told["fields"].items()}
    try:
        return found[-1](**fields)
    except (TypeError, ValueError) as error:
        raise StoreError(f"{where}, which cannot be made again: {error}") from error


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "seqbench"


def _below(base: type[Any]) -> Iterator[type[Any]]:
    for child in base.__subclasses__():
        yield child
        yield from _below(child)
