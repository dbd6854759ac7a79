"""What happens while cells run? What every executor yields, whatever it runs them on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seqbench.cells import Cell
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
class Job:
    """Cells to run, and what their records say of the machine.

    Attributes:
        cells: in the order in which they start.
        workers: how many may run at a time.
        environment: what `seqbench.environment.describe` said.
        plugins: the limit on plugins, as `seqbench.load_catalog` takes it; None for the usual one.
    """

    cells: tuple[Cell, ...]
    workers: int
    environment: Mapping[str, Any]
    plugins: str | None = None


Notify = Callable[[Event], None]
