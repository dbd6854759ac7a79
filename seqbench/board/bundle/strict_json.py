"""Reads JSON that all readers understand alike: no repeated key, no NaN, limited nesting."""

from __future__ import annotations

import json
from typing import Any

from seqbench.board.bundle.archive import RefusedError


def strict_json(content: bytes, name: str) -> Any:
    """Return the parsed content of a file of a bundle.

    Raises:
        RefusedError: it is not strict JSON in UTF-8.
    """
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{name} is no strict JSON: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
