"""Writes texts and data for a page, with hidden characters spelled out; JSON is safe inside a script element."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from seqbench.base.printable import printable


def shown(value: Any) -> Any:
    """Return a value for a page: in texts, control and hidden characters are spelled out, except line ends."""
    from markupsafe import Markup

    if isinstance(value, Mapping):
        return {shown(name): shown(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(inner) for inner in value]
    return printable(value, keep="\n\t") if isinstance(value, str) and not isinstance(value, Markup) else value


def script_json(value: Any) -> str:
    """Return JSON that is safe inside a script element, whatever its strings contain.

    >>> print(script_json({"a": "</script>"}), script_json(["\x1b"]))
    {"a":"\\u003c/script\\u003e"} ["\\\\x1b"]
    """
    text = _json(value)
    if not text.isprintable() or "\\" in text:
        # Some string has a character that is hidden or escaped.
        text = _json(shown(value))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
