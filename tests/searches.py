"""Makes folders of results with the trials of a search, for tests of their reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seqbench.board.bundle.suite import cell_of
from seqbench.experiment.trials import TrialData, TunedData
from seqbench.records.schema import Costs, Record
from seqbench.records.search import Place, PlacePlan, Search, search_file
from seqbench.records.store import Store
from seqbench.records.trials import chosen_number, load_trials, mean_scores, outcomes_hash
from tests.report.tables.test_scores import record

RATES = (1e-4, 1e-3, 1e-2, 1e-1)
SEARCH = "5ea4c4"
Score = Callable[[str, int, float], float | None]
"""Model, length, learning rate -> validation score; None for a trial that diverged."""


def learned(model: str, length: int, rate: float) -> float | None:
    """Return the scores of a search: lstm learns at two rates, at length 32 at one; rnn at one and at none."""
    if rate == RATES[-1] and model == "rnn":
        return None
    window = {("lstm", 8): RATES[1:3], ("lstm", 32): RATES[1:2], ("rnn", 8): RATES[2:3]}.get((model, length), ())
    return 0.9 if rate in window else 0.2


def search_of(models: Sequence[str] = ("lstm", "rnn"), lengths: Sequence[int] = (8, 32), **changed: Any) -> Search:
    """Return the plan of a search on copy, with a trial for each rate."""
    places = tuple(PlacePlan(task="copy", model=m, length=t, trials=len(RATES)) for t in lengths for m in models)
    told = {"search": SEARCH, "method": "random", "trials": len(RATES), "trial_seeds": (10_000,)}
    space = {"learning_rate": "log 1e-4..1e-1"}
    return Search.model_validate({**told, "space": space, "places": places, **changed})


def trials_of(search: Search, score: Score = learned) -> list[Record]:
    """Return the records of all trials of a search."""
    return [
        _trial(plan, number, seed, score(plan.model, plan.length, RATES[number % len(RATES)]), search)
        for plan in search.places
        for number in range(plan.trials)
        for seed in search.trial_seeds
    ]


def _trial(plan: PlacePlan, number: int, seed: int, score: float | None, search: Search) -> Record:
    rate = RATES[number % len(RATES)]
    training = {"learning_rate": rate, "steps": 40 + number}
    own = record(
        model=plan.model,
        length=plan.length,
        seed=seed,
        training=training,
        status="ok" if score is not None else "diverged",
        reason=None if score is not None else "the loss was nan",
    )
    told = {
        "test": None,
        "metric": record().metric,
        "validation_score": score,
        "costs": Costs(steps=40, train_seconds=1.5),
    }
    trial = TrialData(search=search.search, number=number, setting={"learning_rate": rate})
    cell = own.cell.model_copy(update={"trial": trial})
    return own.model_copy(update={**told, "cell": cell, "key": cell_of(cell).key})


def folder_of(folder: Path, search: Search, trials: Sequence[Record], results: Sequence[Record] = ()) -> Path:
    """Write a folder of results with these trials and cells."""
    search_file(folder).parent.mkdir(parents=True)
    search_file(folder).write_text(search.model_dump_json())
    for path, records in ((folder / "trials", trials), (folder, results)):
        store = Store(path)
        store.prepare()
        for each in records:
            store.write(each)
    return folder


def tuned_cells(folder: Path, search: Search, seeds: Sequence[int] = (0, 1)) -> list[Record]:
    """Return the cells that a search chose the settings of, from its trials in a folder."""
    rows = load_trials(folder)
    found = []
    for plan in search.places:
        own = [row for row in rows if row.place == plan.place]
        found += [_tuned(plan.place, seed, own, search) for seed in seeds]
    return found


def _tuned(place: Place, seed: int, rows: Sequence[Any], search: Search) -> Record:
    number = chosen_number(rows)
    assert number is not None
    setting = next(row.setting for row in rows if row.number == number)
    tuned = TunedData(
        search=search.search,
        method=search.method,
        trials=len(RATES),
        number=number,
        keys=tuple(row.key for row in rows if row.number == number),
        validation_score=mean_scores(rows)[number],
        outcomes=outcomes_hash(rows),
        setting=setting,
    )
    own = record(0.8, model=place.model, length=place.length, seed=seed, training=dict(setting))
    return own.model_copy(update={"cell": own.cell.model_copy(update={"tuned": tuned})})
