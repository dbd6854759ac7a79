"""Plans a search: how many trials each task, model and length gets, and the hash by which the search is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seqbench.base.atomic_files import write_atomically
from seqbench.errors import ExperimentError, StoreError, reason
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Experiment
from seqbench.experiment.search_space import grid_size
from seqbench.experiment.tune import MOST_TRIALS, Tune
from seqbench.records.search import PlacePlan, Search, load_search, search_file
from seqbench.records.store import Store
from seqbench.tuning.places import TunedPlace


def search_of(experiment: Experiment, tune: Tune, places: Sequence[TunedPlace]) -> Search:
    """Return the plan of a search.

    Raises:
        ExperimentError: no equal budget can be given to all models.
    """
    trials = _grid_trials(experiment, tune, places) if tune.method == "grid" else tune.trials
    plans = tuple(
        PlacePlan(task=each.place.task, model=each.place.model, length=each.place.length, trials=trials or 0)
        for each in places
    )
    return Search(
        search=_hash(tune, [each.cell for each in places]),
        method=tune.method,
        space=tune.told["space"],
        trials=trials,
        compute=tune.compute,
        seed=tune.seed,
        trial_seeds=tune.trial_seeds,
        steps=tune.steps,
        prune=tune.prune,
        places=plans,
    )


def begin(search: Search, store: Store, folder: Path) -> None:
    """Write the plan beside its trials before the first of them.

    Raises:
        StoreError: the folder holds another search, or cannot be written to.
    """
    path = search_file(folder)
    if path.exists():
        check_same(search, folder)
        return
    store.prepare()
    try:
        write_atomically(path, search.model_dump_json(indent=1) + "\n")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {reason(error)}; choose another --output") from error


def check_same(search: Search, folder: Path) -> None:
    """Refuse a folder with the trials of another search, which would be mixed.

    Raises:
        StoreError: it holds one, or its plan was changed.
    """
    found = load_search(folder)
    if found == search:
        return
    mine, theirs = search.model_dump(exclude={"search", "places"}), found.model_dump(exclude={"search", "places"})
    changed = [name for name, value in mine.items() if theirs[name] != value]
    what = ", ".join(f"{name} {theirs[name]!r} there and {mine[name]!r} here" for name in changed[:3])
    raise StoreError(
        f"{search_file(folder)} is the plan of another search ({what or 'its cells have other settings'}), and"
        " trials of two searches are not mixed: choose another --output, or remove that folder with its trials"
    )


def _grid_trials(experiment: Experiment, tune: Tune, places: Sequence[TunedPlace]) -> int:
    """Return how many settings the grid of each model has.

    Raises:
        ExperimentError: they differ, or are not as many as the trials.
    """
    where = experiment.where("tune")
    try:
        sizes = {each.cell.model.shown: grid_size(each.space) for each in places}
    except ValueError as error:
        raise ExperimentError(f"{where}tune.space.{error}") from error
    wanted = tune.trials or max(sizes.values())
    for model, size in sizes.items():
        if size > wanted or size > MOST_TRIALS:
            most = min(wanted, MOST_TRIALS)
            raise ExperimentError(
                f"{where}the grid of {model} has {size} settings, and there are {most} trials: make the lists"
                " shorter, or tune at random"
            )
        if size < wanted:
            raise ExperimentError(
                f"{where}the grid of {model} has {size} settings, and {wanted} trials are the budget of each"
                " model; a comparison needs the same for all: give it as many values, or tune at random"
            )
    return wanted


def _hash(tune: Tune, cells: Sequence[Cell]) -> str:
    # Seeds and further lengths of the tested cells are left out: more of them need no other search.
    told = {**tune.told, "cells": [replace(cell, seed=0, evaluate_lengths=()).identity for cell in cells]}
    return hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode()).hexdigest()[:20]
