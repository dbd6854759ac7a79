"""Tells a kind of input or target as JSON holds it, and makes it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seqbench.errors import StoreError


class UnkeepableError(Exception):
    """The weights of this network cannot be kept; the message says why."""


def kind_data(kind: Any) -> dict[str, Any]:
    """Return a kind as a file holds it: its class and its fields.

    Raises:
        UnkeepableError: it is no dataclass.
    """
    if not dataclasses.is_dataclass(kind):
        raise UnkeepableError(f"{type(kind).__qualname__} is no dataclass, so that it cannot be made again")
    fields = {each.name: getattr(kind, each.name) for each in dataclasses.fields(kind) if each.init}
    return {"module": type(kind).__module__, "class": type(kind).__qualname__, "fields": fields}


def kind_of(base: type[Any], told: Mapping[str, Any], path: Path) -> Any:
    """Make a kind again. Nothing is imported by a name in a file: its class is one that is loaded already.

    Args:
        base: `InputKind` or `TargetKind`.
        told: from `kind_data`, by way of JSON.
        path: of the file, for messages.

    Raises:
        StoreError: no class that is loaded is the one, or it does not take the fields.
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
