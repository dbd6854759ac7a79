"""Defines the errors that a user, a plugin author or the data can cause, and builds their messages.

Every message says what was asked, what was found and what to do. Imports nothing of seqbench.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SeqbenchError(Exception):
    """The root of the tree; the command line prints it without a traceback and exits with status 2."""


class ExperimentError(SeqbenchError):
    """An experiment asks for something that does not exist or makes no sense."""


class PluginError(SeqbenchError):
    """A plugin cannot be found, loaded or used."""


class ContractError(SeqbenchError):
    """A task or a model does not keep its contract."""


class StoreError(SeqbenchError):
    """A folder of results cannot be read or written."""


class DataError(SeqbenchError):
    """A data set is missing, unreadable or unfit for its task."""


class HiddenDataError(SeqbenchError):
    """A trial looks at test data, on which nothing may be chosen."""


class BoardError(SeqbenchError):
    """A bundle or a board cannot be read or written."""


def reason(error: Exception) -> str:
    """Return why a file could not be read or written, without Python's ``[Errno 2]`` and codec names.

    >>> reason(FileNotFoundError(2, "No such file or directory", "mine.yaml"))
    'no such file or directory'
    """
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 text: {error.reason} at byte {error.start}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error)


def told(error: BaseException) -> str:
    """Return the name of an exception, what it says, and its notes; one whose text cannot be had has a name.

    >>> told(KeyError("steps")), told(EOFError())
    ("KeyError: 'steps'", 'EOFError')
    """
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:
        return f"{name}, whose text cannot be had"
    notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
    return f"{name}: {text}{notes}" if text else f"{name}{notes}"


def unknown(kind: str, name: str, choices: Iterable[str]) -> str:
    """Say that ``name`` is none of ``choices`` and which one was probably meant.

    >>> unknown("task", "cpoy", ["copy", "sentiment"])
    "no task is called 'cpoy'; did you mean 'copy'? There are: copy, sentiment"
    """
    known = sorted(choices)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    guess = f"; did you mean {near[0]!r}?" if near else "."
    return f"no {kind} is called {name!r}{guess} There are: {', '.join(known) or 'none'}"
