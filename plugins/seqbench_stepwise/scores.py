"""Defines metrics of classes at steps and the scores of a guess; torchmetrics is imported when one is made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seqbench import UNSCORED, Baseline, Batch, Metric, scored_items

if TYPE_CHECKING:
    from collections.abc import Callable

    import torchmetrics
    from torch import Tensor


def accuracy(classes: int, name: str = "accuracy") -> Metric:
    """Return the share of scored items with the right class."""

    def make() -> torchmetrics.Metric:
        from torchmetrics.classification import MulticlassAccuracy

        return MulticlassAccuracy(classes, average="micro")

    return Metric(name, make, worst=0.0, per_example=_hits)


def exact_match() -> Metric:
    """Return the share of sequences that are right at every scored step."""
    return Metric("exact_match", mean, prepare=_is_all_right, worst=0.0, per_example=alone(_is_all_right))


def last_accuracy() -> Metric:
    """Return the share of sequences that are right at the last step, which has to be scored."""
    return Metric("last_accuracy", mean, prepare=_is_last_right, worst=0.0, per_example=alone(_is_last_right))


def loss() -> Metric:
    """Return the mean cross entropy of a scored item, in nats."""
    return Metric("loss", mean, best=0.0, is_higher_better=False, prepare=_losses, per_example=stepwise(_losses))


def guess(name: str, *, choices: int, answers: int, is_reference: bool = True) -> Baseline:
    """Return the expected scores of answers drawn with equal probabilities, which hold whatever the targets are.

    Args:
        name: the name of the baseline.
        choices: how many answers are equally probable; the right one is among them.
        answers: scored steps of a sequence.
        is_reference: whether skill may be measured from it.

    >>> guess("memoryless", choices=4, answers=2).scores["exact_match"]
    0.0625
    """
    scores = {"accuracy": 1 / choices, "exact_match": float(choices) ** -answers, "loss": math.log(choices)}
    return Baseline(name, scores, is_reference)


def mean() -> torchmetrics.Metric:
    """Return a mean that lets NaN through; torchmetrics would otherwise leave such values out."""
    from torchmetrics import MeanMetric

    return MeanMetric(nan_strategy="disable")


def alone(value: Callable[[Tensor, Batch], tuple[Tensor]]) -> Callable[[Tensor, Batch], tuple[Tensor, Tensor]]:
    """Return `Metric.per_example` of a metric with one value for each sequence, [batch]."""

    def per_example(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        (found,) = value(outputs, batch)
        return found, found.new_ones(found.shape)

    return per_example


def stepwise(value: Callable[[Tensor, Batch], tuple[Tensor]]) -> Callable[[Tensor, Batch], tuple[Tensor, Tensor]]:
    """Return `Metric.per_example` of a metric with one value for each scored item, [items] in order of rows."""

    def per_example(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        is_scored = (batch.targets != UNSCORED).reshape(len(batch.targets), -1)
        (found,) = value(outputs, batch)
        sums = found.new_zeros(is_scored.shape).masked_scatter(is_scored, found)
        return sums.sum(1), is_scored.sum(1)

    return per_example


def _hits(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return how many items of each sequence are right, and how many are scored: [batch] each."""
    is_scored = (batch.targets != UNSCORED).reshape(len(batch.targets), -1)
    is_right = (outputs.argmax(dim=-1) == batch.targets).reshape(is_scored.shape)
    return (is_right & is_scored).sum(1), is_scored.sum(1)


def _is_all_right(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return 1 for each sequence without a mistake, else 0: [batch]."""
    is_right = (outputs.argmax(dim=-1) == batch.targets) | (batch.targets == UNSCORED)
    return (is_right.all(dim=1).double(),)


def _is_last_right(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return 1 for each sequence that ends with the right class, else 0: [batch]."""
    return ((outputs[:, -1].argmax(dim=-1) == batch.targets[:, -1]).double(),)


def _losses(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return the cross entropy of each scored item in nats: [items]."""
    from torch.nn.functional import cross_entropy

    logits, classes = scored_items(outputs, batch)
    return (cross_entropy(logits.double(), classes, reduction="none"),)
