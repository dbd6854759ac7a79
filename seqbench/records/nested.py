"""Lists nested parameters, such as the arguments of a layer, under dotted names. Imports nothing of seqbench."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def flat(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of nested mappings with its dotted name; an empty mapping is a value.

    >>> dict(flat({"layer": "ncps.torch:CfC", "arguments": {"units": 64}}))
    {'layer': 'ncps.torch:CfC', 'arguments.units': 64}
    """
    for name, value in parameters.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
