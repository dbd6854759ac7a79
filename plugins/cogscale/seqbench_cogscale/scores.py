"""Defines the package's own metrics, and the baselines and chance levels that it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqbench import UNSCORED, Baseline, Batch, Metric, Split, evaluate

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


def error_rate() -> Metric:
    """Return the share of scored steps with a wrong class: `cogscale.compute_score` of a classification."""
    return Metric("error_rate", _mean, best=0.0, worst=1.0, is_higher_better=False, prepare=_wrong)


def label_error_rate() -> Metric:
    """Return the share of wrong labels, at the threshold 0.5: `cogscale.compute_score` of labels."""
    return Metric("label_error_rate", _mean, best=0.0, worst=1.0, is_higher_better=False, prepare=_wrong_labels)


def row_error_rate() -> Metric:
    """Return the share of scored steps with at least one wrong label."""
    return Metric("row_error_rate", _mean, best=0.0, worst=1.0, is_higher_better=False, prepare=_wrong_rows)


def mse() -> Metric:
    """Return the mean squared error over scored steps and channels: `cogscale.compute_score` of a regression."""
    return Metric("mse", _mean, best=0.0, is_higher_better=False, prepare=_squared)


def class_baselines(train: Split, test: Split, classes: int) -> tuple[Baseline, ...]:
    """Return the commonest class of the training targets, and a guess among all classes."""
    import torch

    asked = train.targets[train.targets != UNSCORED]  # type: ignore[index]
    commonest = torch.bincount(asked, minlength=classes).float()
    scores = evaluate((error_rate(),), test, lambda batch: commonest.expand(*batch.targets.shape, classes))
    return Baseline("commonest class", scores), Baseline("guess", {"error_rate": 1 - 1 / classes})


def label_baselines(train: Split, test: Split, labels: int) -> tuple[Baseline, ...]:
    """Return the commoner value of each label, and a guess: each label holds or not with equal probability."""
    asked = train.targets[(train.targets != UNSCORED).all(-1)]  # type: ignore[index,union-attr]
    logits = asked.float().mean(0) - 0.5
    metrics = (label_error_rate(), row_error_rate())
    scores = evaluate(metrics, test, lambda batch: logits.expand(batch.targets.shape))
    guess = {"label_error_rate": 0.5, "row_error_rate": 1 - 0.5**labels}
    return Baseline("commoner value of each label", scores), Baseline("guess", guess)


def mean_baselines(train: Split, test: Split) -> tuple[Baseline, ...]:
    """Return the mean of the training targets, and 0."""
    import torch

    asked = train.targets[~train.targets.isnan().all(-1)]  # type: ignore[union-attr,index]
    middle = asked.double().mean(0).float()
    return (
        Baseline("mean", evaluate((mse(),), test, lambda batch: middle.expand_as(batch.targets))),
        Baseline("always 0", evaluate((mse(),), test, lambda batch: torch.zeros_like(batch.targets))),
    )


def last_value(test: Split) -> Baseline:
    """Return the forecast that nothing changes: the input of the same step."""
    return Baseline("last value", evaluate((mse(),), test, lambda batch: batch.inputs))


def _mean() -> torchmetrics.Metric:
    from torchmetrics import MeanMetric

    return MeanMetric(nan_strategy="disable")


def _wrong(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return 1 for each scored step with a wrong class, else 0: [items]."""
    is_scored = batch.targets != UNSCORED
    return ((outputs[is_scored].argmax(-1) != batch.targets[is_scored]).double(),)


def _label_is_wrong(outputs: Tensor, batch: Batch) -> Tensor:
    is_scored = (batch.targets != UNSCORED).all(-1)
    # The logistic function is at least 0.5 where its argument is at least 0.
    return (outputs[is_scored] >= 0) != (batch.targets[is_scored] == 1)


def _wrong_labels(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return 1 for each wrong label, else 0: [items, labels]."""
    return (_label_is_wrong(outputs, batch).double(),)


def _wrong_rows(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return 1 for each scored step with a wrong label, else 0: [items]."""
    return (_label_is_wrong(outputs, batch).any(-1).double(),)


def _squared(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return the squared errors of the scored steps: [items, channels]."""
    is_scored = ~batch.targets.isnan().all(-1)
    return ((outputs[is_scored].double() - batch.targets[is_scored].double()) ** 2,)
