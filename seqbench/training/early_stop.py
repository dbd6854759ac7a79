"""Decides after a validation whether a training ends before its last step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from seqbench.contracts.metrics import Metric
from seqbench.experiment.schema import Training

Stopped = Literal["steps", "solved", "patience", "pruned"]
"""Reason for the end of a training: all its steps, a score near enough to perfect, too many validations without a
gain, or, of a trial, a score worse than half of the earlier trials had by then."""


def early_end(score: float, metric: Metric, *, validations_since_best: int, settings: Training) -> Stopped | None:
    """Return why the training ends now; None if it continues.

    Args:
        score: the last validation score on the primary metric.
        metric: the primary metric.
        validations_since_best: their number, the last one included.
        settings: how near to perfect counts as solved, and how many validations without a gain are allowed.
    """
    # A best that is no bound is a score on the test split, which decides nothing in training.
    near = settings.stop_when_solved if metric.is_bound else None
    if near is not None and abs(score - metric.best) <= near:
        return "solved"
    if settings.patience is not None and validations_since_best >= settings.patience:
        return "patience"
    return None


def is_pruned(step: int, best_score: float, metric: Metric, bars: Mapping[int, float]) -> bool:
    """Say whether a trial ends after a validation: its best score so far is worse than the bar of this step.

    Args:
        step: of the validation.
        best_score: of the trial so far.
        metric: the primary metric.
        bars: step -> score; steps without one prune nothing.
    """
    return step in bars and metric.is_better(bars[step], best_score)
