"""Defines the events that an executor reports about its cells."""

from __future__ import annotations

from dataclasses import dataclass

from seqbench.experiment.cells import Cell
from seqbench.records.schema import Record


@dataclass(frozen=True)
class Started:
    """A cell began."""

    cell: Cell


@dataclass(frozen=True)
class Progressed:
    """A cell took steps.

    Attributes:
        cell: the cell.
        step: optimiser steps taken so far.
        loss: the loss of the last step.
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
