"""Defines an executor and the job that it is given.

The contract between a sweep, which knows what is to be run and keeps the records, and the executors, which know
on which machines cells run. Plugins give further executors through the hook ``seqbench_executors``.
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
    """What an executor is to run.

    Attributes:
        take: the next cell to run, the longest first; None when there is none to take just now. Asking costs
            little, and while others run there may be one later: another sweep died, and its cell is free.
            What is taken is kept from other sweeps: it is called when there is room for a cell, and not before.
        workers: how many may run at a time.
        settings: the section ``executor`` of the experiment.
        memory: bytes that a cell is expected to need.
        stopping: true once somebody asked for the end. Then no cell is taken any more, and those that run
            are asked to write their checkpoint and to end as ``interrupted``.
        tell: how a cell goes that runs in this very process; what runs elsewhere is told by yielding it.
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
        """Take cells and yield what happens until all that were taken have finished.

        Every cell that was taken is told of as `Started` and ends with one `Finished`, whatever becomes of
        its process; a process that dies costs its cell one retry. Closing the generator ends at once what
        still runs.
        """

    @abstractmethod
    def check(self, assignments: Sequence[Assignment], settings: Execution, workers: int) -> Iterator[str]:
        """Load the data of some cells and yield what is wrong with them, in the order of the cells."""
