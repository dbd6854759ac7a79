"""Describes what a cell came to: its scores, its course, and why a number is missing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch

from seqbench.base.counts import counted
from seqbench.contracts.finite import NotFinite
from seqbench.contracts.metrics import Metric, check_baselines, check_scores, reference, skill
from seqbench.contracts.score_curves import score_curves
from seqbench.contracts.task import TaskData
from seqbench.network.network import Network
from seqbench.records.schema import BaselineData, Course, Evaluation, MetricData, NotFiniteData, Validation
from seqbench.training.history import History

LOSSES_KEPT = 200
"""Points of the training curve in a record."""


def evaluation(
    scores: Mapping[str, float],
    data: TaskData,
    length: int,
    not_finite: NotFinite | None = None,
    *,
    unknown: Mapping[str, str] | None = None,
    best: float | None = None,
    errors: Mapping[str, float] | None = None,
) -> Evaluation:
    """Return the result of a test at one length.

    Args:
        scores: metric -> score; not finite if it is unknown.
        data: the task's data at this length.
        length: in steps.
        not_finite: the scored outputs that were not finite, if any.
        unknown: metric -> why it has no score, where its outputs are not the reason.
        best: of the primary metric at the length of training; by default as here.
        errors: metric -> standard error over draws of the test examples, where it is known.

    Raises:
        ContractError: a score or a baseline lies beyond the metric's best or worst value, or no skill can be
            measured from the baselines.
    """
    primary = data.metrics[0]
    check_baselines(data.baselines, data.metrics)
    check_scores(scores, data.metrics, f"on the test split at length {length}")
    best_baseline = reference(data.baselines, primary)
    score = finite(scores[primary.name])
    return Evaluation(
        length=length,
        examples=len(data.test),
        scores={name: finite(value) for name, value in scores.items()},
        baselines=tuple(
            BaselineData(
                name=baseline.name,
                scores={name: finite(float(value)) for name, value in baseline.scores.items()},
                is_reference=baseline.is_reference,
            )
            for baseline in data.baselines
        ),
        baseline_name=best_baseline.name,
        skill=None if score is None else skill(score, best_baseline.scores[primary.name], primary.best),
        not_finite=_not_finite(not_finite),
        one_example=worth_of_one(data),
        curves=score_curves((metric.name, metric.curve) for metric in data.metrics) or None,
        unknown=dict(unknown or {}) or None,
        best=None if best in (None, primary.best) else primary.best,
        standard_errors={name: error for name, error in (errors or {}).items() if math.isfinite(error)} or None,
    )


def _not_finite(found: NotFinite | None) -> NotFiniteData | None:
    if found is None or not found.outputs:
        return None
    return NotFiniteData(outputs=found.outputs, scored=found.scored, first=found.first)


def why_unknown(test: Evaluation) -> str:
    """Return why a score of a test is unknown."""
    found = test.not_finite
    if found is None:
        return "the metric was not a finite number on this test split"
    return f"at length {test.length}, {NotFinite(found.outputs, found.scored, test.examples, found.first)}"


def _why_no_skill(test: Evaluation) -> str:
    if next(iter(test.scores.values()), None) is None:
        return "the score is unknown"
    return f"the baseline {test.baseline_name} is perfect already, so no skill can be measured; the scores stand"


def notes(history: History, tests: Sequence[Evaluation]) -> dict[str, str]:
    """Return why a number of the record is missing: its name -> the reason."""
    found = {}
    for test in tests:
        for name, score in test.scores.items():
            if score is None:
                found[f"scores.{name}@{test.length}"] = (test.unknown or {}).get(name) or why_unknown(test)
        for baseline in test.baselines:
            for name, score in baseline.scores.items():
                if score is None:
                    found[f"baselines.{baseline.name}.{name}@{test.length}"] = "the task gave no finite number"
        if test.skill is None:
            found[f"skill@{test.length}"] = _why_no_skill(test)
    if unknown := history.best.unknown:
        step, why = unknown[0]
        validations = counted(len(history.best.validations), "validation")
        found["course.validations"] = (
            f"the score was unknown at {len(unknown)} of {validations}, first after step {step}: {why}"
        )
    if len(history.clock.step_ends) < 2:
        found["seconds_per_step"] = "fewer than two steps were taken"
    return found


def decoding_note(network: Network, data: TaskData) -> dict[str, str]:
    """Return a note if decoding reads whole rows again for each token: tokens are the same, and take longer."""
    if data.decoding is None or network.state_size:
        return {}
    return {"decoding": "the layer carries no state: each token that it writes reads its whole row again"}


def course(history: History, diverged: bool) -> Course:
    """Return how the training went."""
    best = history.best
    return Course(
        losses=tuple(_thinned(history.losses.values)),
        validations=tuple(Validation(step=step, score=finite(score)) for step, score in best.validations),
        best_step=None if diverged or best.chosen is None else best.chosen[0],
    )


def _thinned(losses: torch.Tensor) -> Iterator[tuple[int, float | None]]:
    """Yield (step, mean loss of the steps up to it), so that at most LOSSES_KEPT remain."""
    width = max(1, math.ceil(len(losses) / LOSSES_KEPT))
    for start in range(0, len(losses), width):
        part = losses[start : start + width].double()
        yield start + len(part), finite(float(part.mean()))


def finite(value: float) -> float | None:
    """Return the value; None for one that is not a finite number."""
    return value if math.isfinite(value) else None


def worth_of_one(data: TaskData) -> float | None:
    """Return the most that one test example can move the primary score; None if the metric does not say it."""
    primary = data.metrics[0]
    return None if primary.one_example is None else finite(primary.one_example(data.test))


def metric_data(metric: Metric) -> MetricData:
    """Return a metric as a record keeps it."""
    return MetricData(
        name=metric.name,
        best=metric.best,
        is_higher_better=metric.is_higher_better,
        worst=metric.worst,
        is_bound=None if metric.is_bound else False,
    )
