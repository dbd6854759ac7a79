"""Shows what a Python caller gave, for messages, and takes paths given as text or as a `Path`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from seqbench.base.printable import one_line
from seqbench.errors import SeqbenchError, StoreError

_MOST = 200
_WRITERS = {"pandas": 'to_csv("mine.csv", index=False)', "polars": 'write_csv("mine.csv")'}
"""Package of a table -> the call of its method that writes a file."""


def shown(value: Any) -> str:
    """Return a value as a message shows it: what fits on a line as Python writes it, other objects by their type.

    >>> import numpy
    >>> shown([1, 2]), shown(numpy.zeros(1)), shown(numpy.zeros((2, 2))), shown(Path)
    ('[1, 2]', 'array([0.])', 'an object of type numpy.ndarray', 'the class Path')
    """
    if isinstance(value, type):
        return f"the class {value.__qualname__}"
    if isinstance(value, str):
        return one_line(repr(value), _MOST)
    text = repr(value)
    if "\n" in text or text.startswith("<"):
        return f"an object of type {_type_name(type(value))}"
    return one_line(text, _MOST)


def how_to_write(value: Any) -> str:
    """Return the call that writes the rows of a value to a file, for an advice.

    >>> how_to_write([{"text": "good"}])
    'pandas.DataFrame(rows).to_csv("mine.csv", index=False)'
    """
    package = type(value).__module__.partition(".")[0]
    return f"table.{_WRITERS[package]}" if package in _WRITERS else f"pandas.DataFrame(rows).{_WRITERS['pandas']}"


def as_path(value: object, what: str, error: type[SeqbenchError] = StoreError) -> Path:
    """Return a path that was given as text or as a `Path`; ``~`` at its beginning is the user's home folder.

    Args:
        value: what was given.
        what: what it is the path of, as the caller knows it.
        error: what is raised.

    Raises:
        SeqbenchError: it is an empty text, no path, or begins with ``~`` where no home folder is known.
    """
    if isinstance(value, str | os.PathLike) and str(value).strip():
        try:
            return Path(value).expanduser()
        except RuntimeError as problem:
            raise error(
                f"{what} is {shown(value)}, and no such home folder is known; write the whole path"
            ) from problem
    raise error(f"{what} is {shown(value)}; give a path, as text or as a Path")


def _type_name(kind: type) -> str:
    """Return the name of a type with its package: ``numpy.ndarray``; builtins have none."""
    package = kind.__module__.partition(".")[0]
    return kind.__qualname__ if package in ("builtins", "__main__") else f"{package}.{kind.__qualname__}"
