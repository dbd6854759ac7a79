"""Finds impossible values in records: in scores, skill, baselines and gradients.

Each function yields a sentence for each fault.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from seqbench.base.differences import differences
from seqbench.base.machines import is_same_kind
from seqbench.board.bundle.suite import without_model
from seqbench.board.check.closeness import baseline_closeness, span_of_primary
from seqbench.contracts.metrics import skill
from seqbench.contracts.names import is_name
from seqbench.experiment.key_fields import KEY_VERSION
from seqbench.experiment.labels import LONGEST
from seqbench.experiment.schema import Gradients, Training
from seqbench.gradients.flow import Summary, summarise_flow, summarise_input, verdict_of
from seqbench.records.making import cell_of
from seqbench.records.resolution import metric_at
from seqbench.records.schema import BaselineData, Evaluation, FlowAt, MetricData, Record
from seqbench.records.variants import LATER, UNSCORED

_CLOSE = 1e-6
"""Relative tolerance between baselines of equal data: sums of many numbers differ in the last bits."""

_WITHOUT_OUTCOME = {"schema_version", "key", "status", "reason", "cell", "environment", "traceback", "finished"}
"""Fields of a record without an outcome; no run can confirm any other field."""


def key_faults(record: Record) -> Iterator[str]:
    """Yield the faults in a record's description of its cell."""
    cell = record.cell
    for kind, plugin in (("task", cell.task), ("model", cell.model)):
        if plugin.label and not (is_name(plugin.label) and len(plugin.label) <= LONGEST):
            words = f"lower-case words joined by '-', of up to {LONGEST} characters"
            yield f"{plugin.label!r} is no label of a {kind}: labels are {words}"
        if not is_name(plugin.name):
            yield f"{plugin.name!r} is no name of a {kind}: names are lower-case words joined by '-'"
        if unknown := sorted(set(plugin.changed) - set(plugin.parameters)):
            yield f"{record.title}: {', '.join(unknown)} is said to be changed, and is no parameter"
    if not 1 <= cell.key_version <= KEY_VERSION:
        yield f"{record.title}: its key is of version {cell.key_version}; this seqbench knows 1 to {KEY_VERSION}"
        return
    try:
        key = cell_of(cell).key
        if cell.gradients is not None:
            Gradients.model_validate(cell.gradients)
    except ValueError as error:
        yield f"{record.title}: its settings are none that this seqbench knows: {error}"
        return
    if untold := sorted(set(Training.model_fields) - set(cell.training) - LATER.keys() - UNSCORED):
        yield f"{record.title}: its settings do not tell training.{', training.'.join(untold)}"
    if key != record.key:
        yield (
            f"{record.title}: the key {record.key} is not the hash of its settings, which is {key}:"
            " a setting or the key was changed"
        )


def score_faults(record: Record) -> Iterator[str]:
    """Yield the faults in the scores of one record."""
    if not record.is_final:
        claims = [n for n in record.model_dump(exclude_defaults=True) if n not in _WITHOUT_OUTCOME]
        if claims:
            yield f"{record.title}: it is {record.status}, which no run can confirm, and tells {', '.join(claims)}"
        return
    if record.status == "ok" and (record.reason or record.traceback):
        yield f"{record.title}: it is ok, and says why it is not"
    if record.status != "ok":
        if any(value is not None for test in record.tests for value in test.scores.values()):
            yield f"{record.title}: it is {record.status} and has a score all the same"
        return
    if record.trial is not None:
        yield f"{record.title}: it is a trial of a search, scored on validation data, and no result"
        return
    if record.metric is None or record.test is None:
        yield f"{record.title}: it is ok and was never tested"
        return
    if record.test.length != record.cell.length:
        yield f"{record.title}: its test is of length {record.test.length}"
    if sorted(test.length for test in record.evaluations) != sorted(record.cell.evaluate_lengths):
        yield f"{record.title}: it was not tested at exactly the further lengths that its settings name"
    for test in record.tests:
        for fault in _test_faults(test, metric_at(record.metric, test)):
            yield f"{record.title}: at length {test.length} {fault}"


def course_faults(record: Record) -> Iterator[str]:
    """Yield steps that contradict the settings, and gains, horizons or verdicts that contradict their curve."""
    for name, cost in record.costs.model_dump().items():
        if cost is not None and cost < 0:
            yield f"{record.title}: {name} is {cost!r}, and no cost is below 0"
    asked, taken = record.cell.training.get("steps"), record.costs.steps
    best = record.course.best_step
    if taken is not None and asked is not None:
        if taken > asked or (record.stopped == "steps" and taken != asked):
            yield f"{record.title}: {taken} steps were taken, and its settings say {asked}"
        if best is not None and best > taken:
            yield f"{record.title}: the best weights are of step {best}, after the last one, {taken}"
    if record.gradients is not None and (record.cell.gradients or {}).get("measure") is False:
        yield f"{record.title}: it has gradients, and its settings say that none were measured"
    for each in record.gradients.flows if record.gradients else ():
        try:
            said = _contradiction(each)
        except (KeyError, ValueError, ArithmeticError) as error:
            yield f"{record.title}: the gradients {each.when} have no curve that could be summed up: {error}"
            continue
        if said is not None:
            yield f"{record.title}: the gradients {each.when} do not follow from their curves: {said}"


def _contradiction(each: FlowAt) -> str | None:
    """Return how the summaries of a flow differ from what its curves give; None if they do not."""
    pairs, of_input = [(each.summary, summarise_flow(each.flow))], summarise_input(each.flow)
    if each.input_summary is not None:  # records of earlier versions have none
        if of_input is None:
            return "the input gradient is summed up, and the state was measured"
        pairs.append((each.input_summary, of_input))
    for claimed, follows in pairs:
        if claimed.verdict == _fitted(follows, each.flow.length):
            # Earlier versions told the verdict of a curve that ends in zeros from its other numbers.
            follows = replace(follows, verdict=claimed.verdict)
        for difference in differences(_shown(claimed), _shown(follows), is_close=_close_sums):
            return difference.text("claimed", "it gives")
    return None


def _fitted(summary: Summary, length: int) -> str | None:
    return None if summary.ln_gain is None else verdict_of(summary.ln_gain, length)


def _shown(summary: Summary) -> dict[str, Any]:
    """Return the parts of a summary that tables and pages show."""
    return {name: asdict(summary)[name] for name in ("gain_per_step", "ln_gain", "horizon", "verdict")}


def _close_sums(place: str, one: float, other: float) -> bool:
    # exp and log of another C library may differ in the last digit.
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def data_faults(records: Sequence[Record]) -> Iterator[str]:
    """Yield the contradictions between records of the same data; untested cells are skipped."""
    tested = [record for record in records if record.test is not None]
    yield from _unequal(tested, _task, lambda r: r.metric, "metric")
    yield from _unequal(tested, place, lambda r: r.data_fingerprint, "data")
    first: dict[str, Record] = {}
    for record in tested:
        other = first.setdefault(place(record), record)
        pairs = zip((record.test, *record.evaluations), (other.test, *other.evaluations), strict=False)
        is_same = is_same_kind(record.environment, other.environment) is not False
        if any(a and b and not _same_baselines(a, b, record, is_same) for a, b in pairs):
            yield f"{record.title} and {other.title} have the same data and other baselines or numbers of examples"


def _test_faults(test: Evaluation, metric: MetricData) -> Iterator[str]:
    """Yield the faults of one test; range, reference baseline and skill are computed again."""
    score = test.scores.get(metric.name)
    if metric.name not in test.scores:
        yield f"there is no {metric.name}, its primary metric"
    if test.examples < 1:
        yield f"it was tested on {test.examples} examples"
    if score is not None and _beyond(score, metric):
        yield f"{metric.name} is {score!r}, beyond its best possible value {metric.best!r}"
    counting = [each for each in test.baselines if each.is_reference and each.scores.get(metric.name) is not None]
    if score is not None and metric.worst is not None and _is_worse_than_worst(score, metric):
        yield f"{metric.name} is {score!r}, beyond its worst possible value {metric.worst!r}"
    names = [each.name for each in test.baselines]
    if len(set(names)) < len(names):
        yield "two baselines have the same name"
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
    # A float32 mean of perfect items may have a rounding error.
    is_better = metric.is_bound is None and _is_better(score, metric.best, metric)
    return is_better and not math.isclose(score, metric.best, abs_tol=1e-6)


def _is_worse_than_worst(score: float, metric: MetricData) -> bool:
    worst = metric.best if metric.worst is None else metric.worst
    return _is_better(worst, score, metric) and not math.isclose(score, worst, abs_tol=1e-6)


def _is_close(value: float | None, other: float | None, tolerance: float) -> bool:
    if value is None or other is None:
        return value is other
    return math.isclose(value, other, rel_tol=tolerance, abs_tol=1e-12)


def _same_baselines(test: Evaluation, other: Evaluation, record: Record, is_same: bool) -> bool:
    """Say whether two tests have the same baselines; on another kind of machine a fit may differ by an example."""
    ours, theirs = ({each.name: each for each in found.baselines} for found in (test, other))
    if ours.keys() != theirs.keys() or test.examples != other.examples:
        return False
    fits = baseline_closeness(span_of_primary(record), test.examples)
    one, two = ({n: {**b.scores, "kind": b.is_reference} for n, b in found.items()} for found in (ours, theirs))
    return not any(differences(one, two, is_close=_close_sums_of_scores if is_same else fits))


def _task(record: Record) -> str:
    return json.dumps(without_model(cell_of(record.cell))["task"], sort_keys=True)


def _close_sums_of_scores(place: str, one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=1e-12)


def place(record: Record) -> str:
    """Return the task, length and seed that decide the data of a cell."""
    identity = without_model(cell_of(record.cell))
    return json.dumps([identity[name] for name in ("task", "length", "seed", "data")], sort_keys=True)


def _unequal(
    records: Iterable[Record], same: Callable[[Record], str], value: Callable[[Record], object], what: str
) -> Iterator[str]:
    first: dict[str, Record] = {}
    for record in records:
        other = first.setdefault(same(record), record)
        if value(record) != value(other):
            yield f"{record.title} and {other.title} are to have the same {what}, and have not"
