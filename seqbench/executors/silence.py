"""Measures for how long a process has given no sign of life. Imports nothing of seqbench."""

from __future__ import annotations

import time

SECONDS_OF_SILENCE = 60.0
"""Time beyond its limit that a cell may give no sign of life before it is ended."""
_MOST_BETWEEN_LOOKS = 5.0
"""A listener that slept itself, e.g. stopped by Ctrl-Z, does not count its own sleep."""


class Silence:
    """The time since the last sign of life."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._looked = time.monotonic()

    def end(self) -> None:
        """Note a sign of life."""
        self._seconds, self._looked = 0.0, time.monotonic()

    def seconds(self) -> float:
        """Return how long there has been no sign of life."""
        now = time.monotonic()
        self._seconds += min(now - self._looked, _MOST_BETWEEN_LOOKS)
        self._looked = now
        return self._seconds

    def is_over(self, limit: float | None) -> bool:
        """Check, and say whether the process was silent for too long.

        Args:
            limit: the time limit of the work, in seconds; None if it has none.
        """
        return limit is not None and self.seconds() > limit + SECONDS_OF_SILENCE
