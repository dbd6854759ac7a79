"""Offers state space models: the models ``s4d`` and ``mamba``."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Model, hookimpl
from seqbench_ssm.models import S4D, Mamba


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the models."""
    yield S4D
    yield Mamba
