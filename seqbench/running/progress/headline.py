"""Says in a sentence what a sweep has found so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

from seqbench.jobs.events import Event, Finished
from seqbench.records.layout import Layout
from seqbench.records.light import without_curves
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.running.plan import Plan
from seqbench.running.queue import Waiting

_REST = 20.0
"""Least rest between two sentences, in units of the time that the last one took: it stays below 5% of one core."""


class SoFar:
    """The sentence about all cells that have ended; it grows with them.

    Args:
        earlier: reads the records of cells that had ended before this sweep; called once, for the first sentence.
    """

    def __init__(self, earlier: Callable[[], list[Record]] = list) -> None:
        self._earlier = cache(earlier)
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
            self._text, self._said_of = in_words(list(observations([*self._earlier(), *records]))), len(records)
            self._rests_until = now + _REST * (time.monotonic() - now)
        return self._text


def ended_before(todo: Plan, layout: Layout) -> list[Record]:
    """Return the records of the cells of a plan that are not run again."""
    keys = {cell.key for cell in todo.cells} - {cell.key for cell in todo.pending}
    return list(Store(layout.folder).light(is_broken_skipped=True, keys=keys)) if keys else []
