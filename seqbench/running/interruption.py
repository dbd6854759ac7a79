"""Ends a sweep at Ctrl-C: the first lets running cells write checkpoints, the second ends them at once.

SIGTERM, and SIGHUP of a closed terminal, do the same. Handlers are set during a block, in the main thread only,
and restored after it. Imports only stop.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from seqbench.base.stop import Stop

STOPPING = "stopping: the running cells write their checkpoints and end; Ctrl-C again ends them at once"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Whether a stop was requested.

    Attributes:
        number: the first signal received; None if there was none.
        stop: requested by a signal; watched by cells that stop after a checkpoint.
    """

    def __init__(self) -> None:
        self.stop = Stop()
        self.number: int | None = None
        self._is_gentle = False
        self._is_last = False
        self._terminals = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]
        # The only queue that is safe to fill in a signal handler.
        self._told: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def be_gentle(self) -> None:
        """From now on the first signal only requests a stop; before that, nothing runs that needs to end well."""
        self._is_gentle = True

    def be_last(self) -> None:
        """Ignore signals from now on, also after the block, because the process is about to end."""
        self._is_last = True

    def is_asked(self) -> bool:
        """Say whether a signal came."""
        return self.stop.is_asked()

    @property
    def status(self) -> int:
        """The exit status: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
        return 128 + (self.number or signal.SIGINT)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._let_go()
        if self._is_last:
            return
        is_first, self.number = self.number is None, self.number or number
        self.stop.ask()
        if not (is_first and self._is_gentle):
            raise KeyboardInterrupt
        self._told.put(STOPPING)

    def _let_go(self) -> None:
        """Discard output to a closed terminal, where an error in writing would end the cells at once."""
        for descriptor in self._terminals:
            if not os.isatty(descriptor):
                os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)

    def _say(self, tell: Callable[[str], None]) -> None:
        while (text := self._told.get()) is not None:
            tell(text)

    @contextmanager
    def _heard(self, tell: Callable[[str], None]) -> Iterator[None]:
        # Messages are written by a thread: the handler may have interrupted a write to the same stream.
        saying = threading.Thread(target=self._say, args=[tell], name="seqbench interruption", daemon=True)
        saying.start()
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number, handler in before.items():
            # Ignored signals stay ignored: a background job of a shell must not react to Ctrl-C.
            if handler != signal.SIG_IGN:
                signal.signal(number, self._handle)
        try:
            yield
        finally:
            for number, handler in before.items():
                # None: the handler was not set from Python.
                signal.signal(number, signal.SIG_IGN if self._is_last else handler or signal.SIG_DFL)
            self._told.put(None)
            saying.join()


@contextmanager
def interruption(tell: Callable[[str], None]) -> Iterator[Interruption]:
    """Catch Ctrl-C, SIGTERM and SIGHUP while the block runs; the one that ends at once raises KeyboardInterrupt.

    Args:
        tell: called, from another thread, with a line that says what happens.
    """
    stop = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    with stop._heard(tell):
        yield stop
