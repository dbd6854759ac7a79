"""Names what models that put layers on each other share. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

Norm: TypeAlias = Literal["none", "layer", "rms"]
"""Normalisation of a step's features: none, layer norm (Ba et al. 2016), or RMS norm (Zhang & Sennrich 2019)."""


def stacked_parts(parts: Iterable[str], layers: int) -> tuple[str, ...]:
    """Return the names of the parts of a stack's state, from the lowest layer to the highest.

    >>> stacked_parts(["hidden", "cell"], 2)
    ('hidden_0', 'cell_0', 'hidden_1', 'cell_1')
    >>> stacked_parts(["hidden", "cell"], 1)
    ('hidden', 'cell')
    """
    names = tuple(parts)
    return names if layers == 1 else tuple(f"{name}_{number}" for number in range(layers) for name in names)
