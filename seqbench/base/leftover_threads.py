"""Finds threads that keep a process from ending.

At exit Python waits for every thread that is not a daemon; one that a plugin started may never end. Imports
nothing of seqbench.
"""

from __future__ import annotations

import sys
import threading
import time

_SECONDS = 1.0
"""Time to wait for threads that end by themselves."""


def end_idle_pools() -> None:
    """End the threads of pools, as Python does at exit; no pool takes work afterwards."""
    pools = sys.modules.get("concurrent.futures.thread")
    if pools is not None:
        # It waits for unfinished work, which may never end.
        threading.Thread(target=pools._python_exit, daemon=True).start()


def left_running(seconds: float = _SECONDS) -> list[str]:
    """Return the names of the other threads for which Python would wait at exit.

    Args:
        seconds: time that they get to end by themselves.
    """
    ends = time.monotonic() + seconds
    for thread in _others():
        thread.join(max(0.0, ends - time.monotonic()))
    return sorted(thread.name for thread in _others())


def _others() -> list[threading.Thread]:
    own = threading.current_thread()
    return [thread for thread in threading.enumerate() if thread is not own and not thread.daemon]
