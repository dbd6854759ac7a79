"""Defines an assignment: one cell on its way to the process that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqbench.contracts.task import Task
from seqbench.experiment.cells import Cell, Configured
from seqbench.jobs.plugin_sources import PluginSources


@dataclass(frozen=True)
class Assignment:
    """One cell on its way to the process that runs it; it can be pickled.

    Attributes:
        cell: the cell to run.
        environment: the result of `seqbench.base.environment.describe` on the machine that started the sweep.
        plugins: the sources of its task and its model.
        log: file for all output of the cell; None for none.
        checkpoint: file from which an interrupted cell resumes; None keeps no checkpoint.
        checkpoint_seconds: time between two checkpoints.
        loggers: names of the Lightning loggers that watch the training.
        folder: the store's folder, in which they write; None for nowhere.
        weights: file into which the cell writes its weights; None keeps none.
        beside: further models to build and discard when the data of the cell are checked.
        task: the cell's task in this process; another process makes its own.
    """

    cell: Cell
    environment: Mapping[str, Any]
    plugins: PluginSources = field(default_factory=PluginSources)
    log: Path | None = None
    checkpoint: Path | None = None
    checkpoint_seconds: float = 60.0
    loggers: tuple[str, ...] = ()
    folder: Path | None = None
    weights: Path | None = None
    beside: tuple[Configured, ...] = ()
    task: Task | None = field(default=None, compare=False, repr=False)

    @property
    def is_portable(self) -> bool:
        """Whether its process must compute the same bits as any x86-64 processor would."""
        return self.cell.training.arithmetic == "portable"

    def __getstate__(self) -> dict[str, Any]:
        # Its class may come from a file that the other process has not loaded yet.
        return {**self.__dict__, "task": None}
