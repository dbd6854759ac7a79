"""Says of each field of training whether, and since which version of the key, it is part of a cell's key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

KEY_VERSION = 1
"""Rises when the meaning of a key changes; it is hashed with the rest."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class InKey:
    """Stands in the annotation of a field; a field without one was there when the key was laid down.

    Attributes:
        since: the first version of the key that the field is always in. In an older one it is left out at its
            default, so that cells from before it keep their keys. None: it is in no key, as it moves no score.
    """

    since: int | None


IN_NO_KEY = InKey(None)
"""Of a field that decides whether there is a score, or how fast, and not which."""


def in_key(settings: BaseModel) -> dict[str, Any]:
    """Return the settings that are part of the key: all that can move a score."""
    schema = type(settings)
    newer = {name for name, marker in _markers(schema) if marker.since is not None and marker.since > KEY_VERSION}
    left_out = {name for name, default in later(schema).items() if getattr(settings, name) == default}
    return settings.model_dump(exclude=in_no_key(schema) | (newer & left_out))


def in_no_key(schema: type[BaseModel]) -> set[str]:
    """Return the fields that are part of no key."""
    return {name for name, marker in _markers(schema) if marker.since is None}


def later(schema: type[BaseModel]) -> Mapping[str, Any]:
    """Return the fields that came after the key was laid down, with their defaults; older records lack them."""
    return {
        name: schema.model_fields[name].default for name, marker in _markers(schema) if marker.since is not None
    }


def scored_alike(settings: Model) -> Model:
    """Return the settings with what is in no key at its default: they give the same scores, and the same key."""
    schema = type(settings)
    return settings.model_copy(update={name: schema.model_fields[name].default for name in in_no_key(schema)})


def _markers(schema: type[BaseModel]) -> Iterator[tuple[str, InKey]]:
    for name, field in schema.model_fields.items():
        yield from ((name, each) for each in field.metadata if isinstance(each, InKey))
