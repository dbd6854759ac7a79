"""Decides about a cell whose process brings no record: one retry, then a record that says why."""

from __future__ import annotations

from dataclasses import dataclass

from seqbench.executors.workers import Died
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Finished, Retried
from seqbench.records.making import unfinished
from seqbench.records.schema import Record, Status

ATTEMPTS = 2
NOT_BEGUN = "the sweep was stopped before it began"
OVERDUE = "it did not end when the sweep was stopped, and was killed"


@dataclass(frozen=True)
class Waiting:
    """A cell that is to be run, for the first or for the second time.

    Attributes:
        is_alone: nothing else may run beside it, since its process died when the memory was full.
    """

    assignment: Assignment
    number: int = 1
    is_alone: bool = False

    def after(self, death: Died, *, is_stopping: bool) -> tuple[Retried | Finished, Waiting | None]:
        """Return the event for a death, and the next attempt; None after the last one."""
        cell, reason = self.assignment.cell, f"{death.what}, {death.reason}"
        if is_stopping:
            return self.interrupted(f"{reason}, while the sweep was stopped"), None
        if death.of_time:
            return Finished(cell, self._record("timeout", death.reason)), None
        if death.of_machine:
            return Retried(cell, reason), self
        if self.number >= ATTEMPTS:
            return Finished(cell, self._record("failed", f"{reason}; it was run {ATTEMPTS} times")), None
        return Retried(cell, reason), Waiting(self.assignment, self.number + 1, death.of_memory)

    def interrupted(self, reason: str) -> Finished:
        """Return the event for a cell that had not ended when the sweep did."""
        return Finished(self.assignment.cell, self._record("interrupted", reason))

    def _record(self, status: Status, reason: str) -> Record:
        return unfinished(self.assignment.cell, status, reason, self.assignment.environment)
