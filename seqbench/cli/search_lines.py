"""Shows a search before it runs, and the settings that it has chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from seqbench.base.counts import counted
from seqbench.base.ranges import seeds_text
from seqbench.cli.console import print_json
from seqbench.cli.dry_run import duration
from seqbench.records.search import Place
from seqbench.running.plan import RETRY_FAILED, Plan
from seqbench.tuning.tuning import Chosen, Tuning


def show_search(found: Tuning, *, as_json: bool) -> None:
    """Print the budget of each model, and the expected time of what has not run yet.

    Args:
        found: the search, of which nothing is run or written.
        as_json: print one JSON object.
    """
    todo = found.next_round(RETRY_FAILED)
    seconds, done = _seconds(found, todo), _done(todo)
    rows = [
        {**each.model_dump(), "trial_seeds": len(found.tune.trial_seeds), "done": done.get(each.place, 0),
         "train_seconds": seconds[each.place]}
        for each in found.search.places
    ]  # fmt: skip
    cells = len(found.places) * len(found.experiment.seeds)
    if as_json:
        print_json({"search": found.search.model_dump(mode="json"), "places": rows, "cells": cells})
        return
    click.echo(f"{found.search.method} search, {_budget(found)}; trials have {seeds_text(found.tune.trial_seeds)}")
    for row in rows:
        place = Place(row["task"], row["model"], row["length"])
        click.echo(
            f"{place}: {counted(row['trials'], 'trial')}, {row['done']} done, {_about(row['train_seconds'])}"
        )
    for model in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == model]
        trials = sum(row["trials"] for row in own)
        click.echo(f"{model}: {counted(trials, 'trial')}, {_about(sum(row['train_seconds'] for row in own))}")
    click.echo(f"then {counted(cells, 'cell')} with the chosen settings, each tested once")


def show_settings(chosen: Chosen) -> None:
    """Print the chosen setting of each task, model and length to stderr."""
    tuned = {Place(cell.task.shown, cell.model.titled, cell.length): cell.tuned for cell in chosen.plan.cells}
    for place, setting in chosen.settings.items():
        told = ", ".join(f"{name}={value}" for name, value in setting.items())
        by = tuned.get(place)
        of = "" if by is None else f" (trial {by.number} of 0..{by.trials - 1}: {by.validation_score:.4g})"
        click.echo(f"{place}: {told}{of}", err=True)


def _budget(found: Tuning) -> str:
    if found.search.compute is not None:
        return f"{found.search.compute:g} floating-point operations for each model, task and length"
    return f"{counted(found.search.trials or 0, 'trial')} for each model, task and length"


def _about(seconds: float) -> str:
    return f"about {duration(seconds)}"


def _done(todo: Plan) -> Mapping[Place, int]:
    pending, found = {cell.key for cell in todo.pending}, dict[Place, int]()
    for cell in todo.cells:
        place = Place(cell.task.shown, cell.model.titled, cell.length)
        found[place] = found.get(place, 0) + (cell.key not in pending)
    return found


def _seconds(found: Tuning, todo: Plan) -> dict[Place, float]:
    """Return the seconds that the trials left at each place will train, by those that are known by now."""
    from seqbench.training.time_estimate import train_seconds

    known: dict[Place, list[float]] = {each.place: [] for each in found.search.places}
    times = train_seconds(todo.pending, found.catalog, todo.expansion.time_steps)
    for cell, seconds in zip(todo.pending, times, strict=True):
        known[Place(cell.task.shown, cell.model.titled, cell.length)].append(seconds)
    planned = {each.place: each.trials * len(found.tune.trial_seeds) for each in found.search.places}
    done = _done(todo)
    left: dict[Place, Any] = {place: planned[place] - done.get(place, 0) for place in planned}
    return {place: left[place] * sum(each) / len(each) if each else 0.0 for place, each in known.items()}
