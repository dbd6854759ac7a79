"""Can these records be true? What scores, skill and baselines must be, whoever ran them. Stands on records.

Each function yields a sentence for each fault.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from seqbench.board.suite import cell_of, without_model
from seqbench.records import BaselineData, Evaluation, MetricData, Record
from seqbench.scores import skill

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_CLOSE = 1e-6
"""Relative; between baselines of equal data: sums of many numbers are not the same to the last bit everywhere."""


def key_faults(record: Record) -> Iterator[str]:
    """Yield what is wrong with what a record says its cell is."""
    cell = record.cell
    for kind, plugin in (("task", cell.task), ("model", cell.model)):
        if not _NAME.fullmatch(plugin.name):
            yield f"{plugin.name!r} is no name of a {kind}: names are lower-case words joined by '-'"
        if unknown := sorted(set(plugin.changed) - set(plugin.parameters)):
            yield f"{told(record)}: {', '.join(unknown)} is said to be changed, and is no parameter"
    try:
        key = cell_of(cell).key
    except ValueError as error:
        yield f"{told(record)}: its settings are none that this seqbench knows: {error}"
        return
    if key != record.key:
        yield (
            f"{told(record)}: the key {record.key} is not the hash of its settings, which is {key}:"
            " a setting or the key was changed"
        )


def score_faults(record: Record) -> Iterator[str]:
    """Yield what is wrong with the scores of one record."""
    tests = [test for test in (record.test, *record.evaluations) if test is not None]
    if record.status != "ok":
        if any(value is not None for test in tests for value in test.scores.values()):
            yield f"{told(record)}: it is {record.status} and has a score all the same"
        return
    if record.metric is None or record.test is None:
        yield f"{told(record)}: it is ok and was never tested"
        return
    if record.test.length != record.cell.length:
        yield f"{told(record)}: its test is of length {record.test.length}"
    if sorted(test.length for test in record.evaluations) != sorted(record.cell.evaluate_lengths):
        yield f"{told(record)}: it was not tested at exactly the further lengths that its settings name"
    for test in tests:
        for fault in _test_faults(test, record.metric):
            yield f"{told(record)}: at length {test.length} {fault}"


def data_faults(records: Sequence[Record]) -> Iterator[str]:
    """Yield what records of the same data say differently; a cell without a test says nothing."""
    tested = [record for record in records if record.test is not None]
    yield from _unequal(tested, _task, lambda r: r.metric, "metric")
    yield from _unequal(tested, _place, lambda r: r.data_fingerprint, "data")
    first: dict[str, Record] = {}
    for record in tested:
        other = first.setdefault(_place(record), record)
        pairs = zip((record.test, *record.evaluations), (other.test, *other.evaluations), strict=False)
        if any(a and b and not _same_baselines(a, b) for a, b in pairs):
            yield f"{told(record)} and {told(other)} have the same data and other baselines or numbers of examples"


def told(record: Record) -> str:
    """Return what a record is of, for a person."""
    cell = record.cell
    return f"{cell.task.name} {cell.model.name} T={cell.length} seed {cell.seed}"


def _test_faults(test: Evaluation, metric: MetricData) -> Iterator[str]:
    """Yield what is wrong with one test; range, reference baseline and skill are worked out again."""
    score = test.scores.get(metric.name)
    if metric.name not in test.scores:
        yield f"there is no {metric.name}, its primary metric"
    if test.examples < 1:
        yield f"it was tested on {test.examples} examples"
    if score is not None and _beyond(score, metric):
        yield f"{metric.name} is {score!r}, beyond its best possible value {metric.best!r}"
    counting = [each for each in test.baselines if each.is_reference and each.scores.get(metric.name) is not None]
    named = next((each for each in counting if each.name == test.baseline_name), None)
    if named is None:
        yield f"the reference baseline {test.baseline_name!r} is none of its baselines with a score"
        return
    baseline = _of(named, metric)
    if any(_is_better(_of(each, metric), baseline, metric) for each in counting):
        yield f"skill is measured from {named.name!r}, and another baseline is better"
    if any(_beyond(_of(each, metric), metric) for each in counting):
        yield f"a baseline is beyond the best possible value {metric.best!r}"
    expected = None if score is None else skill(score, baseline, metric.best)
    if not _is_close(test.skill, expected, 1e-9):
        yield (
            f"skill is {test.skill!r}, and {metric.name} {score!r} over the baseline {baseline!r} gives"
            f" {expected!r}: a number was changed"
        )


def _of(baseline: BaselineData, metric: MetricData) -> float:
    score = baseline.scores[metric.name]
    return math.nan if score is None else score


def _is_better(score: float, other: float, metric: MetricData) -> bool:
    return score > other if metric.is_higher_better else score < other


def _beyond(score: float, metric: MetricData) -> bool:
    # A float32 mean of perfect items can be off by a rounding.
    return _is_better(score, metric.best, metric) and not math.isclose(score, metric.best, abs_tol=1e-6)


def _is_close(value: float | None, other: float | None, tolerance: float) -> bool:
    if value is None or other is None:
        return value is other
    return math.isclose(value, other, rel_tol=tolerance, abs_tol=1e-12)


def _same_baselines(test: Evaluation, other: Evaluation) -> bool:
    ours, theirs = ({each.name: each for each in found.baselines} for found in (test, other))
    if ours.keys() != theirs.keys() or test.examples != other.examples:
        return False
    return all(
        ours[name].scores.keys() == theirs[name].scores.keys()
        and all(_is_close(ours[name].scores[m], theirs[name].scores[m], _CLOSE) for m in ours[name].scores)
        for name in ours
    )


def _task(record: Record) -> str:
    return json.dumps(without_model(cell_of(record.cell))["task"], sort_keys=True)


def _place(record: Record) -> str:
    """Return what decides the data of a cell."""
    identity = without_model(cell_of(record.cell))
    return json.dumps([identity[name] for name in ("task", "length", "seed", "data")], sort_keys=True)


def _unequal(
    records: Iterable[Record], same: Callable[[Record], str], value: Callable[[Record], object], what: str
) -> Iterator[str]:
    first: dict[str, Record] = {}
    for record in records:
        other = first.setdefault(same(record), record)
        if value(record) != value(other):
            yield f"{told(record)} and {told(other)} are to have the same {what}, and have not"
