"""Offers layers whose recurrence is linear in the state: the models ``lru`` and ``minlstm``."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Model, hookimpl
from seqbench_linear.models import LRU, MinLSTM


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the two models."""
    yield LRU
    yield MinLSTM
