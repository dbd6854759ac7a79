"""Keeps the caller's handlers of Ctrl-C and SIGTERM while Lightning trains.

Lightning turns Ctrl-C into SystemExit(1) and ignores the next one. It turns SIGTERM into an exception after the
step, before a checkpoint can be written. Imports nothing of seqbench.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def signal_handlers_kept() -> Iterator[Callable[[], None]]:
    """Keep the caller's handler of Ctrl-C, and restore the handlers of both signals after the block.

    Yields a function that restores them within the block: Lightning replaces the SIGTERM handler at each fit.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def put_back() -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number, handler in before.items():
            # None: the handler was not set from Python and cannot be restored from Python.
            if handler is not None:
                signal.signal(number, handler)

    try:
        yield put_back
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
    finally:
        put_back()
