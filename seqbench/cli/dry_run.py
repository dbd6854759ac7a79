"""``seqbench run --dry-run``: which cells are there, which are done, and what will the rest take?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqbench.cells import Cell
from seqbench.cli.console import print_json
from seqbench.plan import Plan
from seqbench.plugins import Catalog

if TYPE_CHECKING:
    from seqbench.estimate import Estimate


def show_plan(todo: Plan, catalog: Catalog, *, as_json: bool) -> None:
    """Print the cells, how many are done, and what the rest is expected to take."""
    from seqbench.estimate import estimate

    estimates = estimate(todo.pending, catalog)
    expected = {cell.key: guess for cell, guess in zip(todo.pending, estimates, strict=True)}
    seconds = sum(guess.train_seconds for guess in estimates)
    memory = max((guess.memory_bytes for guess in estimates), default=0.0)
    done = len(todo.cells) - len(todo.pending)
    if as_json:
        rows = [_plan_row(cell, todo, expected.get(cell.key)) for cell in todo.cells]
        totals = {"cells_done": done, "train_seconds": seconds, "largest_memory_bytes": memory}
        print_json({"cells": rows, **totals})
        return
    for cell in todo.cells:
        guess = expected.get(cell.key)
        said = todo.status.get(cell.key, "done") if guess is None else f"about {_duration(guess.train_seconds)}"
        if guess is not None:
            said += f", {guess.memory_bytes / 2**20:.0f} MiB"
        click.echo(f"{cell}  {said}")
    click.echo(
        f"{len(todo.cells)} cells, {done} done, {len(todo.pending)} to run: about {_duration(seconds)} of training"
        f" on one core, without loading and evaluation; the largest needs about {memory / 2**20:.0f} MiB"
    )


def _plan_row(cell: Cell, todo: Plan, guess: Estimate | None) -> dict[str, Any]:
    return {
        "task": cell.task.name,
        "model": cell.model.name,
        "length": cell.length,
        "seed": cell.seed,
        "key": cell.key,
        "status": todo.status.get(cell.key),
        "train_seconds": None if guess is None else guess.train_seconds,
        "memory_bytes": None if guess is None else guess.memory_bytes,
    }


def _duration(seconds: float) -> str:
    """Return a duration for a person.

    >>> _duration(42), _duration(150), _duration(9000)
    ('42 s', '2.5 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
