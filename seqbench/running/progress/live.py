"""Draws a sweep on a terminal while it runs: a line for each running cell, and one for the sweep.

Events scroll by above them. Everything fits the terminal, even a narrow or a low one.
"""

from __future__ import annotations

import time

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from seqbench.base.printable import printable
from seqbench.jobs.events import Event
from seqbench.records.schema import FINAL
from seqbench.running.eta import in_words
from seqbench.running.progress.sentences import Sentences, counts, others
from seqbench.running.progress.tally import ELSEWHERE, RunningCell, Tally
from seqbench.running.queue import Waiting

_WIDE, _MEDIUM = 100, 64
"""Widths with room for all facts about a running cell, and for some of them."""
_OTHER_LINES = 5


class Live:
    """Shows a sweep on a terminal while it is entered; called with every event."""

    def __init__(self, tally: Tally, told: Sentences, console: Console) -> None:
        self._tally = tally
        self._told = told
        self._console = console
        self._spinner = Spinner("dots")
        # Transient: at the end only the printed event lines remain.
        self._live = RichLive(
            get_renderable=self._render,
            console=console,
            transient=True,
            refresh_per_second=4,
            vertical_overflow="crop",
        )

    def __enter__(self) -> Live:
        self._live.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._live.stop()

    def __call__(self, event: Event | Waiting) -> None:
        """Show what happened."""
        self._tally.see(event)
        for line in self._told.lines(event):
            self._console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

    def _render(self) -> RenderableType:
        # A copy, because this is called in another thread.
        running = list(self._tally.running.values())
        shown = running[: max(1, self._console.height - _OTHER_LINES)]
        lines: list[RenderableType] = [self._cells(shown)]
        if len(running) > len(shown):
            lines.append(Text(f"  and {len(running) - len(shown)} more", style="dim"))
        waiting = self._tally.others
        if waiting is not None:
            lines.append(Text(f"  {others(waiting)}", style="yellow", no_wrap=True, overflow="ellipsis"))
        if found := self._tally.headline.text:
            lines.append(Text(f"  so far: {printable(found)}", style="bold", no_wrap=True, overflow="ellipsis"))
        return Group(*lines, self._sweep())

    def _cells(self, running: list[RunningCell]) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0), expand=False)
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_column(no_wrap=True)
        for each in running:
            table.add_row(
                Text(f"  {printable(str(each.cell))}"), Text(_progress(each, self._console.width), style="cyan")
            )
        return table

    def _sweep(self) -> Table:
        tally, width = self._tally, self._console.width
        seconds = tally.seconds_left()
        left = "" if seconds is None else f"{'about ' if width >= _MEDIUM else ''}{in_words(seconds)} left"
        table = Table.grid(padding=(0, 2, 0, 0))
        row: list[RenderableType] = [self._spinner, Text(f"{tally.ended}/{tally.cells}")]
        if width >= _MEDIUM:
            row.append(ProgressBar(total=1.0, completed=tally.share, width=20 if width >= _WIDE else 10))
        row.append(_statuses(tally))
        if width >= _MEDIUM:
            row.append(Text(f"{len(tally.running)} running", style="cyan"))
        row.append(Text(left, style="bold"))
        for _ in row[:-1]:
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_row(*row)
        return table


def _progress(running: RunningCell, width: int) -> str:
    told = running.progress
    if told is None:
        return f"loading, {in_words(time.monotonic() - running.began)}"
    steps = running.cell.training.steps
    speed = "being scored" if told.step == steps else f"{told.steps_per_second:.3g} steps/s"
    if width >= _WIDE:
        return f"step {told.step}/{steps}  loss {told.loss:.3g}  {speed}"
    if width >= _MEDIUM:
        return f"{told.step}/{steps}  loss {told.loss:.3g}  {speed}"
    return f"{running.share:.0%} {told.loss:.2g}"


def _statuses(tally: Tally) -> Text:
    bad = {status for status, number in tally.statuses.items() if number} - FINAL - {ELSEWHERE}
    return Text(counts(tally.statuses.items()) or "none ended", style="red" if bad else "green")
