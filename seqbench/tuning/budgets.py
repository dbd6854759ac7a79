"""Plans a search: how many trials each task, model and length gets, and the hash by which the search is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path

from seqbench.base.atomic_files import write_first
from seqbench.errors import ExperimentError, StoreError, reason
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Experiment
from seqbench.experiment.search_space import grid_size, random_setting
from seqbench.experiment.trials import TrialData
from seqbench.experiment.tune import MOST_TRIALS, Tune
from seqbench.records.search import Place, PlacePlan, Search, load_search, search_file
from seqbench.records.store import Store
from seqbench.tuning.operations import OperationCounter
from seqbench.tuning.places import TunedPlace
from seqbench.tuning.refused import refused_combination

OPERATIONS_MOVE_WITH = ("batch_size", "embedding_size")
"""Fields of training on which the operations of a step depend; a model's parameters may do so too."""

_SAMPLE = 32
"""First trials by which a budget that is far too large is told, without a count of all the others."""
_SURELY = 10
"""So many times the costliest of these trials are more than the mean of all."""


def search_of(
    experiment: Experiment, tune: Tune, places: Sequence[TunedPlace], counter: OperationCounter
) -> Search:
    """Return the plan of a search.

    Raises:
        ExperimentError: no equal budget can be given to all models.
    """
    trials = _grid_trials(experiment, tune, places) if tune.method == "grid" else tune.trials
    if trials is not None:
        plans = tuple(PlacePlan(**each.place._asdict(), trials=trials) for each in places)
    else:
        where = experiment.where("tune", "compute")
        plans = tuple(_affordable(each, tune, counter, where) for each in places)
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
    """Write the plan beside its trials before the first of them; of two searches begun at once one is refused.

    Raises:
        StoreError: the folder holds another search, or cannot be written to.
    """
    path = search_file(folder)
    if not path.exists():
        store.prepare()
        try:
            write_first(path, search.model_dump_json(indent=1) + "\n")
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {reason(error)}; choose another folder") from error
    check_same(search, folder)


def check_same(search: Search, folder: Path) -> None:
    """Refuse a folder with the trials of another search, which would be mixed.

    Raises:
        StoreError: it holds one, or its plan was changed.
    """
    found = load_search(folder)
    if found == search:
        return
    rest = "its cells have other settings, or it another generation: it tells them by a hash only"
    if found.search == search.search:
        rest = "it was changed, or another version of torch counts other operations"
    what = "; ".join(_changed(search, found)) or rest
    raise StoreError(
        f"{search_file(folder)} is the plan of another search ({what}), and trials of two searches are not mixed:"
        " choose another folder, or remove that folder with its trials"
    )


def _changed(search: Search, found: Search) -> Iterator[str]:
    """Yield what a search has that the one of a folder has not, in words."""
    mine, theirs = search.model_dump(exclude={"search", "places"}), found.model_dump(exclude={"search", "places"})
    changed = [name for name, value in mine.items() if theirs[name] != value]
    if changed:
        yield ", ".join(f"{name} {theirs[name]!r} there and {mine[name]!r} here" for name in changed[:3])
    for field in Place._fields:
        one, other = ({str(getattr(place, field)): None for place in each.plan} for each in (found, search))
        if one != other:
            yield f"{field}s {', '.join(one)} there and {', '.join(other)} here"


def _affordable(place: TunedPlace, tune: Tune, counter: OperationCounter, where: str) -> PlacePlan:
    """Return as many trials as the operations allow, in the order of their numbers.

    Raises:
        ExperimentError: not one, more than a search may have, or their number cannot be known; ``where`` is its
            place in a file.
    """
    moving = [name for name in place.space if "." in name or name in OPERATIONS_MOVE_WITH]
    if tune.method == "tpe" and moving:
        raise ExperimentError(
            f"{where}tune.compute: with tpe the number of trials must be known before the first, and their"
            f" operations depend on {moving[0]}: give trials, or tune at random"
        )
    costs, budget = _costs(place, tune, counter, where), tune.compute or 0.0
    trials, operations, costliest = 0, 0.0, 0.0
    # Without a part of the space on which they depend the operations of all trials are those of the first.
    for cost in costs if moving else repeat(next(costs)):
        if operations + cost > budget:
            break
        costliest = max(costliest, cost)
        if trials == MOST_TRIALS:
            raise _too_much(place, where, f"{0.99 * operations:.3g}")
        if moving and trials == _SAMPLE and budget > _SURELY * MOST_TRIALS * costliest:
            raise _too_much(place, where, f"about {MOST_TRIALS * operations / trials:.2g}")
        trials, operations = trials + 1, operations + cost
    if not trials:
        raise ExperimentError(
            f"{where}tune.compute is less than the first trial of {place.place} takes, {cost:.3g} floating-point"
            " operations; raise it"
        )
    return PlacePlan(**place.place._asdict(), trials=trials, operations=operations)


def _too_much(place: TunedPlace, where: str, most: str) -> ExperimentError:
    return ExperimentError(
        f"{where}tune.compute is enough for more than {MOST_TRIALS} trials of {place.place}, the most that a"
        f" search may have: the rest would not be spent, and budgets would differ; lower it to {most}"
        " floating-point operations or less"
    )


def _costs(place: TunedPlace, tune: Tune, counter: OperationCounter, where: str) -> Iterator[float]:
    """Yield the operations of one trial after the other, with all its seeds; one more than a search may have.

    Raises:
        ExperimentError: its model refuses one; ``where`` is the place of the budget in a file.
    """
    for number in range(MOST_TRIALS + 1):
        told = TrialData("", number, random_setting(place.space, tune.seed, number))
        try:
            cell = place.trial(told, tune.trial_seeds[0], counter.catalog, tune)
        except ExperimentError as error:
            raise ExperimentError(where + refused_combination(place.place, told, error)) from error
        yield counter.training(cell) * len(tune.trial_seeds)


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
