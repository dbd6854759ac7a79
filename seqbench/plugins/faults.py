"""Turns errors of plugin code, raised while it makes data or layers, into one sentence.

A plugin may lack a package, leave the process, or raise something that is not an Exception. None of these may end
a command without a verdict or with a traceback.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from seqbench.errors import PluginError, SeqbenchError
from seqbench.plugins.imports import said

if TYPE_CHECKING:
    from seqbench.plugins.catalog import Origin

OURS = frozenset({"torch", "torchmetrics", "pytorch_lightning", "seqbench"})
"""Packages that seqbench needs, whatever the plugin."""


@contextmanager
def faults_told(what: str, *, bugs_pass: bool = False) -> Iterator[None]:
    """Run the code of a plugin.

    Args:
        what: the sentence if it fails, e.g. ``the model lstm cannot be built``.
        bugs_pass: let ordinary exceptions through with their traceback, except a missing package and infinite
            recursion.

    Raises:
        PluginError: the code raised something, or left the process.
    """
    try:
        yield
    except (SeqbenchError, GeneratorExit):
        raise
    except BaseException as error:
        is_bug = isinstance(error, Exception) and not isinstance(error, (ImportError, RecursionError))
        if is_ctrl_c(error) or (bugs_pass and is_bug) or _is_ours(error):
            raise
        raise PluginError(f"{what}: {in_words(error)}") from error


def _is_ours(error: BaseException) -> bool:
    """Say whether a package is missing that seqbench itself needs: then no plugin is to blame."""
    return isinstance(error, ModuleNotFoundError) and error.name in OURS


def in_words(error: BaseException) -> str:
    """Return an exception as one line: its message, its place, and what to do if a package is missing."""
    words = said(error)
    return (
        f"it leaves the process instead of raising an error: {words}" if isinstance(error, SystemExit) else words
    )


def is_ctrl_c(error: BaseException) -> bool:
    """Say whether an exception may be the user's Ctrl-C and not the plugin's own; workers never receive Ctrl-C."""
    return isinstance(error, KeyboardInterrupt) and signal.SIGINT not in signal.pthread_sigmask(
        signal.SIG_BLOCK, ()
    )


def owner(kind: str, name: str, origins: Mapping[tuple[str, str], Origin]) -> str:
    """Return a task or a model with its plugin, for a message."""
    origin = origins.get((kind, name))
    return f"{kind} {name}" + ("" if origin is None else f" ({origin})")


def place(task: str, length: int) -> str:
    """Return the task and length whose data were loaded, for a message."""
    return f"{task} at length {length}"
