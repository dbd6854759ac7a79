"""Offers the model ``attention``: a causal transformer with rotary positions."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Model, hookimpl
from seqbench_attention.model import Attention


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the model."""
    yield Attention
