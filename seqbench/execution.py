"""Defines what an executor is given, and what it tells.

The contract between a sweep, which knows what is to be run and keeps what comes of it, and the executors,
which know on what it runs. Plugins give further executors through the hook ``seqbench_executors``. Imports
nothing of seqbench when it runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from seqbench.cells import Cell, Plugin
    from seqbench.experiment import Execution
    from seqbench.records import Record


@dataclass(frozen=True)
class Started:
    """A cell began."""

    cell: Cell


@dataclass(frozen=True)
class Progressed:
    """A cell took steps.

    Attributes:
        cell: which.
        step: optimiser steps taken so far.
        loss: of the last step.
        steps_per_second: since the cell began.
    """

    cell: Cell
    step: int
    loss: float
    steps_per_second: float


@dataclass(frozen=True)
class Finished:
    """A cell ended, one way or another."""

    cell: Cell
    record: Record


@dataclass(frozen=True)
class Retried:
    """A cell's process died, and the cell is run once more."""

    cell: Cell
    reason: str


Event = Started | Progressed | Finished | Retried


@dataclass(frozen=True)
class PluginFile:
    """One Python file that holds a plugin and is not installed.

    Attributes:
        path: where it is, absolute.
        sha256: the hash of what it held when it was first loaded; None where that is not known yet.
    """

    path: Path
    sha256: str | None = None


@dataclass(frozen=True)
class PluginSources:
    """Where plugins are taken from; it can be pickled.

    Attributes:
        only: the limit on installed plugins, as `seqbench.load_catalog` takes it; None for the usual one.
        files: plugins that are not installed.
    """

    only: str | None = None
    files: tuple[PluginFile, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """One cell on its way to where it is run; it can be pickled.

    Attributes:
        cell: what to run.
        environment: what `seqbench.environment.describe` said of the machine that began the sweep.
        plugins: where its task and its model are found.
        log: file to which everything goes that the cell says; None for nowhere.
        checkpoint: file from which the cell goes on where it was interrupted; None keeps none.
        checkpoint_seconds: time between two checkpoints.
        loggers: names of the Lightning loggers that watch the training.
        folder: of the store, below which they write; None for nowhere.
        beside: further models that are built, and thrown away, when the data of the cell are checked.
    """

    cell: Cell
    environment: Mapping[str, Any]
    plugins: PluginSources = PluginSources()
    log: Path | None = None
    checkpoint: Path | None = None
    checkpoint_seconds: float = 60.0
    loggers: tuple[str, ...] = ()
    folder: Path | None = None
    beside: tuple[Plugin, ...] = ()


@dataclass(frozen=True)
class Job:
    """What an executor is to run.

    Attributes:
        take: the next cell to run, the longest first; None when there is none to take just now. Asking costs
            little, and while others run there may be one later: another sweep died, and its cell is free.
            Taking a cell claims it, so it is called when there is room for one and not before.
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
