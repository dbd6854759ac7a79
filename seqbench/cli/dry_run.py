"""Shows the plan of ``seqbench run --dry-run``: the cells, which are done, time and memory of the rest.

Time is measured on short sequences; memory is the forecast by which the sweep decides which cells run side by
side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from seqbench.base.counts import counted
from seqbench.cli.console import print_json
from seqbench.experiment.cells import Cell, titles
from seqbench.plugins.catalog import Catalog
from seqbench.running.plan import Plan
from seqbench.training.memory import available_bytes, guess


@dataclass(frozen=True)
class _Expected:
    """The expected time and memory of one cell; ``is_known`` if the memory is not only assumed."""

    train_seconds: float
    memory_bytes: int
    is_known: bool

    @property
    def is_measured_first(self) -> bool:
        """Whether the sweep will measure the memory instead of using the assumed value."""
        return not self.is_known and self.memory_bytes > available_bytes()


def show_plan(todo: Plan, catalog: Catalog, memory: Callable[[Cell], int], *, as_json: bool) -> None:
    """Print the cells, how many are done, and the expected time and memory of the rest.

    Args:
        todo: the cells.
        catalog: has their tasks and models.
        memory: returns the bytes that a cell is expected to need, 0 if unknown; `seqbench.training.memory.Memory`.
        as_json: print one JSON object.
    """
    expected = _expected(todo, catalog, memory)
    seconds = sum(each.train_seconds for each in expected.values())
    largest = max((each.memory_bytes for each in expected.values()), default=0)
    done = len(todo.cells) - len(todo.pending)
    if as_json:
        rows = [_plan_row(cell, todo, expected.get(cell.key)) for cell in todo.cells]
        totals = {"cells_done": done, "train_seconds": seconds, "largest_memory_bytes": largest}
        print_json({"cells": rows, **totals})
        return
    for title, words, cells in titles((cell, _outlook(cell, todo, expected)) for cell in todo.cells):
        click.echo(f"{title}  {'each ' if cells > 1 and words.startswith('about ') else ''}{words}")
    is_open = any(each.is_measured_first for each in expected.values())
    need = (
        "what the largest needs is not known yet"
        if is_open
        else f"the largest is expected to need {_mebibytes(largest)}"
    )
    click.echo(
        f"{counted(len(todo.cells), 'cell')}, {done} done, {len(todo.pending)} to run: about {duration(seconds)}"
        f" of training on one core, without loading and evaluation; {need}"
    )
    if not all(each.is_known for each in expected.values()):
        click.echo(
            "memory that is assumed: nothing like it has run into this folder yet; the sweep measures it where"
            " that much is not free"
        )


def _expected(todo: Plan, catalog: Catalog, memory: Callable[[Cell], int]) -> dict[str, _Expected]:
    from seqbench.training.time_estimate import train_seconds

    found = {}
    estimated = train_seconds(todo.pending, catalog, todo.expansion.time_steps)
    for cell, seconds in zip(todo.pending, estimated, strict=True):
        known = memory(cell)
        found[cell.key] = _Expected(seconds, known or guess(cell), bool(known))
    return found


def _plan_row(cell: Cell, todo: Plan, expected: _Expected | None) -> dict[str, Any]:
    return {
        "task": cell.task.name,
        "model": cell.model.name,
        "label": cell.model.label or None,
        "length": cell.length,
        "seed": cell.seed,
        "key": cell.key,
        "status": todo.status.get(cell.key),
        "train_seconds": None if expected is None else expected.train_seconds,
        "memory_bytes": None if expected is None else expected.memory_bytes,
        "memory_is_assumed": None if expected is None else not expected.is_known,
    }


def _outlook(cell: Cell, todo: Plan, expected: Mapping[str, _Expected]) -> str:
    each = expected.get(cell.key)
    return todo.status.get(cell.key, "done") if each is None else _in_words(each)


def _in_words(expected: _Expected) -> str:
    assumed = "" if expected.is_known else " assumed"
    memory = (
        "memory not known yet" if expected.is_measured_first else f"{_mebibytes(expected.memory_bytes)}{assumed}"
    )
    return f"about {duration(expected.train_seconds)}, {memory}"


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def duration(seconds: float) -> str:
    """Return a duration in readable units.

    >>> duration(42), duration(150), duration(9000)
    ('42 s', '2.5 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
