"""What is a metric, what is a baseline, and what does a predictor score on a split?

Stands on splits and errors; torch and torchmetrics are imported when a function runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seqbench.errors import ContractError
from seqbench.splits import UNSCORED, Batch, Split

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


def scored_items(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return outputs and targets of the scored items only.

    Classes: ``outputs`` [batch, classes] or [batch, time, classes] become [items, classes], targets
    [items]. Numbers ([batch, steps, channels]) stay as they are.
    """
    if batch.targets.is_floating_point():
        return outputs, batch.targets
    is_scored = batch.targets != UNSCORED
    return outputs[is_scored], batch.targets[is_scored]


@dataclass(frozen=True)
class Metric:
    """A number that says how good predictions are.

    Attributes:
        name: lower-case words joined by ``_``; the name in records and tables.
        make: returns a fresh torchmetrics metric.
        best: what a perfect predictor scores.
        is_higher_better: the direction.
        prepare: ``(outputs, batch) -> the arguments of the metric's update``. The default, `scored_items`,
            is what torchmetrics' own classification and regression metrics take; with
            ``make=torchmetrics.MeanMetric`` it may return one value for each scored item instead.
        worst: beyond which no score can lie, such as 0 for an accuracy; None where there is no such value.
            Intervals in reports end there.
        one_example: ``test split -> by how much one of its examples can move the score, at most``. Without it a
            score counts as a mean over the examples, and an example for ``|best - worst| / examples``.
    """

    name: str
    make: Callable[[], torchmetrics.Metric]
    best: float = 1.0
    is_higher_better: bool = True
    prepare: Callable[[Tensor, Batch], tuple[Tensor, ...]] = scored_items
    worst: float | None = None
    one_example: Callable[[Split], float] | None = None

    def __post_init__(self) -> None:
        """Refuse a worst value that is no worse than the best one."""
        if self.worst is not None and not self.is_better(self.best, self.worst):
            raise ValueError(
                f"the metric {self.name}: worst is {self.worst}; it must be worse than best, {self.best}"
            )

    def is_better(self, score: float, other: float) -> bool:
        """Say whether ``score`` is strictly better than ``other``."""
        return score > other if self.is_higher_better else score < other


@dataclass(frozen=True)
class Baseline:
    """What a predictor that needs no memory, or no learning, scores on the same test data.

    Attributes:
        name: how it predicts, in a few words.
        scores: metric name -> score on the test split.
        is_reference: whether skill may be measured from it; of several, the best counts.
    """

    name: str
    scores: Mapping[str, float] = field(default_factory=dict)
    is_reference: bool = True


def skill(score: float, baseline: float, best: float) -> float | None:
    """Place a score between the baseline (0) and perfection (1); negative is worse than the baseline.

    None where the baseline is perfect already, since nothing is left to win.

    >>> skill(0.75, baseline=0.5, best=1.0)
    0.5
    >>> skill(0.5, baseline=2.0, best=0.0)  # an error: 1 - error / baseline error
    0.75
    """
    return None if best == baseline else (score - baseline) / (best - baseline)


def reference(baselines: Iterable[Baseline], primary: Metric) -> Baseline:
    """Return the baseline that skill is measured from: the best of those that count.

    Raises:
        ContractError: none counts, or the one that does has no score for the primary metric.
    """
    counting = [b for b in baselines if b.is_reference and primary.name in b.scores]
    if not counting:
        raise ContractError(
            f"a task needs a baseline with is_reference=True and a score for its primary metric"
            f" {primary.name!r}; here is none"
        )
    best = counting[0]
    for candidate in counting[1:]:
        if primary.is_better(candidate.scores[primary.name], best.scores[primary.name]):
            best = candidate
    return best


def evaluate(
    metrics: Iterable[Metric],
    split: Split,
    predict: Callable[[Batch], Tensor],
    *,
    batch_size: int = 256,
) -> dict[str, float]:
    """Score a predictor on every example of a split.

    Args:
        metrics: what to compute.
        split: the examples.
        predict: from a batch to outputs, [batch, classes], [batch, time, classes] or
            [batch, steps, channels].
        batch_size: examples at a time; the scores do not depend on it but for rounding.
    """
    import torch

    batches = (split.batch(rows) for rows in torch.split(torch.arange(len(split)), batch_size))
    return score_batches(metrics, ((predict(batch), batch) for batch in batches))


def score_batches(metrics: Iterable[Metric], outputs: Iterable[tuple[Tensor, Batch]]) -> dict[str, float]:
    """Score outputs that come with the batch they were made from; sums are kept in float64."""
    import torch

    meters = [(metric, metric.make()) for metric in metrics]
    for output, batch in outputs:
        for metric, meter in meters:
            # After the move: torchmetrics' ``to`` sets the metric's dtype back to float32.
            meter.to(output.device).set_dtype(torch.float64).update(*metric.prepare(output, batch))
    return {metric.name: float(meter.compute()) for metric, meter in meters}
