"""Writes a docstring for a terminal: without its markup, and with its parameters apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_ATTRIBUTES = re.compile(r"^Attributes:\n(?P<body>(?:[ ]+.*\n?|\n)*)", flags=re.MULTILINE)
_RULE = re.compile(r"^ *=+( +=+)+ *$")
_ENTRY = re.compile(r"^ {4}(?P<names>\w+(?:, \w+)*): (?P<text>.*(?:\n {5,}.*)*)", flags=re.MULTILINE)


def readable(docstring: str) -> str:
    """Return a cleaned docstring without reST markup and without its section ``Attributes``.

    >>> readable("Count ``ones`` of `Bits`, as in::\\n\\n    1 0 1\\n\\nAttributes:\\n    steps: how many.")
    'Count ones of Bits, as in:\\n\\n    1 0 1'
    """
    text = _ATTRIBUTES.sub("", docstring)
    text = re.sub(r"^ *::\n\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"::$", ":", text, flags=re.MULTILINE)
    return "\n".join(_lines(text)).strip()


def _lines(text: str) -> Iterator[str]:
    """Yield lines without markup; the cells of a table keep their width."""
    starts: list[int] = []
    for line in text.splitlines():
        if _RULE.match(line):
            starts = [each.start() for each in re.finditer("=+", line)]
            yield line.replace("=", "─")
        elif starts and line:
            cells = [(line[start:end], end - start) for start, end in pairwise([*starts, len(line)])]
            yield line[: starts[0]] + "".join(_unmarked(cell).ljust(width) for cell, width in cells).rstrip()
        else:
            starts = []
            yield _unmarked(line)


def _unmarked(text: str) -> str:
    return re.sub(r"(:\w+:)?(`{1,2})([^`\n]+)\2", r"\3", text)


def meanings(docstring: str) -> dict[str, str]:
    """Return the description of each name in the section ``Attributes`` of a cleaned docstring.

    >>> meanings("Count.\\n\\nAttributes:\\n    low, high: the ends,\\n        both ``int``.")
    {'low': 'the ends, both int.', 'high': 'the ends, both int.'}
    """
    section = _ATTRIBUTES.search(docstring)
    found: dict[str, str] = {}
    for entry in _ENTRY.finditer(section["body"]) if section else ():
        text = readable(" ".join(entry["text"].split()))
        found |= dict.fromkeys(entry["names"].split(", "), text)
    return found
