"""Reads and writes nested mappings by dotted names, such as ``arguments.units``. Imports nothing of seqbench."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of nested mappings with its dotted name; an empty mapping is a value.

    >>> dict(flat({"layer": "ncps.torch:CfC", "arguments": {"units": 64}}))
    {'layer': 'ncps.torch:CfC', 'arguments.units': 64}
    """
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def nested(name: str, value: Any) -> dict[str, Any]:
    """Return a value under a dotted name as nested mappings.

    >>> nested("arguments.units", 64)
    {'arguments': {'units': 64}}
    """
    first, dot, rest = name.partition(".")
    return {first: nested(rest, value) if dot else value}
