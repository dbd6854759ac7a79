"""Compares a claimed record with the record of the same cell that was run again, part by part.

On the same kind of machine every part must have the same bits. Elsewhere a trained score cannot be compared; the
parts that can be are. docs/board.md explains the parts and the tolerances.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from seqbench.base.differences import Difference, differences
from seqbench.base.machines import class_text, is_same_kind, machine_differences
from seqbench.experiment.schema import Gradients
from seqbench.records.schema import FlowAt, GradientData, PluginUsed, Record

CLOSE = 1e-9
"""Relative tolerance of numbers that are computed in float64 without training. Other processors moved baselines by
3e-14 and gradients at initialisation by 2e-16."""

FITTED = 1e-3
"""Relative tolerance of a fitted baseline in a metric without a worst value. Other kernels of OpenBLAS moved the
loss of the bag of words by 4e-5."""

MOST = 0.01
"""Largest difference of a baseline, as a share of the distance from the metric's worst to its best value."""

Outcome = Literal["same bits", "close", "within spread", "differs", "not comparable", "not compared"]
Spans = Mapping[str, float | None]
"""Metric -> the distance between its worst and best value; None if it has no worst value."""

IsClose = Callable[[str, float, float], bool]
"""``(place, one, other)`` -> whether two numbers count as equal."""

_SHOWN = 3
"""Number of differences of a part that are listed."""

_NOT_COMPARED = {
    "schema_version", "key", "reason", "environment", "warnings", "traceback", "finished", "notes",
}  # fmt: skip
"""Fields of a record that are texts, or facts about the run rather than the cell."""

_SIZES = ("parameters", "layer_parameters", "state_size")
_TIMES = {
    "load_seconds", "train_seconds", "test_seconds", "seconds_per_step", "peak_memory_bytes",
    "peak_gpu_memory_bytes", "is_recomputed",
}  # fmt: skip
"""Costs that differ between machines."""

_TRAINED = ("scores", "gradients after training", "everything else")
"""Parts that depend on training and so differ on another processor."""


@dataclass(frozen=True)
class PartResult:
    """The result of comparing one part of two records.

    Attributes:
        what: the part.
        outcome: ``close`` is within the tolerance for other machines; ``within spread`` is within the range of
            further seeds of the cell; ``not compared`` does not count for the outcome of the comparison.
        told: the difference, or why it cannot be compared; empty otherwise.
    """

    what: str
    outcome: Outcome
    told: str = ""

    @property
    def text(self) -> str:
        """Return the part and its result."""
        return f"{self.what} {self.outcome}{f' ({self.told})' if self.told else ''}"


@dataclass(frozen=True)
class Agreement:
    """The result of a comparison: every compared part, in order."""

    parts: tuple[PartResult, ...]

    @property
    def outcome(self) -> Literal["confirmed", "within spread", "differs", "not comparable"]:
        """The outcome of all parts: ``confirmed`` if no part differs and all could be compared."""
        found = {part.outcome for part in self.parts}
        if "differs" in found:
            return "differs"
        if "not comparable" in found:
            return "not comparable"
        return "within spread" if "within spread" in found else "confirmed"

    @property
    def has_same_bits(self) -> bool:
        """Whether every part has the same bits."""
        return all(part.outcome == "same bits" for part in self.parts)

    @property
    def text(self) -> str:
        """The agreement in a sentence."""
        if self.has_same_bits:
            return "same bits"
        kinds: tuple[Outcome, ...] = ("differs", "not comparable", "within spread", "close", "not compared")
        told = [part.text for kind in kinds for part in self.parts if part.outcome == kind]
        same = [part.what for part in self.parts if part.outcome == "same bits"]
        return "; ".join([*told, *([f"same bits: {', '.join(same)}"] if same else [])])


def agreement(
    claimed: Record, found: Record, spans: Spans | None = None, *, words: tuple[str, str] = ("claimed", "here")
) -> Agreement:
    """Compare two records of one cell, in every part that both have.

    Args:
        claimed: the record in a bundle.
        found: the record of the same cell, run again or from another bundle.
        spans: the spans of the metrics, for the worth of one example in a fitted baseline; None if unknown.
        words: names for the owners of the two values in differences.
    """
    is_same = is_same_kind(claimed.environment, found.environment)
    parts = []
    for what, one, other in _parts(claimed, found):
        differing = list(differences(one, other))
        if not differing or is_same is True:
            parts.append(_judged(what, differing, words))
        elif what in _TRAINED:
            is_first = all(part.outcome != "not comparable" for part in parts)
            why = f"{_why(claimed, found)}; " if is_first else ""
            parts.append(PartResult(what, "not comparable", f"{why}{_said(differing, words)}"))
        else:
            is_close = _closeness(what, claimed, {**span_of_primary(claimed), **(spans or {})})
            apart = list(differences(one, other, is_close=is_close))
            parts.append(_judged(what, apart, words, "close"))
    return Agreement(tuple(parts))


def baseline_closeness(spans: Spans, examples: int) -> IsClose:
    """Return a test of whether two scores of a baseline count as equal on two machines.

    A fit may classify an example or two differently. For a metric with a worst value the tolerance is two
    examples' share of the distance from worst to best, at most `MOST` of it; for others it is `FITTED`, relative.
    A metric that is not in ``spans`` gets both tolerances.

    Args:
        spans: the spans of the metrics.
        examples: the number of test examples.
    """

    def is_close(place: str, one: float, other: float) -> bool:
        metric = place.rpartition(".")[2]
        span = spans.get(metric, None if metric in spans else 2.0)
        worth = 0.0 if span is None else span * min(MOST, 2 / max(1, examples))
        is_unbounded = metric not in spans or spans[metric] is None
        return math.isclose(one, other, rel_tol=FITTED if is_unbounded else CLOSE, abs_tol=max(worth, 1e-12))

    return is_close


def with_spread(came: Agreement, spread: PartResult) -> Agreement:
    """Return a comparison in which further seeds judge the trained scores that could not be compared."""
    if spread.outcome == "not comparable":
        return came
    others = (
        replace(part, outcome="not compared", told="another processor")
        if part.outcome == "not comparable"
        else part
        for part in came.parts
        if part.what != "scores"
    )
    return Agreement((*others, spread))


def data_differences(one: Record, other: Record) -> Iterator[str]:
    """Yield the differences in the data of two tested records with the same task, length and seed.

    Baselines may differ as between machines; the models do not matter.
    """
    ours, theirs = _baselines(one), _baselines(other)
    both = [at for at in ours if at in theirs]
    pairs: list[tuple[str, Any, Any]] = [
        ("the data", one.data_fingerprint, other.data_fingerprint),
        ("the metric", one.metric and one.metric.model_dump(), other.metric and other.metric.model_dump()),
        ("examples", _examples(one), _examples(other)),
        ("baselines", {at: ours[at] for at in both}, {at: theirs[at] for at in both}),
    ]
    spans = span_of_primary(one)
    for what, first, second in pairs:
        is_close = _closeness(what, one, spans) if what == "baselines" else None
        for each in list(differences(first, second, what, is_close=is_close))[:_SHOWN]:
            yield each.text("one says", "the other")


def _parts(claimed: Record, found: Record) -> Iterator[tuple[str, Any, Any]]:
    """Yield each part that both have: its name, the claimed value and the found value."""
    absent = set()
    if not _are_measured_alike(claimed, found):
        absent |= {"gradients at initialisation", "gradients after training"}
    if claimed.status != found.status:
        # A diverged cell was not tested; the scores show that the outcomes differ.
        absent |= {"baselines", "examples", "gradients after training"}
    for what, of in _PARTS.items():
        if what not in absent:
            yield what, of(claimed), of(found)


def _are_measured_alike(claimed: Record, found: Record) -> bool:
    # An absent setting means the default, so leaving one out does not avoid the comparison.
    asked, measured = (
        None if record.cell.gradients is None else Gradients.model_validate(record.cell.gradients)
        for record in (claimed, found)
    )
    is_alike = asked is None or measured is None or asked == measured
    return claimed.gradients is not None and found.gradients is not None and is_alike


def _judged(
    what: str, differing: list[Difference], words: tuple[str, str], otherwise: Outcome = "same bits"
) -> PartResult:
    return PartResult(what, "differs", _said(differing, words)) if differing else PartResult(what, otherwise)


def _said(differing: Iterable[Difference], words: tuple[str, str]) -> str:
    told = [each.text(*words) for each in differing]
    more = [f"and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    return ", ".join([*told[:_SHOWN], *more])


def _why(claimed: Record, found: Record) -> str:
    between = machine_differences(claimed.environment, found.environment)
    if not between:
        return f"the class of a processor was not recorded: {class_text(claimed.environment)}"
    is_other = any(each.startswith("processor") for each in between)
    why = "not comparable on this processor" if is_other else "not comparable with these versions"
    return f"{why}: {'; '.join(between)}"


def _settings(record: Record) -> Any:
    def plugin(used: PluginUsed) -> Any:
        return {"name": used.name, "version": used.version, "changed": sorted(used.changed)}

    return {"task": plugin(record.cell.task), "model": plugin(record.cell.model)}


def _examples(record: Record) -> dict[str, Any]:
    worths = {f"T={test.length}, worth of one": test.one_example for test in record.tests}
    return {**{f"T={test.length}": test.examples for test in record.tests}, **worths}


def _data(record: Record) -> Any:
    return {"fingerprint": record.data_fingerprint, "facts": dict(record.facts)}


def _baselines(record: Record) -> dict[str, Any]:
    return {
        f"T={test.length}": {
            "reference": test.baseline_name,
            **{each.name: {**each.scores, "is_reference": each.is_reference} for each in test.baselines},
        }
        for test in record.tests
    }


def _scores(record: Record) -> Any:
    return {
        "status": record.status,
        "stopped": record.stopped,
        "steps": record.costs.steps,
        **{f"T={test.length}": {**test.scores, "skill": test.skill} for test in record.tests},
        "not finite": {
            f"T={test.length}": test.not_finite and test.not_finite.model_dump() for test in record.tests
        },
        "validation_score": record.validation_score,
        "course": record.course.model_dump(),
    }


def _at_start(record: Record) -> Any:
    return [each.model_dump() for each in _flows(record.gradients) if each.when == "init"]


def _after(record: Record) -> Any:
    told = record.gradients.model_dump() if record.gradients else {}
    return {**told, "flows": [flow for flow in told.get("flows", ()) if flow["when"] != "init"]}


def _flows(gradients: GradientData | None) -> tuple[FlowAt, ...]:
    return gradients.flows if gradients else ()


def _rest(record: Record) -> Any:
    """Return all fields that no other part has, so that fields added later are compared too."""
    elsewhere = {
        "status", "cell", "stopped", "metric", "test", "evaluations", "validation_score", "course", "gradients",
        "facts", "data_fingerprint",
    }  # fmt: skip
    told = record.model_dump(mode="json", exclude=_NOT_COMPARED | elsewhere)
    told["costs"] = {n: v for n, v in told["costs"].items() if n not in {*_TIMES, *_SIZES, "steps"}}
    return told


_PARTS: Mapping[str, Callable[[Record], Any]] = {
    "settings": _settings,
    "data": _data,
    "examples": _examples,
    "metric": lambda record: record.metric and record.metric.model_dump(),
    "baselines": _baselines,
    "sizes": lambda record: {name: getattr(record.costs, name) for name in _SIZES},
    "gradients at initialisation": _at_start,
    "scores": _scores,
    "gradients after training": _after,
    "everything else": _rest,
}
"""Part -> its value in a record."""


def _closeness(what: str, record: Record, spans: Spans) -> IsClose:
    """Return a test of whether two numbers count as equal on another machine."""
    examples = min((test.examples for test in record.tests), default=0)
    if what == "baselines":
        return baseline_closeness(spans, examples)

    def is_close(place: str, one: float, other: float) -> bool:
        # A relative tolerance of a norm is an absolute one of its logarithm, which may be near 0.
        return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE if "ln_" in place else 1e-12)

    return is_close


def span_of_primary(record: Record) -> Spans:
    """Return the span of a record's primary metric, the only one that a record holds."""
    metric = record.metric
    if metric is None:
        return {}
    return {metric.name: None if metric.worst is None else abs(metric.best - metric.worst)}
