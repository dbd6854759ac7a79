"""Counts the events of a sweep: cells of each status, running cells, the time left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from seqbench.experiment.cells import Cell
from seqbench.jobs.events import Event, Finished, Progressed, Retried, Started
from seqbench.records.schema import Record
from seqbench.running.eta import Load, Pace, Underway
from seqbench.running.plan import Plan
from seqbench.running.progress.headline import SoFar
from seqbench.running.queue import Waiting

ELSEWHERE = "elsewhere"
"""The status of a cell of this sweep that another sweep has run."""


@dataclass(frozen=True)
class RunningCell:
    """A running cell: its start (`time.monotonic`), and its progress; None before its first step."""

    cell: Cell
    began: float
    progress: Progressed | None = None

    @property
    def share(self) -> float:
        """The share of steps taken, 0 to 1."""
        return self.progress.step / max(1, self.cell.training.steps) if self.progress else 0.0


class Tally:
    """The state of a sweep.

    Args:
        todo: the plan.
        earlier: reads the records of cells that had ended before; see `SoFar`.

    Attributes:
        cells: number of cells to run.
        before: number of cells that had ended before.
        statuses: status -> number of ended cells; ``elsewhere`` for those that another sweep ran.
        running: key -> running cell.
        others: the cells of other sweeps while this one has nothing left to run; otherwise None.
        headline: what the cells that have ended show.
    """

    def __init__(self, todo: Plan, earlier: Callable[[], list[Record]] = list) -> None:
        self.cells = len(todo.pending)
        self.before = len(todo.cells) - len(todo.pending)
        self.statuses: Counter[str] = Counter()
        self.running: dict[str, RunningCell] = {}
        self.others: Waiting | None = None
        self.headline = SoFar(earlier)
        self._waiting = {
            cell.key: Load(cell.task.name, cell.model.shown, todo.expansion.work(cell)) for cell in todo.pending
        }
        self._loads: Mapping[str, Load] = dict(self._waiting)
        self._total = sum(load.work for load in self._loads.values())
        self._done = 0.0
        self._pace = Pace()
        self._workers = 1

    @property
    def ended(self) -> int:
        """The number of cells that have ended; one that was interrupted has not."""
        return self.statuses.total() - self.statuses["interrupted"]

    @property
    def share(self) -> float:
        """The share of work done, 0 to 1; cells are weighted, because their costs differ a hundredfold."""
        underway = sum(self._loads[key].work * running.share for key, running in self.running.items())
        return min(1.0, (self._done + underway) / self._total) if self._total else 1.0

    def see(self, event: Event | Waiting) -> None:
        """Take note of an event."""
        self.headline.see(event)
        if isinstance(event, Waiting):
            self._see_others(event)
            return
        key = event.cell.key
        match event:
            case Started(cell=cell):
                self.others = None
                self._waiting.pop(key, None)
                self.running[key] = RunningCell(cell, time.monotonic())
                self._workers = max(self._workers, len(self.running))
            case Progressed():
                self.running[key] = replace(self.running[key], progress=event)
            case Retried():
                del self.running[key]
                self._waiting[key] = self._loads[key]
            case Finished(record=record):
                self._waiting.pop(key, None)
                ran = self.running.pop(key, None)
                self.statuses[record.status] += 1
                self._done += self._loads[key].work
                if ran is not None and record.status == "ok":
                    self._pace.add(self._loads[key], time.monotonic() - ran.began)

    def seconds_left(self) -> float | None:
        """Return the seconds until the sweep ends; None if unknown, or if it depends on another sweep."""
        if self.others is not None:
            return None
        now = time.monotonic()
        underway = [Underway(self._loads[key], now - r.began, r.share) for key, r in self.running.items()]
        return self._pace.seconds_left(underway, self._waiting.values(), self._workers)

    def _see_others(self, waiting: Waiting) -> None:
        self.others = waiting
        for key in self._waiting.keys() - {cell.key for cell in waiting.cells}:
            del self._waiting[key]
            self._done += self._loads[key].work
            self.statuses[ELSEWHERE] += 1
