"""Decides about a cell whose process brings no record: one retry, then a record that says why."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seqbench.executors.workers import Died
from seqbench.experiment.cells import Cell
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Finished, Retried
from seqbench.records.making import unfinished
from seqbench.records.schema import Record, Status

LAUNCHES = 2
NOT_BEGUN = "the sweep was stopped before it began"
OVERDUE = "it did not end when the sweep was stopped, and was killed"


@dataclass(frozen=True)
class Launch:
    """One start of a cell's process, the first or the second.

    Attributes:
        number: 1 for the first time; the death of a whole machine does not count.
        is_again: whether a process was started for the cell before.
        is_alone: no other cell may run beside it, because its process died when memory was full.
    """

    assignment: Assignment
    number: int = 1
    is_again: bool = False
    is_alone: bool = False

    @property
    def cell(self) -> Cell:
        """The cell to run."""
        return self.assignment.cell

    def after(self, death: Died, *, is_stopping: bool) -> tuple[Retried | Finished, Launch | None]:
        """Return the event for a death, and the next launch; None after the last."""
        reason = f"{death.what}, {death.reason}"
        if is_stopping:
            return self.interrupted(f"{reason}, while the sweep was stopped"), None
        if death.of_time:
            return Finished(self.cell, self._record("timeout", death.reason)), None
        if death.of_machine:
            return Retried(self.cell, reason), replace(self, is_again=True)
        if self.number >= LAUNCHES:
            return Finished(self.cell, self._record("failed", f"{reason}; it was run {LAUNCHES} times")), None
        following = Launch(self.assignment, self.number + 1, is_again=True, is_alone=death.of_memory)
        return Retried(self.cell, reason), following

    def interrupted(self, reason: str) -> Finished:
        """Return the event for a cell that had not ended when the sweep did."""
        return Finished(self.cell, self._record("interrupted", reason))

    def _record(self, status: Status, reason: str) -> Record:
        return unfinished(self.cell, status, reason, self.assignment.environment)
