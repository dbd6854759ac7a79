"""Draws a sweep in a notebook while it runs: one output that changes in place, and needs no widgets.

IPython is imported when it is entered: a kernel has it.
"""

from __future__ import annotations

import time
from html import escape
from typing import Any

from seqbench.base.printable import printable
from seqbench.jobs.events import Event, Finished
from seqbench.running.eta import in_words
from seqbench.running.progress.sentences import counts, others, outcome
from seqbench.running.progress.tally import RunningCell, Tally
from seqbench.running.queue import Waiting

_SECONDS_BETWEEN = 0.25
_CELLS = 8
"""Most running cells that are shown one by one."""


class NotebookBar:
    """Shows a sweep as an output of a notebook while it is entered; called with every event.

    At its end the output has what the cells came to, without times: the same sweep leaves the same output.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._last = ""
        self._drawn = 0.0
        self._handle: Any = None

    def __enter__(self) -> NotebookBar:
        from IPython.display import display

        self._handle = display(self.bundle(), raw=True, display_id=True)
        return self

    def __exit__(self, *raised: object) -> None:
        self._handle.update(self.bundle(is_running=False), raw=True)

    def __call__(self, event: Event | Waiting) -> None:
        """Show what happened, but not more often than a person can read."""
        self.see(event)
        now = time.monotonic()
        if now - self._drawn >= _SECONDS_BETWEEN:
            self._drawn = now
            self._handle.update(self.bundle(), raw=True)

    def see(self, event: Event | Waiting) -> None:
        """Take note of an event."""
        self._tally.see(event)
        if isinstance(event, Finished):
            self._last = f"{event.cell}: {outcome(event.record)}"

    def bundle(self, *, is_running: bool = True) -> dict[str, str]:
        """Return what is shown as text and as HTML; a front end takes what it can show."""
        first, *further = [printable(line) for line in self._lines(is_running=is_running)]
        share = f'<progress value="{self._tally.share:.3f}" style="width:12em"></progress> ' if is_running else ""
        lines = [f"{share}{escape(first)}", *(f"<small>{escape(line)}</small>" for line in further)]
        return {
            "text/plain": "\n".join([first, *further]),
            "text/html": f"<div>{'<br>'.join(lines)}</div>",
        }

    def _lines(self, *, is_running: bool) -> list[str]:
        tally = self._tally
        ended = counts(tally.statuses.items())
        before = f" ({tally.before} more were done already)" if tally.before else ""
        first = f"{tally.ended} of {tally.cells} cells{f': {ended}' if ended else ''}{before}"
        found = f"so far: {tally.headline.text}" if tally.headline.text else ""
        if not is_running:
            return [first]
        seconds = tally.seconds_left()
        left = "" if seconds is None else f", about {in_words(seconds)} left"
        running = list(tally.running.values())
        more = f"and {len(running) - _CELLS} more" if len(running) > _CELLS else ""
        waiting = others(tally.others) if tally.others is not None else ""
        last = f"last: {self._last}" if self._last else ""
        lines = [first + left, *map(_running, running[:_CELLS]), more, waiting, last, found]
        return [line for line in lines if line]


def _running(each: RunningCell) -> str:
    told = each.progress
    if told is None:
        return f"{each.cell}: loading"
    return f"{each.cell}: step {told.step}/{each.cell.training.steps}, loss {told.loss:.3g}"
