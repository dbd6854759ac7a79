"""Offers state space models: the model ``s4d``."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Model, hookimpl
from seqbench_ssm.models import S4D


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the models."""
    yield S4D
