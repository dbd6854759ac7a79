"""Holds a request to stop, which any code can check. Imports nothing of seqbench."""

from __future__ import annotations

from collections.abc import Callable


class Stop:
    """A request to stop, made here or by one of the outer requests.

    >>> outer = Stop()
    >>> inner = Stop(outer.is_asked)
    >>> outer.ask()
    >>> inner.is_asked()
    True

    Args:
        also: functions that say whether a stop was requested elsewhere.
    """

    def __init__(self, *also: Callable[[], bool]) -> None:
        self._is_asked = False
        self._also = also

    def ask(self) -> None:
        """Request a stop; a second request changes nothing."""
        self._is_asked = True

    def is_asked(self) -> bool:
        """Say whether a stop was requested."""
        return self._is_asked or any(also() for also in self._also)
