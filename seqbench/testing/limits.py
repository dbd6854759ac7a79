"""Ends checks that take too long. Imports nothing of seqbench."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TookTooLong(BaseException):
    """The time limit has passed; not an Exception, so that a plugin does not catch it."""


@contextmanager
def at_most(seconds: float | None) -> Iterator[None]:
    """End the block after some seconds of wall time.

    It uses a signal, which only the main thread receives, and which waits for a call into compiled code to return.
    In another thread, or if ``seconds`` is None, there is no limit.

    Raises:
        TookTooLong: the time is up.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
