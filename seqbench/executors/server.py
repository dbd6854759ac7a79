"""Starts a process through the server that processes are forked from, and says why none starts.

multiprocessing starts the server, and starts a new one where it finds it dead.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess

from seqbench.errors import ExperimentError, reason

_STARTS = 3
_SECONDS_TO_DIE = 0.5
"""The server's sockets are closed a moment before the system tells how it ended."""


def started(process: Callable[[], ForkServerProcess]) -> ForkServerProcess:
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
        " processes, memory and temporary files here, or take --executor serial"
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
