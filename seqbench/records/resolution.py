"""Computes how far test examples can move a score: the most that one can, and the interval over draws of all.

A test split of 50 texts cannot distinguish 0.90 from 0.91.
"""

from __future__ import annotations

import math

from seqbench.records.schema import Evaluation, MetricData
from seqbench.statistics import example_interval


def one_example(metric: MetricData | None, test: Evaluation | None) -> float | None:
    """Return the most that one test example can move the primary score; None if unknown.

    The metric's own value is used if there is one. Otherwise the score is taken for a mean over the test examples,
    each between the metric's worst and best value; without a worst value the result is unknown.

    >>> one_example(MetricData(name="accuracy", best=1.0, worst=0.0, is_higher_better=True), Evaluation(
    ...     length=8, examples=50, scores={}, baselines=(), baseline_name="guess", skill=None))
    0.02
    """
    if metric is None or test is None:
        return None
    if test.one_example is not None:
        return test.one_example
    if metric.worst is None or test.examples < 1:
        return None
    return abs(metric.best - metric.worst) / test.examples


def is_within(skill: float, worth: float | None) -> bool:
    """Say whether a skill, or a difference of two, is at most what one test example is worth."""
    # A difference of exactly one example counts, whatever its last bit.
    return worth is not None and abs(skill) <= worth * (1 + 1e-9)


def one_example_in_skill(metric: MetricData | None, test: Evaluation | None) -> float | None:
    """Return `one_example` as a skill: divided by the distance from the reference baseline to the best value.

    It is large if the baseline is nearly perfect: skill then depends more on single examples than on the model.
    """
    worth = one_example(metric, test)
    if worth is None or metric is None or test is None:
        return None
    baseline, best = test.baseline(metric), metric_at(metric, test).best
    return None if baseline is None or baseline == best else worth / abs(best - baseline)


def score_bounds(metric: MetricData) -> tuple[float, float]:
    """Return the smallest and the largest possible score, as far as the metric says."""
    sign = 1 if metric.is_higher_better else -1
    worst = -sign * math.inf if metric.worst is None else metric.worst
    best = metric.best if metric.is_bound is None else sign * math.inf
    return (worst, best) if metric.is_higher_better else (best, worst)


def over_examples(metric: MetricData | None, test: Evaluation | None) -> tuple[float, float] | None:
    """Return the 95% interval of the primary score over draws of the test examples; None if unknown."""
    if metric is None or test is None or test.standard_errors is None:
        return None
    score, error = test.score(metric), test.standard_errors.get(metric.name)
    if score is None or error is None or test.examples < 2:
        return None
    least, most = score_bounds(metric)
    if error == 0 and math.isinf(most - least):
        # Alike without two bounds, they say nothing of what others would be.
        return None
    return example_interval(score, error, test.examples, least=least, most=most)


def metric_at(metric: MetricData, test: Evaluation) -> MetricData:
    """Return the primary metric with its best value at a test."""
    return metric if test.best is None else metric.model_copy(update={"best": test.best})
