"""Runs a suite or an experiment file and prints its tables: ``seqbench run``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from seqbench.cli.console import say, stdout
from seqbench.cli.dry_run import show_plan
from seqbench.cli.kept_gradients import kept_gradients
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.cli.progress.watch import Display, watch
from seqbench.cli.short_forms import are_long, in_long_form
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import load, merge
from seqbench.experiment.strict_yaml import read_scalar
from seqbench.jobs.events import Event
from seqbench.plugins.catalog import Catalog
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.running.interruption import Interruption, interruption
from seqbench.running.plan import FINAL, ON_EXISTING, RETRY_FAILED, Plan, plan
from seqbench.running.queue import Waiting
from seqbench.running.run import default_output, execution, experiment_file, records_of
from seqbench.running.sweep import sweep
from seqbench.training.memory import Memory

UNFINISHED = 3
"""Exit status when the sweep has finished and cells failed."""


def _names(context: click.Context, option: click.Parameter, value: str | None) -> list[Any] | None:
    if value is None:
        return None
    return [read_scalar(item.strip()) for item in value.split(",") if item.strip()]


@click.command()
@click.argument("experiment", default="quick", metavar="[SUITE or FILE.yaml]")
@click.option("--tasks", callback=_names, metavar="NAME,NAME", help="Tasks, instead of the experiment's.")
@click.option("--models", callback=_names, metavar="NAME,NAME", help="Models, instead of the experiment's.")
@click.option("--lengths", callback=_names, metavar="N,N", help="Sequence lengths in steps.")
@click.option("--seeds", callback=_names, metavar="N,N", help="Seeds; each is a cell of its own.")
@click.option(
    "--evaluate-lengths", callback=_names, metavar="N,N", help="Further lengths to test the trained networks at."
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME.FIELD=VALUE",
    help="A parameter of a task or a model, or a field of training; e.g. lstm.hidden_size=64, training.steps=500.",
)
@click.option("--name", help="Name of the experiment, and of its folder of results.")
@click.option("--description", help="A line about the experiment.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder of results; what it holds already is not run again."
)
@click.option("--jobs", type=click.IntRange(min=1), help="Cells at a time; one for each core by default.")
@click.option(
    "--executor",
    metavar="NAME",
    help="What runs the cells: processes (default; one for each cell), serial (all in this process), ray.",
)
@click.option(
    "--on-existing",
    type=click.Choice(list(ON_EXISTING)),
    default=RETRY_FAILED.name,
    show_default=True,
    help="What becomes of cells that have a record: "
    + "; ".join(f"{each.name}: {each.told}" for each in ON_EXISTING.values())
    + ".",
)
@click.option("--shard", metavar="I/N", help="Run the i-th of n shares of the cells; others run the rest.")
@click.option(
    "--logger",
    "loggers",
    multiple=True,
    metavar="NAME",
    help="Lightning logger: tensorboard, wandb or mlflow; repeatable.",
)
@plugin_files
@click.option("--dry-run", is_flag=True, help="Show the cells, and estimate time and memory; run nothing.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines on stdout.")
@click.option("--quiet", "-q", is_flag=True, help="No progress, tables only.")
@click.option("--no-progress", is_flag=True, help="Plain lines instead of bars.")
def command(
    experiment: str,
    tasks: list[Any] | None,
    models: list[Any] | None,
    lengths: list[Any] | None,
    seeds: list[Any] | None,
    evaluate_lengths: list[Any] | None,
    assignments: Sequence[str],
    name: str | None,
    description: str | None,
    output: Path | None,
    jobs: int | None,
    executor: str | None,
    on_existing: str,
    shard: str | None,
    loggers: tuple[str, ...],
    files: tuple[Path, ...],
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    no_progress: bool,
) -> int:
    """Run a suite or an experiment file (default: quick).

    Finished cells in the output folder are not run again; failed ones are. Ctrl-C lets the running cells write
    their checkpoints and ends the sweep, a second one ends it at once; the same command resumes it.
    """
    catalog = load_plugins(files)
    given = {
        "tasks": tasks,
        "models": models,
        "lengths": lengths,
        "seeds": seeds,
        "evaluate_lengths": evaluate_lengths,
        "name": name,
        "description": description,
    }
    fields = {key: value for key, value in given.items() if value is not None}
    file = experiment_file(experiment, catalog)
    chosen = load(file, merge(fields, settings(_assignments(assignments, catalog, file, fields))))
    store = Store(output or default_output(chosen))
    todo = plan(chosen, catalog, store, on_existing=on_existing, shard=shard)
    for problem in todo.broken:
        say(f"warning: {problem}")
    _tell_of_changed_files(todo, store, catalog)
    how = execution(chosen, jobs, executor)
    if dry_run:
        show_plan(todo, catalog, Memory(how, store.whole), as_json=as_json)
        return 0
    if not todo.cells:
        click.echo(f"the share {shard} of these cells is empty: there are fewer cells than shares", err=True)
        return 0
    how = how.model_copy(update={"loggers": loggers}) if loggers else how
    showing = watch(todo, catalog, store.path, as_json=as_json, quiet=quiet, live=not no_progress)
    with showing as shown, interruption(shown.tell) as stop:
        _run(sweep(todo, store, catalog, how, stopping=stop.is_asked, told=shown.see), shown, stop)
        if stop.is_asked():
            # A second Ctrl-C may arrive during cleanup.
            stop.be_last()
    if stop.is_asked():
        _tell_of_interrupt(todo, store)
        return stop.status
    return _end(todo, store, as_json=as_json)


def _assignments(
    assignments: Sequence[str], catalog: Catalog, file: Path, fields: Mapping[str, Any]
) -> Sequence[str]:
    """Return assignments in their long form; the experiment is read only if one is short."""
    if are_long(assignments):
        return assignments
    asked = load(file, fields)
    return in_long_form(assignments, catalog, (*asked.tasks, *asked.models))


def _tell_of_changed_files(todo: Plan, store: Store, catalog: Catalog) -> None:
    """Warn about results of a plugin file that has changed since: keys contain its version, not its content."""
    if not catalog.sources.files or len(todo.pending) == len(todo.cells):
        return
    running = {cell.key for cell in todo.pending}
    changed = Counter(
        (name, str(origin.path))
        for record in records_of(todo, store)
        for (kind, name), origin in catalog.origins.items()
        if origin.path and record.key not in running
        for used in (record.cell.task if kind == "task" else record.cell.model,)
        if used.name == name and used.distribution != str(origin.source)
    )
    for (name, path), cells in changed.items():
        click.echo(
            f"seqbench: warning: {path} has changed since {cells} of these cells were run; if a score can move,"
            f" raise the version of {name}, or run all again with --on-existing fresh",
            err=True,
        )


def _run(happening: Generator[Event | Waiting], shown: Display, stop: Interruption) -> None:
    """Show events until the sweep is done or was stopped."""
    try:
        with closing(happening) as events:
            for event in events:
                stop.be_gentle()
                shown.see(event)
    except KeyboardInterrupt:
        # The second signal ends the sweep at once; the interrupted cells have their records.
        if not stop.is_asked():
            raise


def _tell_of_interrupt(todo: Plan, store: Store) -> None:
    status = store.status()
    done = sum(status.get(cell.key) in FINAL for cell in todo.cells)
    click.echo(f"interrupted: {done} of {len(todo.cells)} cells are done; the same command goes on", err=True)


def _end(todo: Plan, store: Store, *, as_json: bool) -> int:
    """Print the results of the sweep, and return the exit status."""
    records = records_of(todo, store)
    for sentence in kept_gradients(todo, records):
        click.echo(sentence, err=True)
    if as_json:
        statuses = Counter(record.status for record in records)
        summary = {"event": "summary", "output": str(store.path), "cells": len(todo.cells), "statuses": statuses}
        click.echo(json.dumps(summary, allow_nan=False))
    else:
        _print_tables(records, store, todo)
    return 0 if all(record.status in FINAL for record in records) else UNFINISHED


def _print_tables(records: Sequence[Record], store: Store, todo: Plan) -> None:
    from seqbench.report import render

    already_done = len(todo.cells) - len(todo.pending)
    if already_done and todo.on_existing.runs:
        click.echo(f"{already_done} of {len(todo.cells)} cells were done already", err=True)
    if len(records) < len(todo.cells):
        click.echo(f"{len(todo.cells) - len(records)} of {len(todo.cells)} cells have no record yet", err=True)
    render(records, stdout())
    click.echo(f"results: {store.path}  (tables of all that is there: seqbench report {store.path})")
