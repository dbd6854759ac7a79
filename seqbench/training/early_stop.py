"""Decides after a validation whether a training ends before its last step."""

from __future__ import annotations

from typing import Literal

from seqbench.contracts.metrics import Metric
from seqbench.experiment.schema import Training

Stopped = Literal["steps", "solved", "patience"]
"""Reason for the end of a training: all its steps, a score near enough to perfect, or too many validations without
a gain."""


def early_end(score: float, metric: Metric, *, validations_since_best: int, settings: Training) -> Stopped | None:
    """Return why the training ends now; None if it continues.

    Args:
        score: the last validation score on the primary metric.
        metric: the primary metric.
        validations_since_best: their number, the last one included.
        settings: how near to perfect counts as solved, and how many validations without a gain are allowed.
    """
    if settings.stop_when_solved is not None and abs(score - metric.best) <= settings.stop_when_solved:
        return "solved"
    if settings.patience is not None and validations_since_best >= settings.patience:
        return "patience"
    return None
