"""Collects the curves of scores of a cell, such as the loss by tokens of context, for its view on a page.

Each is drawn beside the same scores of the reference baseline, on a logarithmic axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from seqbench.contracts.score_curves import ScoreCurve
from seqbench.records.schema import Evaluation

Keep = Callable[[str, tuple[float, ...], Sequence[float | None]], list[Any]]
"""Makes a line of a label, places on the axis and scores."""


def names_on_curves(test: Evaluation) -> frozenset[str]:
    """Return the metrics that curves show, which lists of scores leave out."""
    return frozenset(name for curve in (test.curves or {}).values() for name in curve.points)


def score_lines(test: Evaluation | None, keep: Keep) -> list[list[Any]]:
    """Return title, axis and lines of each curve of a test: the network's, then the baseline's."""
    curves = (test.curves if test else None) or {}
    return [
        [name, curve.axis, lines]
        for name, curve in curves.items()
        if test and (lines := list(_lines(test, curve, keep)))
    ]


def _lines(test: Evaluation, curve: ScoreCurve, keep: Keep) -> Iterator[list[Any]]:
    metrics = sorted(curve.points, key=curve.points.__getitem__)
    places = tuple(curve.points[metric] for metric in metrics)
    reference = next((each.scores for each in test.baselines if each.name == test.baseline_name), {})
    for label, scores in (("network", test.scores), (test.baseline_name, reference)):
        found = [scores.get(metric) for metric in metrics]
        if any(score is not None for score in found):
            yield keep(label, places, found)
