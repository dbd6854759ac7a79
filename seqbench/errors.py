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


def unknown(kind: str, name: str, choices: Iterable[str], listed_by: str = "") -> str:
    """Say that ``name`` is none of ``choices`` and which one was probably meant.

    Args:
        kind: what it is.
        name: what was asked for.
        choices: all that there is.
        listed_by: what lists them, where they are too many for a message.

    >>> unknown("task", "cpoy", ["copy", "sentiment"])
    "no task is called 'cpoy'; did you mean 'copy'? There are: copy, sentiment"
    """
    known = sorted(choices)
    near = nearest(name, known)
    guess = f"; did you mean {near!r}?" if near else "."
    there = f"{listed_by} names all {len(known)}" if listed_by else f"There are: {', '.join(known) or 'none'}"
    return f"no {kind} is called {name!r}{guess} {there}"


def nearest(name: str, choices: Iterable[str], cutoff: float = 0.5) -> str | None:
    """Return the choice that was probably meant by a name, whatever its capitals; None if none is near.

    >>> nearest("LSTM", ["gru", "lstm"]), nearest("Hiden-Size", ["hidden_size"]), nearest("lstm", ["copy"])
    ('lstm', 'hidden_size', None)

    Args:
        name: what was asked for; it is none of the choices.
        choices: all that there is.
        cutoff: the least likeness, from 0 to 1 (`difflib.SequenceMatcher.ratio`).
    """
    folded = {choice.casefold(): choice for choice in choices}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None
