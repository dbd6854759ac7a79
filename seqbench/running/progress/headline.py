"""Says in a sentence what a sweep has found so far."""

from __future__ import annotations

import time

from seqbench.jobs.events import Event, Finished
from seqbench.records.light import without_curves
from seqbench.records.schema import Record
from seqbench.running.queue import Waiting

_REST = 20.0
"""Least rest between two sentences, in units of the time that the last one took: it stays below 5% of one core."""


class SoFar:
    """The sentence about all cells that have ended in this sweep; it grows with them."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._said_of = 0
        self._text = ""
        self._rests_until = 0.0

    def see(self, event: Event | Waiting) -> None:
        """Take note of an event."""
        if isinstance(event, Finished):
            self._records.append(without_curves(event.record))

    @property
    def text(self) -> str:
        """The sentence; empty as long as no cell has a score."""
        now = time.monotonic()
        if len(self._records) != self._said_of and now >= self._rests_until:
            # Imported late: the first cells are started meanwhile.
            from seqbench.report.observations import observations
            from seqbench.report.tables.words import in_words

            # A copy, because the display asks in another thread.
            records = list(self._records)
            self._text, self._said_of = in_words(list(observations(records))), len(records)
            self._rests_until = now + _REST * (time.monotonic() - now)
        return self._text
