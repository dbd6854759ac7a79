"""Offers the model ``tcn``: a temporal convolutional network."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Model, hookimpl
from seqbench_tcn.model import TCN


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the model."""
    yield TCN
