"""Checks the outcome of a record as its schema does, in a quarter of the time, for an index of many records.

msgspec decodes it into types that are made of those of the schema. It accepts less than pydantic (no 1.0 for 1),
so what it refuses is left to pydantic, which reads it or explains. Imports msgspec when used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from inspect import isfunction
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from seqbench.records.schema import Record

APART = frozenset({"cell", "environment"})
"""Fields of a record that its outcome lacks."""

_NOTHING = dataclasses.MISSING


def checked_outcome(text: str) -> Record | None:
    """Return the outcome in a JSON text, as `Record` has it; None if pydantic is to judge.

    Only for reading its fields: it is no instance of the class, and so are none of its parts.
    """
    try:
        return _decode()(text)
    except (ValueError, RecursionError):
        return None


@cache
def _decode() -> Callable[[str], Record]:
    import msgspec

    decode: Any = msgspec.json.Decoder(_Types().of(Record, APART)).decode
    return decode  # type: ignore[no-any-return]


class _Types:
    """Makes types for msgspec of those of a schema, each once."""

    def __init__(self) -> None:
        self._made: dict[Any, Any] = {}

    def of(self, owner: Any, left_out: frozenset[str] = frozenset()) -> Any:
        """Return the type for a model or a dataclass, without some fields, with its properties and methods."""
        import msgspec

        if owner not in self._made:
            known = _fields(owner, left_out)
            fields = [(name, self._inner(kind), *_default(value)) for name, kind, value in known]
            own = {name: each for name, each in vars(owner).items() if _is_kept(name, each)}
            how: dict[str, Any] = {"namespace": own, "forbid_unknown_fields": True, "kw_only": True}
            self._made[owner] = msgspec.defstruct(owner.__name__, fields, **how)
        return self._made[owner]

    def _inner(self, kind: Any) -> Any:
        origin, inner = get_origin(kind), get_args(kind)
        if origin is Literal:
            # msgspec knows no truth values there.
            return None if inner == (False,) else kind
        if origin in (Union, UnionType):
            return Union[tuple(map(self._inner, inner))]  # noqa: UP007
        if origin is not None:
            parts = tuple(each if each is ... else self._inner(each) for each in inner)
            container: Any = dict if origin is Mapping else origin
            return container[parts]
        is_record = isinstance(kind, type) and (issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind))
        return self.of(kind) if is_record else kind


def _fields(owner: Any, left_out: frozenset[str]) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, type and default of each field; a default that is none is `_NOTHING`."""
    if issubclass(owner, BaseModel):
        for name, field in owner.model_fields.items():
            if name not in left_out:
                yield name, field.annotation, _NOTHING if field.is_required() else field.default
    else:
        kinds = get_type_hints(owner)
        for each in dataclasses.fields(owner):
            made = each.default_factory
            yield each.name, kinds[each.name], each.default if made is _NOTHING else made()


def _default(value: Any) -> tuple[Any, ...]:
    import msgspec

    if value is _NOTHING:
        return ()
    return (msgspec.field(default_factory=lambda: value),) if isinstance(value, dict | BaseModel) else (value,)


def _is_kept(name: str, value: Any) -> bool:
    return not name.startswith("_") and (isfunction(value) or isinstance(value, property))
