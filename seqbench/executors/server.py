"""Starts a process through the server that processes are forked from, and says why none starts.

multiprocessing starts the server, and starts a new one where it finds it dead.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess

from seqbench.base.portable import portable_settings
from seqbench.errors import ExperimentError, reason

_STARTS = 3
_SECONDS_TO_DIE = 0.5
"""The server's sockets are closed a moment before the system tells how it ended."""


@dataclass
class _Server:
    """The server of this process: multiprocessing has one, which keeps the arithmetic that it was started with."""

    is_portable: bool | None = None


_SERVER = _Server()


def context_of(is_portable: bool | None, preload: Sequence[str]) -> ForkServerContext | SpawnContext:
    """Return how a process is started: by the server, or anew where the server has another arithmetic.

    Args:
        is_portable: see `seqbench.base.portable`; None where it does not matter.
        preload: the modules that the server imports once.
    """
    if _SERVER.is_portable is None:
        _SERVER.is_portable = bool(is_portable)
    if is_portable not in (None, _SERVER.is_portable):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


def settings_of(is_portable: bool | None) -> Mapping[str, str]:
    """Return the environment variables of a process of an arithmetic; the server's where it does not matter."""
    wanted = _SERVER.is_portable if is_portable is None else is_portable
    return portable_settings() if wanted else {}


def started(process: Callable[[], BaseProcess]) -> BaseProcess:
    """Return a process that has started; if the server dies while it starts one, start it from a new server.

    Args:
        process: returns a process that has not started.

    Raises:
        ExperimentError: the machine gives no process.
    """
    killers: list[str | None] = []
    while True:
        new = process()
        try:
            new.start()
            return new
        except (EOFError, OSError) as error:
            killers.append(_killer())
            if len(killers) == _STARTS:
                raise ExperimentError(_not_started(error, killers)) from error


def _not_started(error: Exception, killers: list[str | None]) -> str:
    signals = sorted({name for name in killers if name})
    why = reason(error) or "its server ended at once"
    if None not in killers:
        why = f"the server that forks them was killed {len(killers)} times in a row, by {' and '.join(signals)}"
    return (
        f"no process can be started: {why}; look at the limits on"
        " processes, memory and temporary files here, or take the executor serial"
    )


def _killer() -> str | None:
    """Return the signal that ended the server; None if none did.

    Only looks: the process stays for multiprocessing to wait for.
    """
    pid: int | None = vars(forkserver._forkserver).get("_forkserver_pid")
    deadline = time.monotonic() + _SECONDS_TO_DIE
    while pid is not None and time.monotonic() < deadline:
        try:
            ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return None
        if ended is not None:
            is_killed = ended.si_code in (os.CLD_KILLED, os.CLD_DUMPED)
            return signal.Signals(ended.si_status).name if is_killed else None
        time.sleep(0.01)
    return None
