"""Estimates the time left in a sweep from the time that similar cells have taken.

Numbers in, numbers out. Imports nothing of seqbench.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_LITTLE = 0.05
"""Below this share of its work, a cell's time is mostly loading time."""


@dataclass(frozen=True)
class Load:
    """The basis of a cell's time estimate: its task, its model, and its work (in any unit)."""

    task: str
    model: str
    work: float


@dataclass(frozen=True)
class Underway:
    """A running cell: its seconds so far, and the share of its steps taken, 0 to 1."""

    load: Load
    seconds: float
    share: float


class Pace:
    """Seconds per unit of work, for each model on each task."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str | None, str | None], list[float]] = defaultdict(lambda: [0.0, 0.0])

    def add(self, load: Load, seconds: float) -> None:
        """Learn from a cell that has finished."""
        for group in _groups(load):
            self._totals[group][0] += seconds
            self._totals[group][1] += load.work

    def seconds(self, load: Load) -> float | None:
        """Return the expected seconds of a cell; None before any cell has finished.

        Based on cells of the same task and model, otherwise on those of the model, otherwise on all.
        """
        for group in _groups(load):
            seconds, work = self._totals.get(group, (0.0, 0.0))
            if work > 0:
                return seconds / work * load.work
        return None

    def seconds_left(self, running: Iterable[Underway], waiting: Iterable[Load], workers: int) -> float | None:
        """Return the seconds until the last cell ends; None if nothing is known yet.

        Args:
            running: the cells that run.
            waiting: the cells to come, in the order in which they start.
            workers: number of cells at a time.
        """
        underway = list(running)
        seen = self._with(underway)
        # Before any cell has finished, all of them are None.
        now = [self._remaining(each, seen) for each in underway]
        later = [seen.seconds(load) for load in waiting]
        known = [[seconds for seconds in some if seconds is not None] for some in (now, later)]
        if len(known[0]) < len(now) or len(known[1]) < len(later):
            return None
        return makespan(known[0], known[1], workers)

    def _remaining(self, underway: Underway, seen: Pace) -> float | None:
        if _LITTLE <= underway.share < 1:
            return underway.seconds * (1.0 - underway.share) / underway.share
        # All steps are taken and the cell is being scored, which its own pace does not predict.
        expected = (self if underway.share >= 1 else seen).seconds(underway.load)
        return None if expected is None else max(0.0, expected - underway.seconds)

    def _with(self, underway: Sequence[Underway]) -> Pace:
        """Return this pace updated with the running cells, weighted by their progress."""
        both = Pace()
        for group, (seconds, work) in self._totals.items():
            both._totals[group] = [seconds, work]
        for each in underway:
            if each.share >= _LITTLE:
                load = each.load
                both.add(Load(load.task, load.model, each.share * load.work), each.seconds)
        return both


def makespan(running: Sequence[float], waiting: Sequence[float], workers: int) -> float:
    """Return when the last worker finishes, if each takes the next waiting cell as soon as it is free.

    >>> makespan([3.0, 1.0], [4.0, 1.0], 2)
    5.0

    Args:
        running: seconds left of each running cell.
        waiting: seconds of each cell to come, in order.
        workers: number of workers.
    """
    free = [*running, *[0.0] * (workers - len(running))] or [0.0]
    heapq.heapify(free)
    for seconds in waiting:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def in_words(seconds: float) -> str:
    """Return a time in words, rounded to the precision of an estimate.

    >>> [in_words(s) for s in (4, 47, 200, 5000, 200_000)]
    ['4 s', '47 s', '3 min 20 s', '1 h 23 min', '2 d 7 h']
    """
    for size, unit, lower, lower_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            return f"{whole} {unit} {rest // lower} {lower_unit}"
    return f"{int(seconds)} s"


def _groups(load: Load) -> tuple[tuple[str | None, str | None], ...]:
    return (load.task, load.model), (None, load.model), (None, None)
