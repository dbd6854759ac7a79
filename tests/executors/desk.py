"""Gives cells to an executor and closes it, as a sweep does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil

from seqbench import Execution, Experiment, load_catalog
from seqbench.experiment.cells import Cell
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Event, Finished
from seqbench.jobs.executor import Job
from seqbench.plugins.grid import expand
from seqbench.records.schema import Record

ENDLESS = {"steps": 10**6, "batch_size": 4}


def cells(
    models: list[str], seeds: list[int], length: int = 8, gradients: bool = False, **training: Any
) -> list[Cell]:
    fields = {
        "tasks": ["copy"],
        "models": models,
        "lengths": [length],
        "seeds": seeds,
        "training": {"steps": 5, "batch_size": 4, "validate_every": 5, **training},
        "parameters": {"copy": {"train_examples": 64}},
        "gradients": {"measure": gradients},
    }
    return expand(Experiment.model_validate(fields), load_catalog())


class Desk:
    """Gives cells to an executor and can be closed, as a sweep does."""

    def __init__(
        self, *wanted: Cell, workers: int = 1, memory: Callable[[Cell], int] = lambda cell: 2**20
    ) -> None:
        self.left = [Assignment(cell, {}) for cell in wanted]
        self.is_stopping = False
        self.job = Job(
            lambda: self.left.pop(0) if self.left else None, workers, Execution(), memory, lambda: self.is_stopping
        )


def records(events: list[Event]) -> list[Record]:
    return [event.record for event in events if isinstance(event, Finished)]


def youngest_child() -> psutil.Process:
    # A worker is forked from the server and keeps its command line; a browser of other tests may live here too.
    below = (child for child in psutil.Process().children(recursive=True) if lives(child))
    children = [child for child in below if "forkserver" in " ".join(child.cmdline())]
    return max((child for child in children if not child.children()), key=lambda child: child.create_time())


def lives(process: psutil.Process) -> bool:
    # If no process waits for orphans, an ended one stays as a zombie.
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
