"""Says what to write where a file names a field and gives it no value."""

from __future__ import annotations

import typing

from pydantic import BaseModel

Place = tuple[str | int, ...]


class NoValueError(Exception):
    """A field has no value.

    Attributes:
        place: the path of keys and positions to the field.
        line: its line, counted from 1.
    """

    def __init__(self, place: Place, line: int) -> None:
        super().__init__(place, line)
        self.place, self.line = place, line


def what_to_write(place: Place, model: type[BaseModel] | None) -> str:
    """Return the advice for a field: null only where the field takes it, and no way round a field that is needed.

    Args:
        place: the path to the field.
        model: what the whole file is read as; None if that is unknown.
    """
    for i, step in enumerate(place):
        field = model.model_fields.get(str(step)) if model is not None else None
        if field is None:
            break
        kinds = typing.get_args(field.annotation) or (field.annotation,)
        if i == len(place) - 1:
            if type(None) in kinds:
                return "write it, or null for none"
            return "write it" if field.is_required() else "write it, or leave it out"
        model = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    return "write it, or leave it out"
