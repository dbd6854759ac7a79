"""Gives small searches of the toys, and runs them in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqbench import Catalog, Experiment
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.running.plan import RETRY_FAILED, OnExisting, Plan
from seqbench.training.cell import run_cell
from seqbench.tuning.tuning import Chosen, Tuning, tuning_of
from tests.toys import CATALOG, Gru

SPACE = {"learning_rate": "log 1e-4..1e-1", "small.hidden_size": [4, 8]}


@dataclass(frozen=True)
class Choosy(Gru):
    """A model that refuses two values that it takes one by one."""

    fold: int = 1

    def __post_init__(self) -> None:
        if self.hidden_size == 8 and self.fold == 2:
            raise ValueError("hidden_size is 8, and fold is 2: one of them is to be less")


def experiment(**changes: Any) -> Experiment:
    fields: dict[str, Any] = {
        "tasks": ["last"],
        "models": ["small"],
        "lengths": [4],
        "seeds": [0, 1],
        "training": {"steps": 4, "batch_size": 16, "validate_every": 2},
        "gradients": {"measure": False},
        "tune": {"space": SPACE, "trials": 3},
    }
    return Experiment.model_validate({**fields, **changes})


def tuned(folder: Path, catalog: Catalog = CATALOG, **changes: Any) -> Tuning:
    return tuning_of(experiment(**changes), catalog, folder)


def run(todo: Plan, store: Store, catalog: Catalog = CATALOG) -> None:
    for cell in todo.pending:
        store.write(run_cell(cell, catalog))


def labels(*spaces: list[int]) -> dict[str, Any]:
    """Return the changes of an experiment that tunes the width of a label of the toy model from each of these."""
    sizes = {f"label{i}.hidden_size": values for i, values in enumerate(spaces)}
    models = [{"label": f"label{i}", "model": "small", "hidden_size": 30 + i} for i in range(len(spaces))]
    return {"models": models, "tune": {"space": sizes, "method": "grid"}}


def tried(found: Tuning, policy: OnExisting = RETRY_FAILED) -> Chosen:
    """Run all trials, and return what they led to."""
    for todo in found.rounds(policy):
        run(todo, found.trials, found.catalog)
    return found.chosen(policy)


def finished(found: Tuning) -> list[Record]:
    """Run all trials and all cells, and return the records of the cells."""
    run(tried(found).plan, Store(found.folder), found.catalog)
    return Store(found.folder).read()
