"""Decides which numbers of two records count as the same on two machines.

docs/board.md says why the tolerances are what they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from seqbench.records.schema import Record

CLOSE = 1e-9
"""Relative tolerance of numbers computed in float64 without training. Other processors moved baselines by 3e-14
and gradients at initialisation by 2e-16."""

FITTED = 1e-3
"""Relative tolerance of a fitted baseline in a metric without a worst value. Other OpenBLAS kernels moved the loss
of the bag of words by 4e-5."""

MOST = 0.01
"""Largest difference of a baseline, as a share of the distance from a metric's worst value to its best."""

Spans = Mapping[str, float | None]
"""Metric -> the distance of its worst value from its best one; None if it has no worst value."""

IsClose = Callable[[str, float, float], bool]
"""``(place, one, other)`` -> whether two numbers count as the same."""


def closeness(what: str, record: Record, spans: Spans) -> IsClose:
    """Return a test of whether two numbers count as equal on another machine."""
    examples = min((test.examples for test in record.tests), default=0)
    if what == "baselines":
        return baseline_closeness(spans, examples)

    def is_close(place: str, one: float, other: float) -> bool:
        # A relative difference of a norm is an absolute one of its logarithm, which may be near 0.
        return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE if "ln_" in place else 1e-12)

    return is_close


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


def span_of_primary(record: Record) -> Spans:
    """Return the span of a record's primary metric, the only one that a record holds."""
    metric = record.metric
    if metric is None:
        return {}
    return {metric.name: None if metric.worst is None else abs(metric.best - metric.worst)}
