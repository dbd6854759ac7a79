"""Reads the trials of a search, and chooses the best setting of each task, model and length.

Builds on search and store.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import ValidationError

from seqbench.base.counts import counted
from seqbench.errors import StoreError
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Training
from seqbench.records.making import cell_of
from seqbench.records.schema import FAILED, FINAL, Record
from seqbench.records.search import SEARCH_FILE, TRIALS, Place, Search, load_search
from seqbench.records.store import Store


@dataclass(frozen=True)
class TrialRow:
    """One trial with one seed.

    Attributes:
        task, model, length, number, seed: which one; the model as tables show it.
        setting: parameter, as the space names it -> value.
        score: the best primary score on validation data; None if it came to none.
        metric: its name; None where the trial came to none.
        is_higher_better: its direction; None likewise.
        status: of its record.
        pruned_at: the step after which it was pruned; None if it was not.
        steps: optimiser steps taken.
        seconds: of training, validations included.
        operations: floating-point operations of the whole training, where the budget is counted in them.
        key: of its record.
        validations: (step, score on validation data), in order; the score is None where it is unknown.
        bars: (step, score) below which it was to end early.
        chosen: whether its setting was chosen for its task, model and length.
        refused: why the model refuses its setting, so that there is nothing to run; None if it takes it.
        model_key: what labels of one model with the same setting share, see `model_key`; of the best trial alone.
    """

    task: str
    model: str
    length: int
    number: int
    seed: int
    setting: Mapping[str, Any]
    score: float | None
    metric: str | None
    is_higher_better: bool | None
    status: str
    pruned_at: int | None
    steps: int | None
    seconds: float | None
    operations: float | None
    key: str
    validations: tuple[tuple[int, float | None], ...] = ()
    bars: tuple[tuple[int, float], ...] = ()
    chosen: bool = False
    refused: str | None = None
    model_key: str = ""

    @property
    def place(self) -> Place:
        """The task, model and length."""
        return Place(self.task, self.model, self.length)


def load_trials(folder: str | Path) -> tuple[TrialRow, ...]:
    """Read the trials of a folder of results, in the order of its search, then of number and seed.

    Raises:
        StoreError: there is no search, or a record is no trial of it: one more than was planned, one twice, or one
            whose settings were changed.
    """
    search = load_search(folder)
    told = [(each, _cell(each)) for each in Store(Path(folder) / TRIALS).light(is_broken_skipped=True)]
    rows = [_row(record, cell, search) for record, cell in told]
    order = {place: number for number, place in enumerate(search.plan)}
    _check_planned(rows, search)
    for record, own in told:
        _check_settings(record, own)
    rows.sort(key=lambda row: (order[row.place], row.number, search.trial_seeds.index(row.seed)))
    return tuple(_keyed(marked(rows, search), {cell.key: cell for _, cell in told}))


def _keyed(rows: Iterable[TrialRow], cells: Mapping[str, Cell]) -> Iterator[TrialRow]:
    """Yield trials, the best one of each place with the key of its model; for all it would take long."""
    found = list(rows)
    by_place = defaultdict(list)
    for row in found:
        by_place[row.place].append(row)
    best = {place: chosen_number(own) for place, own in by_place.items()}
    for row in found:
        yield replace(row, model_key=model_key(cells[row.key])) if row.number == best[row.place] else row


def marked(rows: Iterable[TrialRow], search: Search) -> Iterable[TrialRow]:
    """Yield trials, those of the chosen settings marked; nothing is chosen where one is missing or failed."""
    found = defaultdict(list)
    for row in rows:
        found[row.place].append(row)
    for place, tried in found.items():
        best = None if why_open(search, tried, place) else chosen_number(tried)
        yield from with_choice(tried, best)


def with_choice(rows: Iterable[TrialRow], number: int | None) -> Iterable[TrialRow]:
    """Yield the trials of one place, those with this number marked as chosen; None for no choice."""
    yield from (
        row if row.chosen == (row.number == number) else replace(row, chosen=row.number == number) for row in rows
    )


def why_open(search: Search, rows: Sequence[TrialRow], place: Place, done: Collection[str] = FINAL) -> str | None:
    """Return why no setting can be chosen for a place; None if one can.

    Args:
        search: the plan.
        rows: the trials of the place.
        place: which.
        done: statuses of trials that count as they are.
    """
    if missing := missing_trials(search, rows, place):
        return missing[0].removeprefix(f"{place}: ")
    if failed := failed_trials(rows, done):
        return (
            f"{failed}; none may be dropped: `seqbench tune` with the same experiment runs them again, and with"
            " on-existing finish they count as the worst"
        )
    if chosen_number(rows) is None:
        return "none of its trials came to a score on validation data, so nothing is tested there"
    return None


def failed_trials(rows: Sequence[TrialRow], done: Collection[str] = FINAL) -> str:
    """Return how many trials of a place went wrong, and which, in words; empty if none did.

    Args:
        rows: its trials.
        done: statuses of trials that count as they are.
    """
    told: list[str] = []
    for status, word in (("failed", "failed"), ("timeout", "ran out of time")):
        numbers = [row.number for row in rows if row.status == status and row.refused is None]
        if numbers and status not in done:
            named = ", ".join(map(str, dict.fromkeys(numbers)))
            of = f" of its {counted(len(rows), 'trial')}" if not told else ""
            told.append(f"{len(numbers)}{of} {word} (number {named})")
    return " and ".join(told)


def chosen_number(rows: Sequence[TrialRow]) -> int | None:
    """Return the number of the best trial of one place; None where no trial came to a score.

    That is the best mean score over the seeds of trials; of equal ones the lower number. A trial without a score
    with one of the seeds counts as the worst, and so does one that was pruned, or that its model refused.
    """
    scores = mean_scores(rows)
    if not scores:
        return None
    sign = -1 if any(row.is_higher_better for row in rows) else 1
    return min(scores, key=lambda number: (sign * scores[number], number))


def mean_scores(rows: Iterable[TrialRow]) -> dict[int, float]:
    """Return number -> mean validation score of each trial of one place that ended well with every seed."""
    found = defaultdict(list)
    for row in rows:
        is_whole = row.status == "ok" and row.pruned_at is None
        found[row.number].append(row.score if is_whole else None)
    known = {number: [each for each in scores if each is not None] for number, scores in found.items()}
    return {number: fmean(scores) for number, scores in known.items() if len(scores) == len(found[number])}


def missing_trials(search: Search, rows: Iterable[TrialRow], place: Place | None = None) -> tuple[str, ...]:
    """Return a sentence about each place that lacks planned trials, and what to do.

    Args:
        search: the plan.
        rows: trials, of one place or of all.
        place: look at this place only.
    """
    there = {(row.place, row.number, row.seed) for row in rows if row.status in FINAL | FAILED}
    told = []
    for each in search.places:
        planned = product([each.place], range(each.trials), search.trial_seeds)
        lacking = [one for one in planned if one not in there]
        if lacking and place in (None, each.place):
            first = ", ".join(f"number {number} seed {seed}" for _, number, seed in lacking[:3])
            more = ", ..." if len(lacking) > 3 else ""
            told.append(
                f"{each.place}: {len(lacking)} of {each.trials * len(search.trial_seeds)} trials are missing"
                f" ({first}{more}); `seqbench tune` with the same experiment runs them,"
                " in all its shares"
            )
    return tuple(told)


def model_key(cell: Cell) -> str:
    """Return what labels of one model share that have come to the same cells, whatever their seeds."""
    return replace(cell, seed=0, evaluate_lengths=(), trial=None).key


def twins(rows: Iterable[TrialRow]) -> list[dict[Place, Mapping[str, Any]]]:
    """Return the chosen settings, by place, of labels of one model that have come to the same cells."""
    found = defaultdict[tuple[str, int, str], dict[Place, Mapping[str, Any]]](dict)
    for row in rows:
        if row.chosen and row.model_key:
            found[row.task, row.length, row.model_key][row.place] = row.setting
    return [same for same in found.values() if len(same) > 1]


def same_cells(settings: Mapping[Place, Mapping[str, Any]], under: Collection[str]) -> str:
    """Return a sentence about labels of one model that have come to the same cells.

    Args:
        settings: the place of each label -> its chosen setting.
        under: the labels under which the results stand; none where there are no results.
    """
    told = " and ".join(f"{place.model} ({setting_text(setting)})" for place, setting in settings.items())
    task, _, length = next(iter(settings))
    said = f"{task} T={length}: {told} have come to the same model with the same training"
    if not under:
        return f"{said}; its cells would run once, under one of these labels, and none of them is here"
    alone = " alone" if len(under) == 1 else ""
    others = " and ".join(place.model for place in settings if place.model not in under)
    none = f", and tables have none of {others} there" if others else ""
    return f"{said}; its cells run once, their results stand under {' and '.join(under)}{alone}{none}"


def by_place_of_trials(records: Iterable[Record], rows: Iterable[TrialRow]) -> dict[Place, list[Record]]:
    """Return the cells that tell a choice, by the place whose trials they name; by their own if none is here."""
    place_of = {row.key: row.place for row in rows}
    found: dict[Place, list[Record]] = {}
    for record in records:
        if record.tuned is not None:
            own = Place(record.cell.task.shown, record.cell.model.titled, record.cell.length)
            here = (place_of[key] for key in record.tuned.keys if key in place_of)
            found.setdefault(next(here, own), []).append(record)
    return found


def setting_text(setting: Mapping[str, Any]) -> str:
    """Return a setting as text.

    >>> setting_text({"learning_rate": 0.0030000, "gradient_clip": None, "lstm.hidden_size": 64})
    'learning_rate=0.003, gradient_clip=null, lstm.hidden_size=64'
    """
    return ", ".join(f"{name}={_value(value)}" for name, value in setting.items())


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value)


def outcomes_hash(rows: Iterable[TrialRow]) -> str:
    """Return a hash of the keys and the outcomes of trials, in any order."""
    told = sorted([row.key, row.status, row.score, row.pruned_at] for row in rows)
    return hashlib.sha256(json.dumps(told, allow_nan=False).encode()).hexdigest()[:20]


def _check_planned(rows: Sequence[TrialRow], search: Search) -> None:
    """Refuse trials that the search did not plan.

    Raises:
        StoreError: there is one.
    """
    met = Counter((row.place, row.number, row.seed) for row in rows)
    for row in rows:
        plan, name = search.plan.get(row.place), f"the trial {row.key}"
        if plan is None or row.seed not in search.trial_seeds:
            raise StoreError(
                f"{name} of {row.place} seed {row.seed} is not planned by {SEARCH_FILE}; move it away"
            )
        if row.number >= plan.trials:
            raise StoreError(
                f"{name} is number {row.number} of {row.place}, and its budget is {plan.trials} trials, counted"
                " from 0; a model with more trials than planned is no equal: move it away"
            )
        if met[row.place, row.number, row.seed] > 1:
            raise StoreError(f"{name} is number {row.number} of {row.place} a second time; move one away")
    for place in search.plan if search.compute else ():
        spent = sum(row.operations or 0.0 for row in rows if row.place == place)
        if search.compute and spent > search.compute:
            raise StoreError(
                f"the trials of {place} tell {spent:.3g} floating-point operations, and its budget is"
                f" {search.compute:.3g}; a model with more than planned is no equal: tune into a new folder"
            )


def _row(record: Record, cell: Cell, search: Search) -> TrialRow:
    trial, metric = record.trial, record.metric
    if trial is None or trial.search != search.search:
        told = "no trial" if trial is None else f"a trial of another search, {trial.search}"
        raise StoreError(
            f"the record {record.key} among the trials is {told}, and this search is {search.search}; move it away"
        )
    return TrialRow(
        task=cell.task.shown,
        model=cell.model.titled,
        length=cell.length,
        number=trial.number,
        seed=cell.seed,
        setting=trial.setting,
        score=record.validation_score,
        metric=metric.name if metric else None,
        is_higher_better=metric.is_higher_better if metric else None,
        status=record.status,
        pruned_at=record.costs.steps if record.stopped == "pruned" else None,
        steps=record.costs.steps,
        seconds=record.costs.train_seconds,
        operations=trial.operations,
        key=record.key,
        validations=tuple((each.step, each.score) for each in record.course.validations),
        bars=trial.bars,
        refused=(record.reason or "") if record.stopped == "refused" else None,
    )


def _check_settings(record: Record, cell: Cell) -> None:
    """Refuse a trial that tells other settings than it was run with.

    Raises:
        StoreError: its key is not the hash of its settings, or it was trained with other fields than it tried.
    """
    if cell.key != record.key:
        what = f"its key is not the hash of its settings, which is {cell.key}"
    elif record.stopped != "refused" and (name := _untold(record, cell)):
        what = f"it is said to have tried another {name} than it was trained with"
    else:
        return
    raise StoreError(
        f"the trial {record.key} of {Place(cell.task.shown, cell.model.titled, cell.length)} was changed: {what};"
        " move it away, and `seqbench tune` with the same experiment runs it again"
    )


def _untold(record: Record, cell: Cell) -> str | None:
    """Return the first field of training that a trial is said to have tried with another value than it had.

    Parameters of a model are left out: a model may take another value than it was given, as one that rounds it up.
    """
    for name, value in (record.trial.setting if record.trial else {}).items():
        if "." not in name and not _is_trained_with(cell.training, name, value):
            return name
    return None


def _is_trained_with(training: Training, name: str, value: Any) -> bool:
    if getattr(training, name, None) == value:
        return True
    try:
        return Training.model_validate({**training.model_dump(), name: value}) == training
    except ValidationError:
        return False


def _cell(record: Record) -> Cell:
    """Return the cell that a record tells.

    Raises:
        StoreError: its training has settings that this version does not know.
    """
    try:
        return cell_of(record.cell)
    except ValidationError as error:
        raise StoreError(
            f"the trial {record.key} has settings of training that this version does not know; move it away"
        ) from error
