"""Runs cells one after the other in this process, for debugging and where processes cannot be forked."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence

from seqbench.base.stop import Stop
from seqbench.executors.work import check_assignment, run_assignment
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Execution
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Event, Finished, Progressed, Started
from seqbench.jobs.executor import Executor, Job

log = logging.getLogger(__name__)


class Serial(Executor):
    """Runs cells one after the other in this process."""

    name = "serial"

    def run(self, job: Job) -> Generator[Event]:
        """Yield events cell by cell; a running cell reports its progress meanwhile.

        Raises:
            Exception: any exception of the listener, after the cell has ended as ``interrupted``.
        """
        while not job.stopping() and (assignment := job.take()) is not None:
            yield Started(assignment.cell)
            stop = Stop(job.stopping)
            watched = _Watched(job, assignment.cell, stop)
            record = run_assignment(assignment, watched.tell, stop.is_asked, owns_process=False)
            yield Finished(assignment.cell, record)
            if watched.problem is not None:
                raise watched.problem

    def check(self, assignments: Sequence[Assignment], settings: Execution, workers: int) -> Iterator[str]:
        """Yield the faults of the data, cell by cell."""
        for assignment in assignments:
            try:
                problem = check_assignment(assignment, owns_process=False)
            except Exception as error:
                # A plugin's own fault: the cell will fail with a traceback.
                log.info("%s: the data cannot be checked: %s", assignment.cell, error)
                continue
            if problem is not None:
                yield problem


class _Watched:
    """Reports the progress of a cell. An error of the listener, e.g. a closed pipe, does not fail the cell."""

    def __init__(self, job: Job, cell: Cell, stop: Stop) -> None:
        self.problem: Exception | None = None
        self._job = job
        self._cell = cell
        self._stop = stop

    def tell(self, step: int, loss: float, steps_per_second: float) -> None:
        if self.problem is None:
            try:
                self._job.tell(Progressed(self._cell, step, loss, steps_per_second))
            except Exception as error:
                self.problem = error
                self._stop.ask()
