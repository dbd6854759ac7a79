"""Makes the tables of what changed between two folders of results: skill and speed, and what is beyond noise.

Cells of the same task, model, length and seed are compared one by one, by the names that tables show: settings may
differ, since they are often what was changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from seqbench.base.counts import counted
from seqbench.records.resolution import is_within
from seqbench.records.variants import natural
from seqbench.report.numbers import fixed, signed, skill_text
from seqbench.report.observations import Observation
from seqbench.report.tables.comparison import finding
from seqbench.report.tables.p_values import p_text
from seqbench.report.tables.standings import outcomes
from seqbench.report.tables.table import WITHIN, Entry, Table
from seqbench.statistics import LEAST_PAIRS, Comparison, Interval, compare, holm, mean, summary

NOTEWORTHY = 1.05
"""A ratio of times below this, or above its inverse, is not called slower or faster."""
_BEFORE, _AFTER = "before", "after"
_MODEL_LINES = (
    "Cells of the same task, length and seed in both folders, compared one by one: Wilcoxon's signed-rank test on"
    " skills, p corrected by Holm for all models that were tested.",
    f"Not tested: fewer than {LEAST_PAIRS} shared cells.",
)
_SKILL_LINES = (
    "Mean skill over the seeds that both folders have [95% interval of the mean change over these seeds].",
    "Better or worse: the interval leaves out 0. One row in twenty does so by luck alone; one seed shows nothing.",
)
_SPEED_LINES = (
    "Wall time of an optimiser step, after over before: geometric mean over tasks and seeds [95% interval]."
    f" Slower or faster: the interval leaves out 1, and the ratio is beyond {NOTEWORTHY:g}.",
)

Place = tuple[str, str, int, int]


@dataclass(frozen=True)
class Changes:
    """Two folders side by side.

    Attributes:
        lines: sentences about what both hold.
        tables: models, skill and speed; empty ones are left out.
    """

    lines: tuple[str, ...]
    tables: tuple[Table, ...]


def changes(before: Sequence[Observation], after: Sequence[Observation]) -> Changes:
    """Return what changed from one folder to the other, at the lengths of training."""
    ours, theirs = _by_place(before), _by_place(after)
    both = {place: (ours[place], theirs[place]) for place in sorted(ours.keys() & theirs.keys(), key=_in_order)}
    tables = (_models(both), _skills(both), _speeds(both))
    return Changes(tuple(_lines(ours, theirs, both)), tuple(table for table in tables if table.rows))


def _by_place(seen: Sequence[Observation]) -> dict[Place, Observation]:
    return {(each.task, each.model, each.tested, each.seed): each for each in seen if each.trained == each.tested}


def _in_order(place: Place) -> tuple[object, ...]:
    task, model, length, seed = place
    return natural(task), natural(model), length, seed


Both = Mapping[Place, tuple[Observation, Observation]]


def _lines(ours: Mapping[Place, Observation], theirs: Mapping[Place, Observation], both: Both) -> Iterator[str]:
    equal = sum(one.score is not None and one.score == other.score for one, other in both.values())
    yield f"{counted(len(both), 'cell')} in both folders; {equal} of them with the same score to the last bit."
    for name, only in ((_BEFORE, ours.keys() - theirs.keys()), (_AFTER, theirs.keys() - ours.keys())):
        if only:
            kinds = sorted({f"{model} on {task}" for task, model, _, _ in only}, key=natural)
            shown = ", ".join(kinds[:5]) + (f" and {len(kinds) - 5} more" if len(kinds) > 5 else "")
            yield f"Only {name}: {counted(len(only), 'cell')} ({shown})."
    yield from _other_tasks(both)
    devices = {(one.device, other.device) for one, other in both.values() if one.device != other.device}
    if devices:
        yield "They ran on different devices: times tell of these, not of the change."


def _other_tasks(both: Both) -> Iterator[str]:
    """Yield a sentence about each task that is another one before and after, though it has the same name."""
    found: dict[str, dict[str, None]] = {}
    for (task, *_), (one, other) in both.items():
        if what := _difference(one, other):
            found.setdefault(task, {})[what] = None
    for task, differences in found.items():
        yield (
            f"{task} is not the same task before and after: {', '.join(differences)}. A change of skill on it may"
            " come from the task alone."
        )


def _difference(one: Observation, other: Observation) -> str:
    """Return in what the tasks of two cells differ, the first that is found; nothing if they are the same."""
    if one.settings != other.settings:
        return f"it has {one.settings or 'no setting'} before and {other.settings or 'no setting'} after"
    if one.metric and other.metric and one.metric.name != other.metric.name:
        return f"its metric is {one.metric.name} before and {other.metric.name} after"
    if one.data and other.data and one.data != other.data:
        return "its data differ"
    return ""


def _models(both: Both) -> Table:
    """Return the table of one comparison for each model, over all of its shared cells."""
    found: list[tuple[str, Comparison]] = []
    for model in dict.fromkeys(model for _, model, _, _ in both):
        of_model = [pair for (_, name, _, _), pair in both.items() if name == model]
        sides = {
            _AFTER: outcomes([other for _, other in of_model]).get(model, {}),
            _BEFORE: outcomes([one for one, _ in of_model]).get(model, {}),
        }
        found += [(model, each) for each in compare(sides)]
    corrected = iter(holm([each.p for _, each in found if each.p is not None]))
    told = [(name, each if each.p is None else replace(each, p_holm=next(corrected))) for name, each in found]
    columns = ("model", "cells", "better", "equal", "worse", "median change in skill", "p (Holm)", "finding")
    return Table("models: after against before", _MODEL_LINES, columns, tuple(_model(*each) for each in told), 1)


def _model(name: str, each: Comparison) -> tuple[Entry, ...]:
    return (
        Entry(name),
        *(Entry(str(count), count) for count in (each.n, each.wins, each.ties, each.losses)),
        Entry("unknown") if each.difference is None else Entry(signed(each.difference), each.difference),
        Entry("-") if each.p_holm is None else Entry(p_text(each.p_holm), each.p_holm),
        Entry(finding(each)),
    )


def _skills(both: Both) -> Table:
    rows = [
        (Entry(task), Entry(model), Entry(f"T={length}", int(length)), *_skill(pairs))
        for (task, model, length), pairs in _groups(
            both, lambda place: (place[0], place[1], str(place[2]))
        ).items()
    ]
    columns = ("task", "model", "length", _BEFORE, _AFTER, "change", "finding")
    return Table("skill: before and after", _SKILL_LINES, columns, tuple(rows), keys=3)


def _groups(
    both: Both, key_of: Callable[[Place], tuple[str, ...]]
) -> dict[tuple[str, ...], list[tuple[Observation, Observation]]]:
    found: dict[tuple[str, ...], list[tuple[Observation, Observation]]] = {}
    for place, pair in both.items():
        found.setdefault(key_of(place), []).append(pair)
    return found


def _skill(pairs: Sequence[tuple[Observation, Observation]]) -> tuple[Entry, ...]:
    known = [(one.skill, other.skill) for one, other in pairs if one.skill is not None and other.skill is not None]
    gone = [other.status for one, other in pairs if one.skill is not None and other.skill is None]
    come = [one.status for one, other in pairs if one.skill is None and other.skill is not None]
    word = f"worse: {counted(len(gone), 'seed')} {gone[0]}" if gone else ""
    word = word or (f"better: {counted(len(come), 'seed')} no longer {come[0]}" if come else "")
    change = summary(after - before for before, after in known)
    if change is None:
        return Entry("unknown"), Entry("unknown"), Entry("unknown"), Entry(word or "unknown")
    before, after = (mean(values) or 0.0 for values in zip(*known, strict=True))
    worth = max((each.one_example or 0.0 for pair in pairs for each in pair), default=0.0)
    ends = change.interval
    note = f"[{signed(ends.low)}, {signed(ends.high)}]" if ends else ""
    sign = WITHIN if change.mean and is_within(change.mean, worth) else ""
    return (
        Entry(skill_text(before), before),
        Entry(skill_text(after), after),
        Entry(signed(change.mean), change.mean, f"{note} {sign}".strip()),
        Entry(word or _beyond(change.mean, ends, ("worse", "better"))),
    )


def _beyond(change: float, ends: Interval | None, words: tuple[str, str]) -> str:
    """Return what a change shows: a word for less and for more, if its interval leaves out 0."""
    if change == 0 and (ends is None or ends.low == ends.high):
        return "equal"
    if ends is None:
        return "one seed"
    return words[0] if ends.high < 0 else words[1] if ends.low > 0 else "no difference shown"


def _speeds(both: Both) -> Table:
    found = _groups(both, lambda place: (place[1], str(place[2])))
    groups = sorted(found.items(), key=lambda each: (natural(each[0][0]), int(each[0][1])))
    rows = [row for (model, length), pairs in groups for row in _speed(model, int(length), pairs)]
    columns = ("model", "length", "cells", "time of a step, after / before", "finding")
    return Table("speed: before and after", _SPEED_LINES, columns, tuple(rows), keys=2)


def _speed(
    model: str, length: int, pairs: Sequence[tuple[Observation, Observation]]
) -> Iterator[tuple[Entry, ...]]:
    """Yield the row of one model at one length, if the times of some cells are known."""
    ratios = [_log_ratio(one.costs.seconds_per_step, other.costs.seconds_per_step) for one, other in pairs]
    found = summary(ratio for ratio in ratios if ratio is not None)
    if found is None:
        return
    ends = found.interval
    note = f"[{fixed(math.exp(ends.low), 2)}, {fixed(math.exp(ends.high), 2)}]" if ends else ""
    is_small = abs(found.mean) < math.log(NOTEWORTHY)
    word = "about equal" if ends and is_small else _beyond(found.mean, ends, ("faster", "slower"))
    ratio = Entry(fixed(math.exp(found.mean), 2), math.exp(found.mean), note)
    length_entry, count = Entry(f"T={length}", length), Entry(str(found.n), found.n)
    yield Entry(model), length_entry, count, ratio, Entry("one cell" if ends is None else word)


def _log_ratio(before: float | None, after: float | None) -> float | None:
    return math.log(after / before) if before and after else None
