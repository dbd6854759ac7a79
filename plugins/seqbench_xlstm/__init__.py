"""Offers the extended long short-term memory of Beck et al. (2024): the model ``xlstm``."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Model, hookimpl
from seqbench_xlstm.model import XLSTM


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the model."""
    yield XLSTM
