"""Defines the metrics of series-class and its baselines: class shares, a guess, and the nearest series."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from seqbench_stepwise.scores import accuracy, loss

from seqbench import Baseline, Batch, Metric, Split, cached_tensors, evaluate
from seqbench_series_class.collection import Collection
from seqbench_series_class.nearest import nearest_by_distance, nearest_by_warping, warping_cost

if TYPE_CHECKING:
    from torch import Tensor

EUCLIDEAN, WARPED = "nearest series", "nearest by time warping"


def metrics(classes: int) -> tuple[Metric, ...]:
    """Return accuracy and the cross entropy in nats."""
    return accuracy(classes), loss()


def shares_and_guess(train: Split, test: Split, classes: int) -> tuple[Baseline, ...]:
    """Return the scores of the shares of the training classes, and those of a guess."""
    import torch

    labels = train.targets.long()  # type: ignore[union-attr]
    logits = ((torch.bincount(labels, minlength=classes) + 1e-9) / len(labels)).log()

    def shares(batch: Batch) -> Tensor:
        return logits.expand(len(batch.targets), classes)

    return (
        Baseline("majority class", evaluate(metrics(classes), test, shares)),
        Baseline("guess", {"accuracy": 1 / classes, "loss": math.log(classes)}),
    )


def nearest_baselines(
    given: Collection, asked: Collection, most_steps: int, identity: Sequence[str | int]
) -> Iterator[Baseline]:
    """Yield the accuracy of the class of the nearest training series, by both distances where they can be had.

    Args:
        given: all series of the training file, as they are read at this length.
        asked: those of the test file.
        most_steps: pairs of steps that time warping may compare.
        identity: what the series depend on, for the cache.
    """
    if given.are_equal_long and asked.are_equal_long and given.longest == asked.longest:
        found = nearest_by_distance(asked.series, given.series).tolist()
        yield Baseline(EUCLIDEAN, {"accuracy": _accuracy(found, given, asked)}, is_reference=False)
    if warping_cost(asked.series, given.series) <= most_steps:
        kept = cached_tensors(("series-class", "warping", *identity), lambda: _warped(given, asked))
        right = _accuracy(kept["nearest"].tolist(), given, asked)
        yield Baseline(WARPED, {"accuracy": right}, is_reference=False)


def _warped(given: Collection, asked: Collection) -> dict[str, Tensor]:
    import torch

    return {"nearest": torch.from_numpy(nearest_by_warping(asked.series, given.series))}


def _accuracy(nearest: Sequence[int], given: Collection, asked: Collection) -> float:
    right = [given.labels[row] == label for row, label in zip(nearest, asked.labels, strict=True)]
    return sum(right) / len(right)
