"""Scores predicted notes: negative log likelihood in nats a step, and frame accuracy.

Imports torch and torchmetrics, and is imported when data are loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torchmetrics import MeanMetric

from seqbench import Batch, Metric, StepLabels

NLL, ACCURACY = "nll", "frame_accuracy"


def metrics(kind: StepLabels, source: float | None = None) -> tuple[Metric, ...]:
    """Return the metrics, the negative log likelihood first.

    Args:
        kind: of the targets.
        source: the score of the source of the test pieces, if it is known; luck may beat it.
    """
    best = 0.0 if source is None else source
    return (
        Metric(
            NLL,
            MeanMetric,
            best=best,
            is_higher_better=False,
            prepare=partial(_losses, kind),
            is_bound=source is None,
        ),
        Metric(ACCURACY, MeanMetric, worst=0.0, prepare=partial(_hits, kind)),
    )


def step_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Return -ln p of the notes of each step, the sum over keys: [steps, keys] -> [steps] float64."""
    return binary_cross_entropy_with_logits(logits.double(), labels.double(), reduction="none").sum(1)


def _losses(kind: StepLabels, outputs: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    return (step_losses(*kind.items(outputs, batch)),)


def _hits(kind: StepLabels, outputs: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    """Return TP / (TP + FP + FN) of all steps, with this sum as its weight (Bay et al. 2009, equation 6).

    So the mean over batches is the quotient of the sums over all steps. A note is predicted at a probability above
    1/2.
    """
    logits, labels = kind.items(outputs, batch)
    predicted, true = logits > 0, labels == 1
    right, either = (predicted & true).sum().double(), (predicted | true).sum().double()
    return right / either.clamp(min=1), either


Answer = Callable[[Batch], Tensor]
"""Returns logits for a batch: [batch, time, keys]."""
