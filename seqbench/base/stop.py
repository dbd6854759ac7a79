"""Tells that the end was asked for, to whoever looks. Imports nothing of seqbench."""

from __future__ import annotations

from collections.abc import Callable


class Stop:
    """Whether the end was asked for, here or by one of those that were there before.

    >>> outer = Stop()
    >>> inner = Stop(outer.is_asked)
    >>> outer.ask()
    >>> inner.is_asked()
    True

    Args:
        also: each says whether the end was asked for elsewhere.
    """

    def __init__(self, *also: Callable[[], bool]) -> None:
        self._is_asked = False
        self._also = also

    def ask(self) -> None:
        """Ask for the end; asking twice changes nothing."""
        self._is_asked = True

    def is_asked(self) -> bool:
        """Say whether the end was asked for."""
        return self._is_asked or any(also() for also in self._also)
