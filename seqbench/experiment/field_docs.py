"""Writes the fields of a pydantic class for a person: its signature, and a list of them for its docstring.

Imports nothing of seqbench.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator
from inspect import Parameter, Signature
from typing import Any, Literal

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

_INDENT = "    "


def signature_of(model: type[BaseModel]) -> Signature:
    """Return the signature of a class, with plain types in place of pydantic's validators."""
    types = typing.get_type_hints(model)
    return Signature(
        [
            Parameter(name, Parameter.KEYWORD_ONLY, default=_default(field), annotation=types[name])
            for name, field in model.model_fields.items()
        ]
    )


def documented(model: type[BaseModel]) -> str:
    """Return the docstring of a class, with a line for each of its fields at the end.

    A line has the name, the type, the default, the meaning and the bounds.
    """
    types = typing.get_type_hints(model)
    lines = [f"{_INDENT}{_line(name, types[name], field)}" for name, field in model.model_fields.items()]
    return "\n".join([inspect.cleandoc(model.__doc__ or ""), "", "Fields:", *lines])


def _line(name: str, type_: Any, field: FieldInfo) -> str:
    default = "" if field.is_required() else f" = {_default(field)!r}"
    # Descriptions are those of YAML files too.
    meaning = re.sub(r"\bnull\b", "None", field.description or "")
    return f"{name}: {_written(type_)}{default}  # {'; '.join([meaning, *_bounds(field)])}"


class _Made:
    """Stands for a default that is made anew each time."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _default(field: FieldInfo) -> Any:
    if field.is_required():
        return Parameter.empty
    if field.default is not PydanticUndefined:
        return field.default
    made: Any = field.get_default(call_default_factory=True)
    return _Made(f"{type(made).__name__}()") if isinstance(made, BaseModel) else made


def _written(type_: Any) -> str:
    """Return a type as a person writes it.

    >>> _written(tuple[int, ...]), _written(Literal["a", "b"] | None), _written(dict[str, Any])
    ('tuple[int, ...]', "'a' | 'b' | None", 'dict[str, Any]')
    """
    parts = typing.get_args(type_)
    if typing.get_origin(type_) is Literal:
        return " | ".join(map(repr, parts))
    if type(None) in parts or typing.get_origin(type_) in (typing.Union, type(int | str)):
        return " | ".join("None" if part is type(None) else _written(part) for part in parts)
    if parts:
        inner = ", ".join("..." if part is ... else _written(part) for part in parts)
        return f"{type_.__origin__.__name__}[{inner}]"
    return getattr(type_, "__name__", str(type_))


def _bounds(field: FieldInfo) -> Iterator[str]:
    for each in field.metadata:
        match each:
            case annotated_types.Ge(ge=bound):
                yield f"{bound} or more"
            case annotated_types.Gt(gt=bound):
                yield f"above {bound}"
            case annotated_types.Le(le=bound):
                yield f"{bound} at most"
            case annotated_types.MinLen(min_length=1):
                yield "at least one"
            case _:
                pass
