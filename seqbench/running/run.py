"""Runs an experiment in one call, from its name to its table."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.base.collector import collector_paused
from seqbench.base.given import as_path, shown
from seqbench.errors import ExperimentError
from seqbench.experiment.schema import Execution, Experiment, load
from seqbench.jobs.events import Event
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.load import load_catalog
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.running.changed_files import changed_files, may_have_changed
from seqbench.running.interruption import interruption
from seqbench.running.plan import RETRY_FAILED, Plan, plan
from seqbench.running.queue import Waiting
from seqbench.running.sweep import running_sweep
from seqbench.running.weights import without_weights

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def run(
    experiment: Experiment | str | Path,
    output: str | Path | None = None,
    *,
    jobs: int | None = None,
    executor: str | None = None,
    on_existing: str = RETRY_FAILED.name,
    shard: str | None = None,
    keep_weights: bool = False,
    plugin_files: Iterable[str | Path] = (),
    progress: bool = False,
) -> pd.DataFrame:
    """Run an experiment and return its results, as `seqbench run` does.

    Cells that the folder holds already are not run again. Ctrl-C lets the running cells write their
    checkpoints and then raises KeyboardInterrupt; a second one ends them at once.

    Args:
        experiment: an `Experiment`, a suite's name or a YAML file.
        output: the folder of results; ``results/NAME`` by default.
        jobs: number of cells at a time; by default that of the experiment, otherwise one for each core.
        executor: ``processes``, ``serial``, or another's name; by default that of the experiment.
        on_existing: ``retry-failed``, ``finish`` (leave failed and timed out cells), ``fresh`` (run all
            again) or ``only-report`` (run nothing).
        shard: ``i/n`` for the i-th of n shares of the cells.
        keep_weights: keep the weights of each cell beside its record, for `seqbench.load_network`. Finished cells
            run again for them only with ``on_existing="fresh"``; a warning gives their number.
        plugin_files: Python files that hold a plugin each and need not be installed.
        progress: show how many cells have ended, those that run, and the last score: in a notebook as one output,
            in a script on stderr.

    Returns:
        One row for each cell of the experiment, with the columns of `seqbench.load_results`.

    Raises:
        SeqbenchError: the experiment, its data or the folder is invalid.
    """
    from seqbench.records.load import frame

    check_words({"executor": executor, "on_existing": on_existing, "shard": shard})
    check_switches({"progress": progress, "keep_weights": keep_weights})
    catalog = loaded(plugin_files)
    experiment = opened(experiment, catalog)
    store = Store(default_output(experiment) if output is None else output)
    todo = plan(experiment, catalog, store, on_existing=on_existing, shard=shard)
    if may_have_changed(todo, catalog):
        for each in changed_files(todo, records_of(todo, store), catalog):
            log.warning('%s with on_existing="fresh"', each)
    settings = executor_settings(experiment, jobs, executor, keep_weights=keep_weights)
    run_plan(todo, store, catalog, settings, progress=progress)
    records = records_of(todo, store)
    for sentence in without_weights(todo, records, settings):
        log.warning("%s", sentence)
    return frame(records)


def check_words(given: Mapping[str, object]) -> None:
    """Refuse arguments that are neither text nor None: argument -> what was given.

    Raises:
        ExperimentError: there is one.
    """
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise ExperimentError(f"{name} is {shown(value)}; it is given as text")


def check_switches(given: Mapping[str, object]) -> None:
    """Refuse arguments that are neither True nor False: argument -> what was given.

    Raises:
        ExperimentError: there is one.
    """
    for name, value in given.items():
        if not isinstance(value, bool):
            raise ExperimentError(f"{name} is {shown(value)}; give True or False")


def opened(experiment: Experiment | str | Path, catalog: Catalog) -> Experiment:
    """Return an experiment that was given as such, by the name of a suite, or as a YAML file.

    Raises:
        ExperimentError: it is none of these, there is no such suite, or the file is unfit.
    """
    if isinstance(experiment, Experiment):
        return experiment
    if not isinstance(experiment, str | Path):
        raise ExperimentError(
            f"experiment is {shown(experiment)}; give the name of a suite, a YAML file, or an Experiment, such as"
            " seqbench.Experiment(tasks=['copy'], models=['lstm'], lengths=[16])"
        )
    return load(experiment_file(str(experiment), catalog))


def loaded(plugin_files: Iterable[str | Path]) -> Catalog:
    """Return the installed plugins and those in files, and warn of files that cannot be used."""
    catalog = load_catalog(files=plugin_files)
    for problem in catalog.problems:
        if problem.origin.path is not None:
            log.warning("%s", problem)
    return catalog


def run_plan(todo: Plan, store: Store, catalog: Catalog, settings: Execution, *, progress: bool = False) -> None:
    """Run the pending cells of a plan, and show it if asked; a Ctrl-C is passed on once the cells have ended.

    Raises:
        SeqbenchError: as `seqbench.running.sweep.sweep`.
    """
    for problem in todo.broken:
        log.warning("%s", problem)
    with (
        _showing(todo, store, progress=progress) as see,
        interruption(partial(print, file=sys.stderr)) as stop,
        running_sweep(todo, store, catalog, settings, stop, see) as events,
    ):
        for event in events:
            see(event)
            if isinstance(event, Waiting):
                log.info("%d cells are left to other sweeps, on %s", len(event.cells), ", ".join(event.hosts))
    if stop.number is not None:
        # Pass the signal to the earlier handler: a KeyboardInterrupt, or the end of the process.
        signal.raise_signal(stop.number)


def _showing(
    todo: Plan, store: Store, *, progress: bool
) -> AbstractContextManager[Callable[[Event | Waiting], None]]:
    if not progress:
        return nullcontext(lambda event: None)
    # Imported late: rich takes time.
    from seqbench.running.progress.bar import progress_bar

    return progress_bar(todo, store.layout)


def executor_settings(
    experiment: Experiment,
    jobs: int | None,
    executor: str | None,
    loggers: tuple[str, ...] = (),
    *,
    keep_weights: bool = False,
) -> Execution:
    """Return how to run an experiment: its own section, overridden by the arguments.

    Raises:
        ExperimentError: ``jobs`` is below 1.
    """
    if jobs is not None and not (isinstance(jobs, int) and jobs >= 1):
        raise ExperimentError(
            f"jobs is {shown(jobs)}; it is the number of cells at a time, 1 or more (None: one a core)"
        )
    asked = {"jobs": jobs, "name": executor, "loggers": loggers, "keep_weights": keep_weights}
    return experiment.executor.model_copy(update={name: value for name, value in asked.items() if value})


def experiment_file(name: str, catalog: Catalog) -> Path:
    """Return the file of an experiment: a path unchanged, or the file of a suite."""
    path = as_path(name, "the experiment", ExperimentError)
    return path if path.suffix in (".yaml", ".yml") else catalog.suite(name)


def records_of(todo: Plan, store: Store) -> list[Record]:
    """Return the records of a plan's cells, in their order; cells without a whole record are left out.

    The records are without their curves (`seqbench.records.light`).
    """
    keys = {cell.key for cell in todo.cells}
    with collector_paused():
        found = store.light(is_broken_skipped=True, keys=keys)
        records = {record.key: record for record in found}
    return [records[cell.key] for cell in todo.cells if cell.key in records]


def default_output(experiment: Experiment) -> Path:
    """Return ``results/NAME``, under the current folder."""
    return Path("results") / experiment.name
