"""Defines which fields of training are part of a cell's key, and since which version of the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

KEY_VERSION = 2
"""Version of the key, hashed with the rest; it rises when the meaning of a key changes, or the bits of a training.

1: as it was first published. 2: fused optimisers; fields marked with 2 are in every key.
"""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class InKey:
    """Marks a field in its annotation; a field without it belongs to every version of the key.

    Attributes:
        since: the first version of the key that always has the field. Older versions omit it at its default, so
            that earlier cells keep their keys. None: it is in no key, because it moves no score.
    """

    since: int | None


IN_NO_KEY = InKey(None)
"""Marks a field that decides whether or how fast a cell gets its score, and does not change the score."""


def in_key(settings: BaseModel, version: int) -> dict[str, Any]:
    """Return the settings that are part of a version of the key: all that can move a score."""
    schema = type(settings)
    newer = {name for name, marker in _markers(schema) if marker.since is not None and marker.since > version}
    left_out = {name for name, default in later(schema).items() if getattr(settings, name) == default}
    return settings.model_dump(exclude=in_no_key(schema) | (newer & left_out))


def in_no_key(schema: type[BaseModel]) -> set[str]:
    """Return the fields that are part of no key."""
    return {name for name, marker in _markers(schema) if marker.since is None}


def later(schema: type[BaseModel]) -> Mapping[str, Any]:
    """Return the fields that are newer than the key format, with their defaults; older records lack them."""
    return {
        name: schema.model_fields[name].default for name, marker in _markers(schema) if marker.since is not None
    }


def scored_alike(settings: Model) -> Model:
    """Return the settings with fields of no key at their defaults: scores and key stay the same."""
    schema = type(settings)
    return settings.model_copy(update={name: schema.model_fields[name].default for name in in_no_key(schema)})


def _markers(schema: type[BaseModel]) -> Iterator[tuple[str, InKey]]:
    for name, field in schema.model_fields.items():
        yield from ((name, each) for each in field.metadata if isinstance(each, InKey))
