"""Checks a task's metrics and baselines.

Perfect and ignorant predictors are scored on the test split and compared with the declared values.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from seqbench.contracts.examples import Split
from seqbench.contracts.metrics import Metric, reference, score_batches
from seqbench.contracts.task import Task, TaskData
from seqbench.testing.outcome import CheckFailed
from seqbench.testing.tasks.loads import Load
from seqbench.testing.tasks.predictors import Predictor, by_place, ignorant, perfect
from seqbench.testing.tasks.seeds import LENGTH

CHUNKS = 8
"""Parts of the test split that are scored separately, for a standard error of any metric."""

ERRORS, SHARE = 5.0, 0.01
"""Largest distance of scores: this many standard errors, and this share of the distance to perfection."""

OUTPUTS = 2**22
"""Largest number of values in the outputs of one batch: 16 MiB."""


@dataclass(frozen=True)
class Scored:
    """The scores of a predictor: metric -> score, and metric -> tolerance for another sample."""

    name: str
    scores: Mapping[str, float]
    room: Mapping[str, float]


def check_perfect(task: Task, load: Load) -> None:
    """A perfect predictor scores ``best`` on every metric, or better if ``best`` is no bound."""
    data = load(LENGTH)
    scores = _scores(data, perfect(data.targets), torch.arange(len(data.test)))
    for metric in data.metrics:
        is_beyond = not metric.is_bound and metric.is_better(scores[metric.name], metric.best)
        if not is_beyond and not abs(scores[metric.name] - metric.best) <= 1e-4 * max(1.0, abs(metric.best)):
            raise CheckFailed(
                f"a perfect predictor scores {metric.best:g} on {metric.name}, which is declared as its best",
                f"it scores {scores[metric.name]:.6g}",
                "correct best=, or the metric: look at what prepare gives it and at steps that are not scored",
            )


def check_direction(task: Task, load: Load) -> None:
    """A perfect predictor is better than random answers in the stated direction, and nothing beats ``best``."""
    data = load(LENGTH)
    everything = torch.arange(len(data.test))
    scores = _scores(data, perfect(data.targets), everything)
    found = {one.name: _scores(data, one, everything) for one in ignorant(data)}
    for metric in data.metrics:
        direction = direction_of(metric)
        name, chance = next(iter(found.items()))
        if not metric.is_better(scores[metric.name], chance[metric.name]):
            raise CheckFailed(
                f"with {direction} a perfect predictor is better on {metric.name} than {name}",
                f"it scores {scores[metric.name]:.6g}, and {name} {chance[metric.name]:.6g}: the metric's"
                " direction is wrong, or it cannot tell them apart",
                f"turn is_higher_better of {metric.name} round, and give the best= that belongs to it",
            )
        for name, other in found.items():
            if metric.is_better(other[metric.name], metric.best):
                raise CheckFailed(
                    f"nothing scores better on {metric.name} than best={metric.best:g} ({direction})",
                    f"{name} scores {other[metric.name]:.6g}: the metric's range is wrong",
                    "correct best= or the direction",
                )


def direction_of(metric: Metric) -> str:
    """Return a metric's direction as an author writes it."""
    return f"is_higher_better={metric.is_higher_better}"


def check_chance(task: Task, load: Load) -> None:
    """A declared baseline is what a predictor that knows nothing scores."""
    data = load(LENGTH)
    found = _ignorant_scores(data)
    for metric in data.metrics:
        declared = {b.name: b.scores[metric.name] for b in data.baselines if metric.name in b.scores}
        if declared and not any(
            abs(score - one.scores[metric.name]) <= one.room[metric.name]
            for score in declared.values()
            for one in found
        ):
            said = ", ".join(f"{name!r} {score:.4g}" for name, score in declared.items())
            raise CheckFailed(
                f"one of the declared baselines is the {metric.name} of a predictor that knows nothing",
                f"none is: declared are {said}; on the test split {_listed(found, metric)}",
                "correct the baseline that is wrong (seqbench.evaluate scores any predictor), or, if all of them"
                " know something, add a chance baseline with is_reference=False",
            )


def check_reference(task: Task, load: Load) -> None:
    """No predictor that knows nothing beats the baseline from which skill is measured."""
    data = load(LENGTH)
    primary = data.metrics[0]
    base = reference(data.baselines, primary)
    declared = base.scores[primary.name]
    for one in [*_ignorant_scores(data), *(_scored(data, predictor) for predictor in by_place(data))]:
        score = one.scores[primary.name]
        if primary.is_better(score, declared) and abs(score - declared) > one.room[primary.name]:
            raise CheckFailed(
                f"the baseline {base.name!r}, from which skill is measured, declares {primary.name} ="
                f" {declared:.4g}, and a predictor that knows nothing does not beat it",
                f"{one.name}: {score:.4g} on the test split; the baseline is declared too low, and models"
                " would look better than they are",
                "correct the declared score (seqbench.evaluate scores any predictor), or declare this predictor as"
                " a baseline too",
            )


def check_baselines(task: Task, load: Load) -> None:
    """Baselines score metrics of the task with finite numbers, none better than best; facts are plain data."""
    data = load(LENGTH)
    metrics = {metric.name: metric for metric in data.metrics}
    if len(metrics) < len(data.metrics):
        names = ", ".join(metric.name for metric in data.metrics)
        raise CheckFailed("each metric has a name of its own", f"they are {names}", "rename one")
    for baseline in data.baselines:
        for name, score in baseline.scores.items():
            metric = metrics.get(name)
            if metric is None or not math.isfinite(score) or _is_beyond(score, metric):
                raise CheckFailed(
                    f"baselines score {', '.join(metrics)} with finite numbers, none better than best",
                    f"the baseline {baseline.name!r} declares {name} = {score}"
                    + ("" if metric is None else f", where best={metric.best:g} and {direction_of(metric)}"),
                    "correct the name, the number or the metric's direction",
                )
    reference(data.baselines, data.metrics[0])
    _check_facts(data)


def _is_beyond(score: float, metric: Metric) -> bool:
    return metric.is_bound and metric.is_better(score, metric.best)


def _check_facts(data: TaskData) -> None:
    try:
        json.dumps(dict(data.facts), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CheckFailed(
            "facts are finite numbers and words, which strict JSON can hold",
            f"{error}: {dict(data.facts)}",
            "make them float, int or str, and leave out what is not known",
        ) from error


def _ignorant_scores(data: TaskData) -> list[Scored]:
    return [_scored(data, predictor) for predictor in ignorant(data)]


def _scored(data: TaskData, predictor: Predictor) -> Scored:
    """Score a predictor on the test split; the tolerance comes from the spread over parts of it."""
    rows = torch.arange(len(data.test))
    scores = _scores(data, predictor, rows)
    parts = [_scores(data, predictor, part) for part in rows.tensor_split(CHUNKS) if len(part)]
    return Scored(predictor.name, scores, {m.name: _room(m, scores, parts) for m in data.metrics})


def _room(metric: Metric, scores: Mapping[str, float], parts: list[dict[str, float]]) -> float:
    if len(parts) < 2:
        return math.inf
    spread = statistics.stdev(part[metric.name] for part in parts) / math.sqrt(len(parts))
    return ERRORS * spread + SHARE * abs(metric.best - scores[metric.name])


def _scores(data: TaskData, predictor: Predictor, rows: torch.Tensor) -> dict[str, float]:
    batches = (data.test.batch(some) for some in torch.split(rows, _batch_size(data, data.test)))
    outputs = ((predictor.predict(batch), batch) for batch in batches)
    return score_batches(data.metrics, outputs, data.targets, decoding=data.decoding)


def _batch_size(data: TaskData, split: Split) -> int:
    steps = int(split.lengths.max())
    return max(1, min(256, OUTPUTS // max(1, steps * data.targets.outputs_per_step)))


def _listed(found: list[Scored], metric: Metric) -> str:
    return ", ".join(f"{one.name} {one.scores[metric.name]:.4g}" for one in found)
