"""Makes the tables of a search: its budget, the chosen settings, and every trial that was planned."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from seqbench.base.counts import counted
from seqbench.base.ranges import seeds_text
from seqbench.experiment.search_space import grid_settings, grid_size, random_setting, read_values
from seqbench.records.search import Place, PlacePlan, Search
from seqbench.records.trials import TrialRow, mean_scores, setting_text
from seqbench.records.variants import natural
from seqbench.report.numbers import number
from seqbench.report.tables.table import Entry, Table
from seqbench.report.tuning import Tried, outcome
from seqbench.report.units import seconds

MISSING = "missing"
_CHOSEN_LINE = (
    "The setting of the trial with the best mean validation score, the lower number of equal ones; no test data"
    " were looked at."
)
_TRIAL_LINES = ("Every planned trial. Scores are on validation data, of the best weights of a trial.",)


def budget_table(tried: Tried, search: Search) -> Table:
    """Return what each model was given, and what was spent on it."""
    rows = tuple(_budget(model, tried, search) for model in _models(search))
    columns = ("model", "places", "planned", "run", "pruned", "without a score", "steps", "training time")
    counts = search.compute is not None
    lines = (
        *_how(search),
        "A place is a task and a length; each trial counts once for each of its seeds.",
        *_repeated(tried, search),
    )
    return Table("budget of the search", lines, columns + (("operations",) if counts else ()), rows, keys=1)


def chosen_table(tried: Tried) -> Table | None:
    """Return the chosen setting of each task, length and model; None where nothing is chosen yet."""
    by_place: dict[Place, list[TrialRow]] = {}
    for row in tried.rows:
        by_place.setdefault(row.place, []).append(row)
    rows = []
    for place in sorted(by_place, key=_order):
        chosen = [row for row in by_place[place] if row.chosen]
        if chosen:
            score = mean_scores(by_place[place])[chosen[0].number]
            rows.append(
                (
                    *_named(place),
                    Entry(setting_text(chosen[0].setting)),
                    Entry(str(chosen[0].number), chosen[0].number),
                    Entry(number(score), score),
                )
            )
    columns = ("task", "length", "model", "setting", "trial", "validation score")
    lines = (f"{_CHOSEN_LINE} {_then(tried)}",)
    return Table("chosen settings", lines, columns, tuple(rows), keys=3) if rows else None


def _then(tried: Tried) -> str:
    """Return which cells were run with the chosen settings."""
    chosen = dict.fromkeys(row.place for row in tried.rows if row.chosen)
    left = [str(place) for place in sorted(chosen, key=_order) if place not in tried.tested]
    if not left:
        return "The cells were then run with it on other seeds."
    if len(left) == len(chosen):
        return "No cell here was run with it."
    return f"The cells were then run with it on other seeds; none here of {', '.join(left)}."


def trial_table(tried: Tried, search: Search) -> Table:
    """Return every planned trial, those that are missing too."""
    there = {(row.place, row.number, row.seed): row for row in tried.rows}
    rows = []
    for plan in sorted(search.places, key=lambda plan: _order(plan.place)):
        for n, seed in product(range(plan.trials), search.trial_seeds):
            found = there.get((plan.place, n, seed))
            told = _missing(plan, n, tried, search) if found is None else _trial(found)
            rows.append((*_named(plan.place), Entry(str(n), n), Entry(str(seed), seed), *told))
    columns = ("task", "length", "model", "trial", "seed", "setting", "validation score", "outcome", "chosen")
    return Table("every trial", _TRIAL_LINES, columns, tuple(rows), keys=5)


def _how(search: Search) -> Iterator[str]:
    space = "; ".join(f"{name}: {_space(values)}" for name, values in search.space.items())
    budget = (
        f"{counted(search.trials, 'trial')} for each model, task and length"
        if search.trials is not None
        else f"{search.compute:.3g} operations for each model, task and length"
        if search.compute is not None
        else "all settings of the grid"
    )
    pruned = ", ended early if worse than half of the earlier ones" if search.prune else ""
    steps = f", {counted(search.steps, 'step')} each" if search.steps else ""
    seeds = seeds_text(search.trial_seeds)
    yield f"{search.method}, seed {search.seed}: {budget}{steps}{pruned}; trials have {seeds}."
    yield f"Searched: {space}."


def _repeated(tried: Tried, search: Search) -> Iterator[str]:
    """Yield a sentence that tells how many trials of each model have a setting that another one of them has."""
    told = []
    for model in _models(search):
        settings = {(row.place, row.number): repr(row.setting) for row in tried.rows if row.model == model}
        different = {(place, setting) for (place, _), setting in settings.items()}
        if len(different) < len(settings):
            told.append(f"{model} {len(settings) - len(different)} of {len(settings)}")
    if told:
        yield f"Trials that repeat the setting of an earlier one of their place: {', '.join(told)}."


def _space(values: Any) -> str:
    return values if isinstance(values, str) else json.dumps(values)


def _models(search: Search) -> list[str]:
    return sorted({plan.model for plan in search.places}, key=natural)


def _budget(model: str, tried: Tried, search: Search) -> tuple[Entry, ...]:
    plans = [plan for plan in search.places if plan.model == model]
    rows = [row for row in tried.rows if row.model == model]
    planned = sum(plan.trials for plan in plans) * len(search.trial_seeds)
    numbers: list[int] = [
        len(plans),
        planned,
        len(rows),
        sum(row.pruned_at is not None for row in rows),
        sum(row.score is None for row in rows),
        sum(row.steps or 0 for row in rows),
    ]
    spent = sum(row.seconds or 0.0 for row in rows)
    fields = (Entry(model), *(Entry(str(n), n) for n in numbers), Entry(seconds(spent), spent))
    return fields if search.compute is None else (*fields, _operations(plans))


def _operations(plans: Sequence[PlacePlan]) -> Entry:
    whole = sum(plan.operations or 0.0 for plan in plans)
    return Entry(f"{whole:.3g}", whole)


def _named(place: Place) -> tuple[Entry, Entry, Entry]:
    return Entry(place.task), Entry(f"T={place.length}", place.length), Entry(place.model)


def _order(place: Place) -> tuple[Any, ...]:
    return natural(place.task), place.length, natural(place.model)


def _missing(plan: PlacePlan, number: int, tried: Tried, search: Search) -> tuple[Entry, ...]:
    return Entry(setting_text(_planned(plan, number, tried, search))), Entry("-"), Entry(MISSING), Entry("")


def _planned(plan: PlacePlan, number: int, tried: Tried, search: Search) -> Mapping[str, Any]:
    """Return the setting of a trial that is not there, by the plan; empty where its results alone decide it."""
    own = _names(plan.model, tried, search)
    try:
        space = {name: read_values(values) for name, values in search.space.items() if name in own}
        if search.method == "grid" and grid_size(space) == plan.trials:
            return grid_settings(space)[number]
    except ValueError:
        return {}
    return random_setting(space, search.seed, number) if search.method == "random" else {}


def _names(model: str, tried: Tried, search: Search) -> Collection[str]:
    """Return what a search tunes for a model, by its trials or by the names of the space; empty if unknown."""
    if known := next((row.setting for row in tried.rows if row.model == model), None):
        return known.keys()
    owners = {name: name.partition(".")[0] for name in search.space if "." in name}
    if set(owners.values()) <= set(_models(search)):
        return {name for name in search.space if owners.get(name, model) == model}
    return ()


def _trial(row: TrialRow) -> tuple[Entry, ...]:
    score = Entry("-") if row.score is None else Entry(number(row.score), row.score)
    return Entry(setting_text(row.setting)), score, Entry(outcome(row)), Entry("chosen" if row.chosen else "")
