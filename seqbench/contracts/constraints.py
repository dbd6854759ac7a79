"""Checks values of parameters against their annotations, and says in words what an annotation allows.

Understands ``Annotated[int, Field(ge=1)]`` as pydantic does, which is imported when a value is checked.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from seqbench.base.given import shown
from seqbench.base.refusals import refusal_of_all

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

_LIMITS = {
    "gt": "above {}", "ge": "at least {}", "lt": "below {}", "le": "at most {}", "multiple_of": "a multiple of {}",
    "min_length": "of length {} or more", "max_length": "of length {} or less", "pattern": "of the form {}",
}  # fmt: skip
"""Attribute of a constraint, as pydantic and annotated-types call it -> words."""

_OF_LIMITS = frozenset(
    {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "too_short", "too_long"}
    | {"string_too_short", "string_too_long", "string_pattern_mismatch", "finite_number", "literal_error"}
)
"""Kinds of pydantic's errors that `limits` explains in full."""


def fitted(annotation: Any, value: Any) -> Any:
    """Convert a value to its annotation: a list becomes a tuple, 0 becomes 0.0; nothing else is converted.

    Raises:
        ValidationError: it does not fit.
        TypeError: it is not plain data that JSON can hold.
    """
    # Through JSON, which writes a tuple as a list; otherwise strict: "5" is not a number.
    return _adapter(_Same(annotation)).validate_json(json.dumps(value))


@dataclasses.dataclass(frozen=True, eq=False)
class _Same:
    """An annotation or a class that equals itself only: others may compare as equal, or have no hash."""

    annotation: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.annotation is other.annotation

    def __hash__(self) -> int:
        return id(self.annotation)


@lru_cache(maxsize=1024)
def _adapter(same: _Same) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter

    config = ConfigDict(strict=True, arbitrary_types_allowed=True)
    return TypeAdapter(same.annotation, config=config)


def annotations_of(plugin: type) -> Mapping[str, Any]:
    """Return the annotations of a class, always the same objects: of the text of one each reading makes a new one.

    Raises:
        NameError, TypeError: one cannot be resolved.
    """
    return _hints(_Same(plugin))


@lru_cache(maxsize=1024)
def _hints(same: _Same) -> Mapping[str, Any]:
    return typing.get_type_hints(same.annotation, include_extras=True)


def refused(field: str, annotation: Any, value: Any, error: ValidationError) -> str:
    """Return a sentence about a refused value: the value, and all that is allowed.

    Args:
        field: its name as the user writes it.
        annotation: the field's annotation.
        value: the refused value.
        error: what `fitted` raised.
    """
    details, allowed = error.errors(), limits(annotation)
    if allowed and all(detail["type"] in _OF_LIMITS and not detail["loc"] for detail in details):
        return f"{field} is {shown(value)}; it must be {allowed}"
    return refusal_of_all(field, details)


def check_fields(plugin: Any) -> None:
    """Check the fields of a task or a model whose annotations limit their values.

    Raises:
        ValueError: a value is outside its limits; the message says which values are allowed.
    """
    try:
        hints = annotations_of(type(plugin))
    except (NameError, TypeError):
        # Loading plugins refuses such a class, and says why.
        return
    for field in dataclasses.fields(plugin):
        annotation, value = hints[field.name], getattr(plugin, field.name)
        if is_limited(annotation):
            _check(field.name, annotation, value)


def _check(name: str, annotation: Any, value: Any) -> None:
    from pydantic import ValidationError

    try:
        fitted(annotation, value)
    except ValidationError as error:
        raise ValueError(refused(name, annotation, value, error)) from error
    except TypeError as error:
        raise ValueError(f"{name} is {shown(value)}, which is no plain data as JSON has it") from error


def is_limited(annotation: Any) -> bool:
    """Say whether an annotation, or a part of it, is a choice or limits the values of its type."""
    if typing.get_origin(annotation) in (Literal, Annotated) and limits(annotation):
        return True
    return any(is_limited(part) for part in typing.get_args(annotation))


def limits(annotation: Any) -> str:
    """Return what values an annotation allows beyond their type; empty if it allows all.

    >>> from pydantic import Field
    >>> limits(Annotated[float, Field(ge=0, lt=1)]), limits(Annotated[int, Field(ge=1)] | None)
    ('at least 0 and below 1', 'at least 1, or null')
    >>> limits(Literal["head", "tail", "middle"])
    "'head', 'tail' or 'middle'"
    """
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return _either([_written(value) for value in parts])
    if origin is Annotated:
        return " and ".join([*filter(None, [limits(parts[0])]), *_of_metadata(parts[1:])])
    if origin in (Union, types.UnionType):
        others = [part for part in parts if part is not type(None)]
        found = limits(others[0]) if len(others) == 1 else ""
        return f"{found}, or null" if found and len(others) < len(parts) else found
    return ""


def in_words(annotation: Any) -> str:
    """Return an annotation as a person writes it, with its limits in words.

    >>> from pydantic import Field
    >>> in_words(Annotated[int, Field(ge=1)]), in_words(Annotated[int, Field(ge=1)] | None), in_words(str | None)
    ('int, at least 1', 'int (at least 1) | None', 'str | None')
    """
    if typing.get_origin(annotation) is Annotated:
        base = typing.get_args(annotation)[0]
        return ", ".join(filter(None, [in_words(base), " and ".join(_of_metadata(annotation.__metadata__))]))
    return _named(annotation)


def _named(annotation: Any) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in (None, type(None)):
        return "None"
    if origin is Annotated:
        words = " and ".join(_of_metadata(parts[1:]))
        return f"{_named(parts[0])} ({words})" if words else _named(parts[0])
    if origin in (Union, types.UnionType):
        return " | ".join(map(_named, parts))
    if isinstance(origin, type):
        inner = ", ".join("..." if part is ... else _named(part) for part in parts)
        return f"{origin.__name__}[{inner}]"
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _of_metadata(metadata: tuple[Any, ...]) -> Iterator[str]:
    for each in metadata:
        # Field keeps its arguments in a list of its own.
        inner = getattr(each, "metadata", None)
        if isinstance(inner, list):
            yield from _of_metadata(tuple(inner))
            continue
        for name, words in _LIMITS.items():
            if (limit := getattr(each, name, None)) is not None:
                yield words.format(limit)
        if getattr(each, "allow_inf_nan", None) is False:
            yield "finite"


def _written(value: Any) -> str:
    """Return a value as YAML and the command line write it."""
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
