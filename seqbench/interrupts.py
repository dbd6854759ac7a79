"""Who hears Ctrl-C and SIGTERM while Lightning trains? We do.

Lightning turns Ctrl-C into SystemExit(1) and ignores the next one, and SIGTERM into an exception after the
step, too early for our checkpoint. Stands on nothing.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminations:
    """SIGTERM as a request to stop, where nobody else in this process listens to it.

    The second one ends the process at once. Outside the main thread, and where somebody has a handler of
    their own, nothing is changed.
    """

    def __init__(self) -> None:
        self.were_asked = False
        self._handler = signal.getsignal(signal.SIGTERM)
        if self._handler is signal.SIG_DFL:
            self._handler = self._heard

    def listen(self) -> None:
        """Take SIGTERM, from Lightning too, which takes it each time a fit begins."""
        if _is_main_thread() and not self.were_asked and self._handler is not None:
            signal.signal(signal.SIGTERM, self._handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self.were_asked = True
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def interrupts_kept() -> Iterator[Terminations]:
    """Let Ctrl-C through, give what is asked by SIGTERM, and put both handlers back after the block."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    terminations = Terminations()
    terminations.listen()
    try:
        yield terminations
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
    finally:
        for number, handler in before.items():
            # None: it was not set from Python, and cannot be.
            if _is_main_thread() and handler is not None:
                signal.signal(number, handler)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
