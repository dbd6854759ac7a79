"""Shows a sweep in plain lines: one for each cell that ends, and now and then the time left."""

from __future__ import annotations

import time
from collections.abc import Callable

from seqbench.jobs.events import Event, Finished
from seqbench.running.eta import in_words
from seqbench.running.progress.sentences import Sentences, counts
from seqbench.running.progress.tally import Tally
from seqbench.running.queue import Waiting

_SECONDS_BETWEEN_ESTIMATES = 30.0


class Plain:
    """A line for each cell that ends, and now and then the time left."""

    def __init__(self, tally: Tally, told: Sentences, tell: Callable[[str], None]) -> None:
        self._tally = tally
        self._told = told
        self._tell = tell
        self._estimated = time.monotonic()

    def __call__(self, event: Event | Waiting) -> None:
        """Show what happened."""
        self._tally.see(event)
        for line in self._told.lines(event):
            self._tell(self._count(event, line) + line)
        is_due = time.monotonic() - self._estimated > _SECONDS_BETWEEN_ESTIMATES
        if is_due and self._tally.ended < self._tally.cells:
            self._estimated = time.monotonic()
            self._tell(self._standing())

    def _count(self, event: Event | Waiting, line: str) -> str:
        if not isinstance(event, Finished) or event.record.status == "interrupted":
            return ""
        is_end = line.startswith(f"{event.cell}:")
        return f"[{self._tally.ended}/{self._tally.cells}] " if is_end else ""

    def _standing(self) -> str:
        tally, seconds = self._tally, self._tally.seconds_left()
        parts = [counts(tally.statuses.items()), f"{len(tally.running)} running"]
        parts.append("" if seconds is None else f"about {in_words(seconds)} left")
        found = f"; so far: {tally.headline.text}" if tally.headline.text else ""
        return f"{tally.ended} of {tally.cells} cells: " + ", ".join(part for part in parts if part) + found
