"""Reads the BibTeX entries by which a task or a model cites its sources. Imports nothing of seqbench."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc

_HEAD = re.compile(r"@([A-Za-z]+)\s*\{\s*([^\s,{}\"#%~\\]+)\s*,")
_FIELD = re.compile(r"[,\s]([A-Za-z][\w-]*)\s*=")


@dataclass(frozen=True)
class Reference:
    """One entry: its kind, such as ``article``, the key that LaTeX cites it by, and its whole text."""

    kind: str
    key: str
    text: str


def entries(text: str) -> tuple[Reference, ...]:
    """Return the entries of a BibTeX text, in their order.

    The check is light: braces, a key, and a title for each; BibTeX itself knows which fields a kind needs.

    >>> [entry.key for entry in entries("@article{elman1990, title = {Finding structure in time}}")]
    ['elman1990']

    Raises:
        ValueError: the text is not BibTeX, or an entry has no key or no title.
    """
    return tuple(_entries(cleandoc(text)))


def _entries(text: str) -> Iterator[Reference]:
    place = 0
    while rest := text[place:].strip():
        place = len(text) - len(text[place:].lstrip())
        head = _HEAD.match(text, place)
        if head is None:
            raise ValueError(f"an entry begins with @KIND{{KEY, and here stands {rest[:40]!r}")
        end, outer = _closed(text, text.index("{", place), head[2])
        if "title" not in {field.lower() for field in _FIELD.findall(outer)}:
            raise ValueError(f"the entry {head[2]} has no title")
        yield Reference(head[1].lower(), head[2], text[place:end])
        place = end


def _closed(text: str, opening: int, key: str) -> tuple[int, str]:
    """Return the place after the matching closing brace, and the text outside inner braces."""
    depth = 0
    outer: list[str] = []
    for place in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1, "".join(outer)
        if depth == 1:
            outer.append(text[place])
    raise ValueError(f"the entry {key} is not closed: a brace is missing")
