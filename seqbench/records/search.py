"""Reads the plan of a search from a folder of results.

The trials of ``DIR`` are records of their own store, ``DIR/trials``; ``DIR/trials/search.json`` is the search that
planned them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from seqbench.base.plain_files import read_plain
from seqbench.errors import StoreError, reason
from seqbench.records.schema import Data

TRIALS = "trials"
"""The store of trials in a folder of results."""
SEARCH_FILE = "search.json"


class Place(NamedTuple):
    """What a search chooses one setting for: a task, a model as tables show it, and a length."""

    task: str
    model: str
    length: int

    def __str__(self) -> str:
        return f"{self.task} {self.model} T={self.length}"


class PlacePlan(Data):
    """What a search plans for one task, model and length: its number of trials, and of operations if counted."""

    task: str
    model: str
    length: int
    trials: int
    operations: float | None = None

    @property
    def place(self) -> Place:
        """The task, model and length."""
        return Place(self.task, self.model, self.length)


class Search(Data):
    """A search for settings, as it was planned before its first trial.

    Attributes:
        search: a hash of the plan and of every setting of the cells that are tuned.
        method: ``random``, ``grid`` or ``tpe``.
        space: parameter -> the values to try, as the experiment has them.
        trials: the budget, the same number for each model; None where operations are.
        compute: the budget in floating-point operations, the same for each model; None where trials are.
        seed: decides the settings that are tried.
        trial_seeds: the seeds of the trials' cells; the cells that are tested have others.
        steps: optimiser steps of a trial; None for those of the experiment.
        prune: whether trials end early that are worse than half of the earlier ones.
        places: the plan for each task, model and length.
    """

    schema_version: Literal[1] = 1
    search: str
    method: str
    space: dict[str, Any]
    trials: int | None = None
    compute: float | None = None
    seed: int = 0
    trial_seeds: tuple[int, ...]
    steps: int | None = None
    prune: bool = False
    places: tuple[PlacePlan, ...]

    @property
    def plan(self) -> dict[Place, PlacePlan]:
        """Place -> what is planned for it."""
        return {each.place: each for each in self.places}


def has_trials(folder: str | Path) -> bool:
    """Say whether a folder of results holds a search."""
    return search_file(folder).is_file()


def search_file(folder: str | Path) -> Path:
    """Return the file of the search of a folder of results, which may not exist."""
    return Path(folder) / TRIALS / SEARCH_FILE


def load_search(folder: str | Path) -> Search:
    """Read the search of a folder of results.

    Raises:
        StoreError: there is none, it is unreadable, or it gives one model more trials than another.
    """
    path = search_file(folder)
    try:
        search = Search.model_validate_json(read_plain(path))
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read: {reason(error)}; `seqbench tune` writes it before the first trial"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise StoreError(f"{path} is no search of schema version 1: {place}: {first['msg']}") from error
    _check_budgets(search, path)
    return search


def _check_budgets(search: Search, path: Path) -> None:
    """Refuse a plan without the same budget for each model.

    Raises:
        StoreError: it names a place twice, gives one more trials than another, or more operations than the budget.
    """
    if len(search.plan) < len(search.places):
        raise StoreError(
            f"{path} plans the same task, model and length twice; it was changed: tune into a new folder"
        )
    for each in search.places:
        if search.compute is None and each.trials != search.trials:
            raise StoreError(
                f"{path} gives {each.place} {each.trials} trials, and the budget of each model is {search.trials};"
                " a comparison needs the same for all: tune into a new folder"
            )
        if search.compute is not None and (each.operations is None or each.operations > search.compute):
            raise StoreError(
                f"{path} gives {each.place} {each.operations} operations, and the budget of each model is"
                f" {search.compute:g}; a comparison needs the same for all: tune into a new folder"
            )
