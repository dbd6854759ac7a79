"""Runs the cells of a plan for a command: shows progress, prints the tables, and finds the exit status."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import click

from seqbench.cli.console import stdout
from seqbench.cli.kept_gradients import kept_gradients
from seqbench.cli.kept_labels import kept_labels
from seqbench.cli.layer_notes import layer_notes
from seqbench.cli.progress.watch import watch
from seqbench.experiment.schema import Execution
from seqbench.plugins.catalog import Catalog
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.running.interruption import interruption
from seqbench.running.plan import Plan
from seqbench.running.progress.sentences import done_before, how_far
from seqbench.running.run import records_of
from seqbench.running.sweep import running_sweep
from seqbench.running.weights import without_weights

UNFINISHED = 3
"""Exit status when the sweep has finished and cells failed."""


def swept(
    todo: Plan, store: Store, catalog: Catalog, how: Execution, *, as_json: bool, quiet: bool, live: bool
) -> int | None:
    """Run the pending cells and show progress; return the exit status of an interruption, None without one."""
    if not as_json and (before := done_before(todo)):
        click.echo(before, err=True)
    showing = watch(todo, store.layout, as_json=as_json, quiet=quiet, live=live)
    with showing as shown, interruption(shown.tell) as stop:
        with running_sweep(todo, store, catalog, how, stop, shown.see) as events:
            for event in events:
                shown.see(event)
        if stop.is_asked():
            # A second Ctrl-C may arrive during cleanup.
            stop.be_last()
    if stop.is_asked():
        click.echo(f"interrupted: {how_far(todo, store.seen())}", err=True)
        return stop.status
    return None


def ended(todo: Plan, store: Store, how: Execution, *, as_json: bool) -> int:
    """Print the results of the sweep, and return the exit status."""
    records = records_of(todo, store)
    told = (
        *kept_gradients(todo, records),
        *kept_labels(todo, records),
        *without_weights(todo, records, how),
        *layer_notes(records),
    )
    for sentence in told:
        click.echo(sentence, err=True)
    if as_json:
        statuses = Counter(record.status for record in records)
        summary = {"event": "summary", "output": str(store.path), "cells": len(todo.cells), "statuses": statuses}
        click.echo(json.dumps(summary, allow_nan=False))
    else:
        _print_tables(records, store, todo)
    return 0 if all(record.is_final for record in records) else UNFINISHED


def _print_tables(records: Sequence[Record], store: Store, todo: Plan) -> None:
    from seqbench.report import render
    from seqbench.report.observations import observations
    from seqbench.report.tables.words import in_words

    if len(records) < len(todo.cells):
        click.echo(f"{len(todo.cells) - len(records)} of {len(todo.cells)} cells have no record yet", err=True)
    render(records, stdout())
    if found := in_words(list(observations(records))):
        click.echo(f"In words: {found}\n")
    click.echo(f"results: {store.path}  (tables of all that is there: seqbench report {store.path})")
    page = f"{store.path.name or 'report'}.html"
    click.echo(f"next: seqbench report {store.path} --output {page}  (pictures, gradients, every cell)")
