"""Runs a suite or an experiment file and prints its tables: ``seqbench run``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from seqbench.cli.asked import asked_experiment
from seqbench.cli.console import say
from seqbench.cli.dry_run import show_plan
from seqbench.cli.grid_options import grid_options
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.cli.save_config import save
from seqbench.cli.sweeping import ended, swept
from seqbench.experiment.schema import Experiment
from seqbench.plugins.catalog import Catalog
from seqbench.records.store import Store
from seqbench.running.changed_files import changed_files, may_have_changed
from seqbench.running.plan import ON_EXISTING, RETRY_FAILED, Plan, plan
from seqbench.running.run import default_output, executor_settings, records_of
from seqbench.training.memory import Memory


@click.command()
@click.argument("experiment", default="quick", metavar="[SUITE or FILE.yaml]")
@grid_options
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
@click.option(
    "--keep-weights",
    is_flag=True,
    help="Keep the weights of each cell beside its record, for predict and generate.",
)
@plugin_files
@click.option(
    "--save-config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the experiment, with all that options changed, to FILE.yaml, which makes the same cells again.",
)
@click.option("--dry-run", is_flag=True, help="Show the cells, and estimate time and memory; run nothing.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines on stdout.")
@click.option("--quiet", "-q", is_flag=True, help="No progress, tables only.")
@click.option("--no-progress", is_flag=True, help="Plain lines instead of bars.")
def command(
    experiment: str,
    tasks: list[Any] | None,
    models: list[Any] | None,
    weights: list[Any] | None,
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
    keep_weights: bool,
    files: tuple[Path, ...],
    save_config: Path | None,
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
    fields: dict[str, Any] = {"tasks": tasks, "models": models, "lengths": lengths, "seeds": seeds}
    fields |= {"weights": weights, "evaluate_lengths": evaluate_lengths, "name": name, "description": description}
    chosen = asked_experiment(experiment, fields, assignments, catalog)
    store, how = (
        Store(output or default_output(chosen)),
        executor_settings(chosen, jobs, executor, loggers, keep_weights=keep_weights),
    )
    todo = _planned(chosen, catalog, store, on_existing=on_existing, shard=shard)
    if save_config is not None:
        save(chosen.model_copy(update={"executor": how}), save_config)
    if dry_run:
        show_plan(todo, catalog, Memory(how, store.whole), as_json=as_json)
    elif todo.cells:
        status = swept(todo, store, catalog, how, as_json=as_json, quiet=quiet, live=not no_progress)
        return ended(todo, store, how, as_json=as_json) if status is None else status
    return 0


def _planned(chosen: Experiment, catalog: Catalog, store: Store, *, on_existing: str, shard: str | None) -> Plan:
    """Return the plan of the sweep, and warn about oddities."""
    todo = plan(chosen, catalog, store, on_existing=on_existing, shard=shard)
    for problem in todo.broken:
        say(f"warning: {problem}")
    if may_have_changed(todo, catalog):
        for each in changed_files(todo, records_of(todo, store), catalog):
            say(f"warning: {each} with --on-existing fresh")
    if not todo.cells:
        click.echo(f"the share {shard} of these cells is empty: there are fewer cells than shares", err=True)
    return todo
