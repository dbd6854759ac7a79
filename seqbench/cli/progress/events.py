"""Writes the events of a sweep as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TextIO

from seqbench.experiment.cells import Cell
from seqbench.jobs.events import Event, Finished, Progressed, Retried, Started
from seqbench.records.layout import Layout
from seqbench.running.progress.sentences import Sentences
from seqbench.running.queue import Waiting


def _as_json(event: Event | Waiting, layout: Layout) -> dict[str, Any]:
    told: dict[str, Any] = {"event": type(event).__name__.lower()}
    if isinstance(event, Waiting):
        return told | {"cells": [_named(cell) for cell in event.cells], "hosts": event.hosts}
    cell = event.cell
    told |= _named(cell)
    match event:
        case Progressed(step=step, loss=loss, steps_per_second=speed):
            # A loss that is not finite ends the cell before it is reported here.
            told |= {"step": step, "loss": loss, "steps_per_second": speed}
        case Retried(reason=reason):
            told |= {"reason": reason, "log": str(layout.log(cell))}
        case Finished(record=record):
            told |= {"log": str(layout.log(cell)), "record": record.model_dump(mode="json")}
    return told


def _named(cell: Cell) -> dict[str, Any]:
    return {
        "key": cell.key,
        "task": cell.task.name,
        "model": cell.model.name,
        "label": cell.model.label or None,
        "length": cell.length,
        "seed": cell.seed,
    }


class Quiet:
    """Reports only why the sweep waits: other sweeps run the remaining cells."""

    def __init__(self, told: Sentences, tell: Callable[[str], None]) -> None:
        self._told = told
        self._tell = tell

    def __call__(self, event: Event | Waiting) -> None:
        """Show what happened."""
        if isinstance(event, Started | Waiting):
            for line in self._told.lines(event):
                self._tell(line)


class Lines:
    """A JSON line for every event, and the messages of `Quiet` for people."""

    def __init__(self, told: Sentences, tell: Callable[[str], None], layout: Layout, results: TextIO) -> None:
        self._quiet = Quiet(told, tell)
        self._layout = layout
        self._results = results

    def __call__(self, event: Event | Waiting) -> None:
        """Show what happened."""
        self._results.write(json.dumps(_as_json(event, self._layout), allow_nan=False) + "\n")
        self._results.flush()
        self._quiet(event)
