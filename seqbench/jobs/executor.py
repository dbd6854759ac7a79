"""Defines an executor and the job that it is given.

This is the contract between a sweep, which knows what to run and keeps the records, and executors, which know on
which machines cells run. Plugins offer further executors through the hook ``seqbench_executors``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Execution
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Event, Progressed


@dataclass(frozen=True)
class Job:
    """The job of an executor.

    Attributes:
        take: returns the next cell to run, the longest first; None if there is none at the moment. Asking is
            cheap, and there may be one later: when another sweep dies, its cell becomes free. Taking a cell
            leases it, so call it only when there is room for one.
        workers: how many cells may run at a time.
        settings: the section ``executor`` of the experiment.
        memory: returns the bytes that a cell is expected to need.
        stopping: true once a stop was requested. Then take no more cells, and ask running cells to write their
            checkpoint and to end as ``interrupted``.
        tell: reports events of a cell that runs in this process; report all others by yielding them.
    """

    take: Callable[[], Assignment | None]
    workers: int
    settings: Execution
    memory: Callable[[Cell], int]
    stopping: Callable[[], bool]
    tell: Callable[[Progressed], None] = lambda event: None


class Executor(ABC):
    """Runs cells: here, in processes, on a cluster.

    Attributes:
        name: what ``--executor`` calls it; lower case, words joined by ``-``.
    """

    name: ClassVar[str]

    @abstractmethod
    def run(self, job: Job) -> Generator[Event]:
        """Take cells and yield events until all taken cells have finished.

        Every taken cell yields `Started` and ends with one `Finished`, even if its process dies; a dead process
        costs its cell one retry. Closing the generator ends running cells at once.
        """

    @abstractmethod
    def check(self, assignments: Sequence[Assignment], settings: Execution, workers: int) -> Iterator[str]:
        """Load the data of some cells and yield their problems, in the order of the cells."""
