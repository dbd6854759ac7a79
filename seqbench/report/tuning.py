"""Reads the searches of folders of results, and works out what a report says of them.

A search that is not as it was planned is no error of the report: it becomes a sentence in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from seqbench.base.counts import counted
from seqbench.errors import StoreError
from seqbench.experiment.trials import TunedData
from seqbench.records.schema import Record
from seqbench.records.search import Place, Search, has_trials, load_search
from seqbench.records.trials import (
    TrialRow,
    by_place_of_trials,
    chosen_number,
    failed_trials,
    load_trials,
    missing_trials,
    outcomes_hash,
    same_cells,
    twins,
    why_open,
    with_choice,
)
from seqbench.records.variants import natural
from seqbench.statistics import LearnedLevel, Window, best_so_far, expected_best, learned_level, window

RATE = "learning_rate"
"""The parameter whose window is measured."""


@dataclass(frozen=True)
class Tried:
    """The search of one folder of results, as far as it can be read.

    Attributes:
        folder: the folder.
        search: its plan; None if it cannot be read.
        rows: the trials that are there.
        problems: sentences: what is missing, too much or changed.
        tested: the places of which cells were run with the chosen setting.
    """

    folder: str
    search: Search | None
    rows: tuple[TrialRow, ...] = ()
    problems: tuple[str, ...] = ()
    tested: frozenset[Place] = frozenset()


@dataclass(frozen=True)
class Point:
    """One trial of a place, over its seeds.

    Attributes:
        number: of the trial.
        rate: its learning rate; None if the search varies none.
        score: mean validation score over its seeds; None if one of them came to none.
        outcome: how it ended, in a word or a few.
    """

    number: int
    rate: float | None
    score: float | None
    outcome: str


@dataclass(frozen=True)
class PlaceTried:
    """The trials of one task, model and length.

    Attributes:
        place: which.
        metric, is_higher_better: of its scores.
        points: the trials that are there, in the order of their numbers.
        learned: the score that counts as learned on the task; None if too little is known.
        window: of learning rates; None if none was searched, or the level is unknown or not clear.
        best: the expected best score of 1, 2, ... trials; of a search by tpe, the best of the first ones.
    """

    place: Place
    metric: str
    is_higher_better: bool
    points: tuple[Point, ...]
    learned: LearnedLevel | None
    window: Window | None
    best: tuple[float | None, ...]


def read_tried(folders: Sequence[str | Path], records: Sequence[Record] = ()) -> tuple[Tried, ...]:
    """Return the searches of these folders.

    Args:
        folders: folders of results.
        records: the records of all of them, whose settings the searches may have chosen.
    """
    found = [_tried(folder) for folder in folders if has_trials(folder) or _has_folder(folder)]
    known = {each.search.search for each in found if each.search}
    alone = [record for record in records if record.tuned and record.tuned.search not in known]
    if alone:
        says = (
            f"the settings of {counted(len(alone), 'cell')} were chosen by a search whose trials are not here: how"
            " it came to them cannot be seen"
        )
        found.append(Tried("", None, problems=(says,)))
    return tuple(_checked(each, records) for each in found)


def _has_folder(folder: str | Path) -> bool:
    return (Path(folder) / "trials").is_dir()


def _tried(folder: str | Path) -> Tried:
    try:
        search = load_search(folder)
    except StoreError as error:
        return Tried(str(folder), None, problems=(str(error),))
    try:
        rows = load_trials(folder)
    except StoreError as error:
        return Tried(str(folder), search, problems=(str(error),))
    return Tried(str(folder), search, rows, missing_trials(search, rows))


def _checked(tried: Tried, records: Iterable[Record]) -> Tried:
    """Return a search with the choices that its cells confirm, and a sentence about all that is odd."""
    search = tried.search
    if search is None or not tried.rows:
        return tried
    rows: dict[Place, list[TrialRow]] = {place: [] for place in search.plan}
    for row in tried.rows:
        rows[row.place].append(row)
    own = [record for record in records if record.tuned and record.tuned.search == search.search]
    cells = by_place_of_trials(own, tried.rows)
    choices = {place: [each.tuned for each in found if each.tuned] for place, found in cells.items()}
    said = dict.fromkeys(tried.problems)
    for place in dict.fromkeys([*rows, *choices]):
        found, told = rows.get(place, []), choices.get(place, [])
        said |= dict.fromkeys(f"{place}: {sentence}" for sentence in _odd(search, place, found, told))
        rows[place] = list(with_choice(found, _number(found, told)))
    seen = [row for found in rows.values() for row in found]
    tested = {place for place in choices if any(row.chosen for row in rows[place])}
    for same in twins(seen):
        under = dict.fromkeys(record.cell.model.titled for place in same for record in cells.get(place, ()))
        said[same_cells(same, under)] = None
        tested |= set(same) if tested & set(same) else set()
    return Tried(tried.folder, search, tuple(seen), tuple(said), frozenset(tested))


def _odd(search: Search, place: Place, rows: Sequence[TrialRow], told: Sequence[TunedData]) -> Iterator[str]:
    """Yield a sentence about each thing that is odd in the trials and the choice of a place."""
    if place not in search.plan:
        yield "its cells name trials of this search that are not here, and the search has no trials of it"
        return
    why = why_open(search, rows, place)
    if told and not _explain(rows, told):
        yield "its trials are not those from which its setting was chosen; they were changed since"
    elif told and (failed := failed_trials(rows)):
        why = f"{failed}, and counted as the worst when its setting was chosen"
    if told and _explain(rows, told) and any(each.number != chosen_number(rows) for each in told):
        yield "its cells name another trial than the best as the one that chose their setting; they were changed"
    if why:
        yield why


def _explain(rows: Sequence[TrialRow], told: Iterable[TunedData]) -> bool:
    """Say whether these trials are those by which the settings of cells were chosen."""
    return all(each.outcomes == outcomes_hash(rows) for each in told)


def _number(rows: Sequence[TrialRow], told: Sequence[TunedData]) -> int | None:
    """Return the number of the trial that is chosen; None where none is, or cells have an earlier choice."""
    marked = next((row for row in rows if row.chosen), None)
    if told and _explain(rows, told):
        best = chosen_number(rows)
        return best if all(each.number == best for each in told) else None
    if marked is None or any(each.setting != marked.setting for each in told):
        return None
    return marked.number


def places_tried(tried: Tried) -> list[PlaceTried]:
    """Return the trials of each place, by task, length and model; of a search that can be read."""
    if tried.search is None:
        return []
    by_place: dict[Place, list[TrialRow]] = {}
    for row in tried.rows:
        by_place.setdefault(row.place, []).append(row)
    points = {place: _points(rows) for place, rows in by_place.items()}
    levels = _levels(by_place, points)
    rates = [point.rate for own in points.values() for point in own if point.rate]
    ends = (min(rates), max(rates)) if rates else None
    order = sorted(by_place, key=lambda place: (natural(place.task), place.length, natural(place.model)))
    return [_place(place, by_place[place], points[place], levels, ends, tried.search) for place in order]


def _place(
    place: Place,
    rows: Sequence[TrialRow],
    points: tuple[Point, ...],
    levels: Mapping[str, LearnedLevel | None],
    ends: tuple[float, float] | None,
    search: Search,
) -> PlaceTried:
    metric, is_higher = _metric(rows)
    learned = levels[place.task]
    expected = best_so_far if search.method == "tpe" else expected_best
    best = expected([point.score for point in points], is_higher_better=is_higher)
    return PlaceTried(
        place, metric, is_higher, points, learned, _window(points, learned, is_higher, ends), tuple(best)
    )


def _window(
    points: Sequence[Point], learned: LearnedLevel | None, is_higher: bool, ends: tuple[float, float] | None
) -> Window | None:
    if learned is None or not learned.is_clear or ends is None or ends[0] == ends[1]:
        return None
    reached: dict[float, list[bool]] = {}
    for point in points:
        if point.rate:
            reached.setdefault(point.rate, []).append(_reaches(point.score, learned.level, is_higher))
    return window(reached, *ends) if reached else None


def _reaches(score: float | None, level: float, is_higher: bool) -> bool:
    return score is not None and (score >= level if is_higher else score <= level)


def _levels(
    rows: Mapping[Place, Sequence[TrialRow]], points: Mapping[Place, Sequence[Point]]
) -> dict[str, LearnedLevel | None]:
    """Return task -> the score that counts as learned there, from all its trials."""
    found: dict[str, LearnedLevel | None] = {}
    for task in dict.fromkeys(place.task for place in points):
        own = [place for place in points if place.task == task]
        scores = [point.score for place in own for point in points[place] if point.score is not None]
        is_higher = _metric([row for place in own for row in rows[place]])[1]
        found[task] = learned_level(scores, is_higher_better=is_higher)
    return found


def _metric(rows: Sequence[TrialRow]) -> tuple[str, bool]:
    known = next((row for row in rows if row.metric is not None), None)
    return ("score", True) if known is None else (str(known.metric), bool(known.is_higher_better))


def _points(rows: Sequence[TrialRow]) -> tuple[Point, ...]:
    by_number: dict[int, list[TrialRow]] = {}
    for row in rows:
        by_number.setdefault(row.number, []).append(row)
    return tuple(_point(number, by_number[number]) for number in sorted(by_number))


def _point(number: int, rows: Sequence[TrialRow]) -> Point:
    scores = [row.score for row in rows if row.status == "ok" and row.score is not None]
    has_all = len(scores) == len(rows) and all(map(math.isfinite, scores))
    rate = rows[0].setting.get(RATE)
    return Point(
        number,
        float(rate) if isinstance(rate, int | float) and rate > 0 else None,
        fmean(scores) if has_all else None,
        ", ".join(dict.fromkeys(map(outcome, rows))),
    )


def outcome(row: TrialRow) -> str:
    """Return how a trial ended: its status, the step after which it was pruned, or that its model refused it."""
    if row.refused is not None:
        return "refused"
    return row.status if row.pruned_at is None else f"pruned after step {row.pruned_at}"


def tasks_of(places: Iterable[PlaceTried]) -> Iterator[tuple[str, list[PlaceTried]]]:
    """Yield the places of each task."""
    kept = list(places)
    for task in dict.fromkeys(each.place.task for each in kept):
        yield task, [each for each in kept if each.place.task == task]
