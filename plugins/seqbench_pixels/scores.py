"""Defines the metrics of the task pixels, and baselines without memory: class shares and a linear model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seqbench_stepwise.scores import accuracy, loss

from seqbench import Baseline, Batch, Metric, Split, evaluate

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

MOST_FITTED = 2_000
"""Training images that the linear model is fitted on, at most."""


def metrics(classes: int) -> tuple[Metric, ...]:
    """Return accuracy, balanced accuracy (the mean recall of the classes) and the cross entropy in nats."""

    def balanced() -> torchmetrics.Metric:
        from torchmetrics.classification import MulticlassAccuracy

        return MulticlassAccuracy(classes, average="macro")

    return (
        accuracy(classes),
        Metric("balanced_accuracy", balanced, worst=0.0, one_example=_one_image, per_example=_hits_by_class),
        loss(),
    )


def _hits_by_class(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return 1 in the column of an image's class if it is right, and 1 in that column: [batch, classes] each."""
    from torch.nn.functional import one_hot

    is_class = one_hot(batch.targets, outputs.shape[1])
    return (outputs.argmax(1) == batch.targets)[:, None] * is_class, is_class


def _one_image(test: Split) -> float:
    """Return the most that one image moves balanced accuracy: 1 / (classes x images of the smallest class)."""
    images = test.targets.long().bincount()  # type: ignore[union-attr]
    images = images[images > 0]
    return 1 / (len(images) * int(images.min()))


def baselines(train: Split, test: Split, seen: tuple[Tensor, Tensor], classes: int) -> tuple[Baseline, ...]:
    """Score the shares of the training classes, a guess, and a logistic regression on the pixels.

    Args:
        train, test: the splits.
        seen: [images, pixels] of training and test images as they are read, without what follows them.
        classes: how many there are.
    """
    import torch

    measures = metrics(classes)
    labels = train.targets.long()  # type: ignore[union-attr]
    logits = ((torch.bincount(labels, minlength=classes) + 1e-9) / len(labels)).log()

    def shares(batch: Batch) -> Tensor:
        return logits.expand(len(batch.targets), classes)

    answers = _linear(seen[0][:MOST_FITTED], labels[:MOST_FITTED], seen[1], classes)
    rows = iter(torch.split(answers, 256))
    linear = evaluate(measures, test, lambda batch: next(rows), batch_size=256)
    guess = {"accuracy": 1 / classes, "balanced_accuracy": 1 / classes, "loss": math.log(classes)}
    return (
        Baseline("majority class", evaluate(measures, test, shares)),
        Baseline("guess", guess),
        Baseline("logistic regression on pixels", linear, is_reference=False),
    )


def _linear(pixels: Tensor, labels: Tensor, asked: Tensor, classes: int) -> Tensor:
    """Return log-probabilities of a logistic regression (L2, C = 1), fitted on pixels and asked for others.

    Where the images that it is fitted on are of one class, it always answers with that.
    """
    import torch
    from sklearn.linear_model import LogisticRegression

    found = torch.full((len(asked), classes), -100.0, dtype=torch.float64)
    if bool((labels == labels[0]).all()):
        found[:, labels[0]] = 0.0
        return found
    model = LogisticRegression(max_iter=2000).fit(pixels.double().numpy(), labels.numpy())
    found[:, torch.from_numpy(model.classes_)] = torch.from_numpy(
        model.predict_log_proba(asked.double().numpy())
    ).clamp_min(-100.0)
    return found
