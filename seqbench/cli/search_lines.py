"""Shows a search before it runs, and the settings that it has chosen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from seqbench.base.counts import counted
from seqbench.base.ranges import seeds_text
from seqbench.cli.console import print_json, say
from seqbench.cli.dry_run import duration
from seqbench.plugins.grid import Expansion
from seqbench.records.search import Place, PlacePlan
from seqbench.records.trials import setting_text
from seqbench.running.plan import RETRY_FAILED, Plan
from seqbench.tuning.tuning import Chosen, Tuning


def show_search(found: Tuning, *, as_json: bool) -> None:
    """Print the budget of each model, and the expected time of what has not run yet.

    Args:
        found: the search, of which nothing is run or written.
        as_json: print one JSON object.
    """
    todo = found.next_round(RETRY_FAILED)
    seconds, of_cell = _seconds(found, todo)
    done = _done(todo)
    rows = [
        {**each.model_dump(), "trial_seeds": len(found.tune.trial_seeds), "done": done.get(each.place, 0),
         "train_seconds": seconds[each.place], **_in_share(found, each)}
        for each in found.search.places
    ]  # fmt: skip
    whole = len(found.places) * len(found.experiment.seeds)
    cells = whole if found.share is None else len(found.share.tests)
    tested = sum(of_cell) * len(found.experiment.seeds) * cells / whole
    if as_json:
        told = {"places": rows, "cells": cells, "cells_train_seconds": tested}
        print_json({"search": found.search.model_dump(mode="json"), **told})
        return
    click.echo(f"{found.search.method} search, {_budget(found)}; trials have {seeds_text(found.tune.trial_seeds)}")
    for row in rows:
        place = Place(row["task"], row["model"], row["length"])
        click.echo(
            f"{place}: {counted(row['trials'], 'trial')}, {_share_text(row)}{row['done']} done,"
            f" {_about(row['train_seconds'])}"
        )
    for model in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == model]
        trials = sum(row["trials"] for row in own)
        click.echo(f"{model}: {counted(trials, 'trial')}, {_about(sum(row['train_seconds'] for row in own))}")
    click.echo(f"then {counted(cells, 'cell')} with the chosen settings, each tested once: {_about(tested)}")
    click.echo(
        f"{_about(sum(seconds.values()) + tested)} of training in all on one core, without loading and evaluation"
    )


def show_settings(chosen: Chosen, *, as_json: bool) -> None:
    """Print the chosen setting of each task, model and length, and why others have none.

    Args:
        chosen: what the search came to.
        as_json: print a JSON line for each on stdout, and no settings on stderr.
    """
    for sentence in (*chosen.open, *chosen.shared, *chosen.waiting):
        say(sentence)
    if chosen.waiting:
        say("these wait for other shares: run the same command again once all trials are in one folder")
    if as_json:
        for place, tuned in chosen.choices.items():
            told = {"number": tuned.number, "validation_score": tuned.validation_score}
            print_event("chosen", {**place._asdict(), "setting": dict(tuned.setting), **told})
        for sentence in chosen.open:
            print_event("open", {"told": sentence})
        for sentence in chosen.shared:
            print_event("shared", {"told": sentence})
        for sentence in chosen.waiting:
            print_event("waiting", {"told": sentence})
        return
    for place, tuned in chosen.choices.items():
        by = f"trial {tuned.number}, counted from 0, of {tuned.trials}; on validation data"
        click.echo(f"{place}: {setting_text(tuned.setting)} ({by} {tuned.validation_score:.4g})", err=True)


def print_event(name: str, fields: Mapping[str, Any]) -> None:
    """Print one JSON line on stdout."""
    click.echo(json.dumps({"event": name, **fields}, allow_nan=False))


def _budget(found: Tuning) -> str:
    if found.search.compute is not None:
        return f"{found.search.compute:g} floating-point operations for each model, task and length"
    return f"{counted(found.search.trials or 0, 'trial')} for each model, task and length"


def _in_share(found: Tuning, plan: PlacePlan) -> dict[str, int]:
    """Return how many trials of a place, each with one seed, are in the share; nothing without shares."""
    return {} if found.share is None else {"in_share": found.share.count_of_trials(plan.place)}


def _share_text(row: Mapping[str, Any]) -> str:
    return f"{row['in_share']} in this share (each seed counts), " if "in_share" in row else ""


def _about(seconds: float) -> str:
    return f"about {duration(seconds)}"


def _done(todo: Plan) -> Mapping[Place, int]:
    pending, found = {cell.key for cell in todo.pending}, dict[Place, int]()
    for cell in todo.cells:
        place = Place(cell.task.shown, cell.model.titled, cell.length)
        found[place] = found.get(place, 0) + (cell.key not in pending)
    return found


def _seconds(found: Tuning, todo: Plan) -> tuple[dict[Place, float], list[float]]:
    """Return the seconds that the trials left at each place will train, by those that are known by now.

    Then those of one tested cell of each place, at the setting that the experiment has for it.
    """
    from seqbench.training.time_estimate import train_seconds

    known: dict[Place, list[float]] = {each.place: [] for each in found.search.places}
    tasks = {**todo.expansion.tasks, **{each.cell.key: each.task for each in found.places}}
    cells = (*todo.pending, *(each.cell for each in found.places))
    times = train_seconds(cells, found.catalog, Expansion((), tasks).time_steps)
    for cell, seconds in zip(todo.pending, times, strict=False):
        known[Place(cell.task.shown, cell.model.titled, cell.length)].append(seconds)
    planned = {each.place: found.planned_trials(each) for each in found.search.places}
    done = _done(todo)
    left = {place: planned[place] - done.get(place, 0) for place in planned}
    of_trials = {place: left[place] * sum(each) / len(each) if each else 0.0 for place, each in known.items()}
    return of_trials, times[len(todo.pending) :]
