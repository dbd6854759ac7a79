"""Finds the best setting of each model by trials, and runs cells with it: ``seqbench tune``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from seqbench.base.counts import counted
from seqbench.cli.asked import asked_experiment
from seqbench.cli.console import say
from seqbench.cli.grid_options import grid_options
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.cli.search_lines import show_search, show_settings
from seqbench.cli.sweeping import UNFINISHED, ended, swept
from seqbench.experiment.schema import Execution
from seqbench.records.store import Store
from seqbench.running.changed_files import changed_in
from seqbench.running.plan import ON_EXISTING, RETRY_FAILED, OnExisting, policy_of
from seqbench.running.run import default_output, executor_settings
from seqbench.tuning.tuning import Tuning, of_trials, tuning_of


@click.command()
@click.argument("experiment", metavar="SUITE or FILE.yaml")
@grid_options
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME.FIELD=VALUE",
    help="As for run; and a field of the search, such as tune.trials=12.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder of results; its trials are in a folder of it."
)
@click.option("--jobs", type=click.IntRange(min=1), help="Cells at a time; one for each core by default.")
@click.option("--executor", metavar="NAME", help="What runs the cells: processes (default), serial, ray.")
@click.option(
    "--on-existing",
    type=click.Choice(list(ON_EXISTING)),
    default=RETRY_FAILED.name,
    show_default=True,
    help="What becomes of trials and cells that have a record, as for run; with finish a failed trial counts as"
    " the worst, with the others no setting is chosen beside one.",
)
@click.option(
    "--shard",
    metavar="I/N",
    help="Run the i-th of n shares of the trials; others run the rest. Once all are there, the same command runs"
    " its share of the cells.",
)
@click.option("--trials-only", is_flag=True, help="Run the trials and show the best settings; test nothing.")
@click.option("--keep-weights", is_flag=True, help="Keep the weights of each tested cell beside its record.")
@plugin_files
@click.option(
    "--dry-run", is_flag=True, help="Show the trials of each model and their expected time; run nothing."
)
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
    output: Path | None,
    jobs: int | None,
    executor: str | None,
    on_existing: str,
    shard: str | None,
    trials_only: bool,
    keep_weights: bool,
    files: tuple[Path, ...],
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    no_progress: bool,
) -> int:
    """Find the best setting of each model by trials on validation data, then run cells with it.

    The section tune of the experiment says what is tried. Once all trials have ended, the cells of its seeds are
    run with the setting that validated best, and tested once. After an interruption the same command goes on.
    """
    catalog = load_plugins(files)
    fields: dict[str, Any] = {"tasks": tasks, "models": models, "weights": weights, "lengths": lengths}
    fields |= {"seeds": seeds, "evaluate_lengths": evaluate_lengths}
    chosen = asked_experiment(experiment, fields, assignments, catalog)
    found = tuning_of(chosen, catalog, output or default_output(chosen), shard=shard)
    for sentence in found.remarks:
        say(f"warning: {sentence}")
    if dry_run:
        show_search(found, as_json=as_json)
        return 0
    if on_existing != "fresh":
        for each in changed_in((found.trials, Store(found.folder)), catalog):
            say(f"warning: {each} with --on-existing fresh")
    how = executor_settings(chosen, jobs, executor, keep_weights=keep_weights)
    run = _Run(found, how, policy_of(on_existing), as_json, quiet, not no_progress)
    status = run.trials()
    return run.end(trials_only=trials_only) if status is None else status


class _Run:
    """Runs the trials of a search, then its cells, and shows both."""

    def __init__(
        self, found: Tuning, how: Execution, policy: OnExisting, as_json: bool, quiet: bool, live: bool
    ) -> None:
        self._found = found
        self._how = how
        self._policy = policy
        self._as_json = as_json
        self._showing = {"as_json": as_json, "quiet": quiet, "live": live}

    def trials(self) -> int | None:
        """Run them all; return the exit status of an interruption, None without one."""
        for todo in self._found.rounds(self._policy):
            if todo.pending:
                how, store = of_trials(self._how), self._found.trials
                status = swept(todo, store, self._found.catalog, how, **self._showing)
                if status is not None:
                    return status
        return None

    def end(self, *, trials_only: bool) -> int:
        """Choose settings, run the cells with them, and return the exit status."""
        chosen = self._found.chosen(self._policy, trials_only=trials_only)
        store = Store(self._found.folder)
        show_settings(chosen, as_json=self._as_json)
        status = None
        if not trials_only and chosen.plan.cells:
            status = swept(chosen.plan, store, self._found.catalog, self._how, **self._showing)
            if status is None:
                if again := self._found.tell(chosen.plan):
                    what = "from before, with the same setting, tell this choice and its label now"
                    say(f"{counted(again, 'record')} {what}")
                status = ended(chosen.plan, store, self._how, as_json=self._as_json)
        return status or (UNFINISHED if chosen.open else 0)
