"""Defines the base of everything read from experiments: frozen classes that `help` shows with all their fields."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from seqbench.experiment.field_docs import documented, signature_of


class Settings(BaseModel):
    """The base of everything read from files: frozen; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls.__signature__ = signature_of(cls)
        cls.__doc__ = documented(cls)
