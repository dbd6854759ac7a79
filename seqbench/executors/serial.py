"""How do cells run one after the other in this process? For debugging, and where processes cannot be forked."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence

from seqbench.execution import Assignment, Event, Executor, Finished, Job, Started
from seqbench.executors.work import check_assignment, run_assignment
from seqbench.experiment import Execution

log = logging.getLogger(__name__)


class Serial(Executor):
    """Runs cells one after the other in this process; the progress within a cell is not told."""

    name = "serial"

    def run(self, job: Job) -> Generator[Event]:
        """Yield what happens, cell by cell."""
        while not job.stopping() and (assignment := job.take()) is not None:
            yield Started(assignment.cell)
            yield Finished(assignment.cell, run_assignment(assignment, None, job.stopping, owns_process=False))

    def check(self, assignments: Sequence[Assignment], settings: Execution, workers: int) -> Iterator[str]:
        """Yield what is wrong with the data, cell by cell."""
        for assignment in assignments:
            try:
                problem = check_assignment(assignment, owns_process=False)
            except Exception as error:
                # A plugin's own fault: the cell will fail with a traceback.
                log.info("%s: the data cannot be checked: %s", assignment.cell, error)
                continue
            if problem is not None:
                yield problem
