"""Tunes an experiment in one call, from its search space to the table of its tested cells."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.base.given import as_path
from seqbench.experiment.schema import Experiment
from seqbench.records.store import Store
from seqbench.running.changed_files import changed_in
from seqbench.running.plan import RETRY_FAILED, policy_of
from seqbench.running.run import (
    check_switches,
    check_words,
    default_output,
    executor_settings,
    loaded,
    opened,
    records_of,
    run_plan,
)
from seqbench.tuning.tuning import of_trials, tuning_of

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def tune(
    experiment: Experiment | str | Path,
    output: str | Path | None = None,
    *,
    jobs: int | None = None,
    executor: str | None = None,
    on_existing: str = RETRY_FAILED.name,
    shard: str | None = None,
    trials_only: bool = False,
    keep_weights: bool = False,
    plugin_files: Iterable[str | Path] = (),
    progress: bool = False,
) -> pd.DataFrame:
    """Find the best setting of each model by trials on validation data, run its cells, and return their results.

    It does what `seqbench tune` does. Trials and cells that the folder holds already are not run again. A task,
    model and length without a setting, because a trial failed or none came to a score, is missing from the table;
    a warning says why.

    Args:
        experiment: an `Experiment` with a section ``tune``, a suite's name or a YAML file.
        output: the folder of results; ``results/NAME`` by default. The trials are in its folder ``trials``.
        jobs, executor, on_existing, plugin_files, progress: as for `seqbench.run`; with ``on_existing="finish"``
            a failed trial counts as the worst.
        shard: ``i/n`` for the i-th of n shares of the trials, and of the tested cells once all trials are there.
        trials_only: test nothing, and return an empty table.
        keep_weights: keep the weights of each tested cell beside its record.

    Returns:
        One row for each tested cell, with the columns of `seqbench.load_results`.

    Raises:
        SeqbenchError: the experiment, its data or the folder is invalid.
    """
    from seqbench.records.load import frame

    check_words({"executor": executor, "on_existing": on_existing, "shard": shard})
    check_switches({"progress": progress, "keep_weights": keep_weights, "trials_only": trials_only})
    catalog = loaded(plugin_files)
    experiment = opened(experiment, catalog)
    folder = default_output(experiment) if output is None else as_path(output, "the folder of results")
    found = tuning_of(experiment, catalog, folder, shard=shard)
    for sentence in found.remarks:
        log.warning("%s", sentence)
    if on_existing != "fresh":
        for each in changed_in((found.trials, Store(found.folder)), catalog):
            log.warning('%s with on_existing="fresh"', each)
    settings, policy = (
        executor_settings(experiment, jobs, executor, keep_weights=keep_weights),
        policy_of(on_existing),
    )
    for todo in found.rounds(policy):
        run_plan(todo, found.trials, catalog, of_trials(settings), progress=progress)
    if trials_only:
        return frame([])
    chosen, store = found.chosen(policy), Store(found.folder)
    for sentence in (*chosen.open, *chosen.shared, *chosen.waiting):
        log.warning("%s", sentence)
    run_plan(chosen.plan, store, catalog, settings, progress=progress)
    if again := found.tell(chosen.plan):
        log.warning("%d records from before, with the same setting, tell this choice and its label now", again)
    return frame(records_of(chosen.plan, store))
