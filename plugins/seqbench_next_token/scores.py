"""Scores losses of next tokens: cross entropy, perplexity, bits per character, and the loss by tokens of context.

Networks and baselines get the same scores. Imports torch and torchmetrics, and is imported when data are loaded.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor
from torchmetrics import MeanMetric

from seqbench import UNSCORED, Batch, CurvePoint, Metric

CURVE = "loss by context"
AXIS = "tokens of context"

LOSS, ACCURACY = "cross_entropy", "accuracy"


class Perplexity(MeanMetric):
    """The exponential of a mean loss in nats."""

    def compute(self) -> Tensor:
        """Return exp of the mean."""
        return torch.exp(super().compute())


@dataclass(frozen=True, eq=False)
class Items:
    """The scored steps of a batch.

    Attributes:
        losses: [items], in nats.
        context: [items], tokens of the row up to the step.
        is_right: [items], whether the most probable token is the next one; None if that is not known.
    """

    losses: Tensor
    context: Tensor
    is_right: Tensor | None = None


@dataclass
class ItemsOf:
    """Returns the scored steps of a batch; of the last batch they are kept, for all metrics take the same."""

    _outputs: Callable[[], Tensor | None] = field(default=lambda: None)
    _found: Items | None = None

    def __call__(self, outputs: Tensor, batch: Batch) -> Items:
        """Return the scored steps of a batch, given logits [batch, time, classes]."""
        if self._found is None or self._outputs() is not outputs:
            self._outputs, self._found = weakref.ref(outputs), _items(outputs, batch)
        return self._found


def _items(outputs: Tensor, batch: Batch) -> Items:
    is_scored = batch.targets != UNSCORED
    logits, targets = outputs[is_scored].float(), batch.targets[is_scored]
    losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    steps = torch.arange(1, outputs.shape[1] + 1, device=outputs.device).expand_as(batch.targets)
    return Items(losses.double(), steps[is_scored], logits.argmax(-1) == targets)


def stretches(length: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last number of tokens of context that a point of the curve stands for.

    Each is twice as long as the one before; a last one that would be less than half of that joins it.

    >>> list(stretches(13)), list(stretches(8))
    ([(1, 1), (2, 3), (4, 7), (8, 13)], [(1, 1), (2, 3), (4, 8)])
    """
    first = 1
    while first <= length:
        is_last = length + 1 < 3 * first  # the next one would have fewer than `first` of its 2 `first`
        yield first, length if is_last else 2 * first - 1
        first = length + 1 if is_last else 2 * first


def point_name(first: int, last: int) -> str:
    """Return the name of the metric of a stretch."""
    return f"loss_at_{first}" if first == last else f"loss_at_{first}_{last}"


@dataclass(frozen=True)
class Measures:
    """The metrics of a text.

    Attributes:
        length: of its longest row.
        tokens_per_character: of the test text.
        is_streamed: whether the text is read as one too.
    """

    length: int
    tokens_per_character: float
    is_streamed: bool = False

    def metrics(self, source: Mapping[str, float]) -> tuple[Metric, ...]:
        """Return the metrics, the cross entropy first.

        Args:
            source: what the source of the text scores; empty if that is not known. Then 0 is the best loss.
        """
        of_rows, of_stream = ItemsOf(), ItemsOf()
        read, streamed = partial(_losses, of_rows, 1.0), partial(_losses, of_stream, 1.0)
        found = [
            _loss(LOSS, read),
            replace(_loss("perplexity", read), make=Perplexity, best=1.0),
            _loss("bits_per_character", partial(_losses, of_rows, self._bits)),
            Metric(ACCURACY, MeanMetric, worst=0.0, prepare=partial(_hits, of_rows)),
        ]
        if self.is_streamed:
            found.append(replace(_loss("stream_loss", streamed), of="stream"))
            perplexity = replace(_loss("stream_perplexity", streamed), make=Perplexity, best=1.0)
            found.append(replace(perplexity, of="stream"))
        for first, last in stretches(self.length):
            point = CurvePoint(CURVE, first, AXIS)
            within = partial(_losses_within, of_rows, first, last)
            found.append(replace(_loss(point_name(first, last), within), curve=point))
        return tuple(_scored_by(metric, source) for metric in found)

    def scores(self, items: Items, streamed: Tensor | None = None) -> dict[str, float]:
        """Return metric -> score of losses that are known for all test tokens, such as a baseline's.

        Args:
            items: of the rows.
            streamed: [tokens], losses with the context of the whole text; by default as in the rows.
        """
        mean = float(items.losses.mean())
        found = {LOSS: mean, "perplexity": math.exp(mean), "bits_per_character": mean * self._bits}
        if items.is_right is not None:
            found[ACCURACY] = float(items.is_right.double().mean())
        if self.is_streamed:
            whole = float((items.losses if streamed is None else streamed).mean())
            found |= {"stream_loss": whole, "stream_perplexity": math.exp(whole)}
        for first, last in stretches(self.length):
            within = items.losses[(items.context >= first) & (items.context <= last)]
            if len(within):
                found[point_name(first, last)] = float(within.mean())
        return found

    @property
    def _bits(self) -> float:
        """Bits per character for each nat per token."""
        return self.tokens_per_character / math.log(2)


def _loss(name: str, prepare: Callable[[Tensor, Batch], tuple[Tensor, ...]]) -> Metric:
    return Metric(name, MeanMetric, best=0.0, is_higher_better=False, prepare=prepare)


def _scored_by(metric: Metric, source: Mapping[str, float]) -> Metric:
    """Return the metric with the source's score as its best, if it is known: luck may beat it."""
    if metric.name not in source or metric.name == ACCURACY:
        return metric
    return replace(metric, best=source[metric.name], is_bound=False)


def _losses(items_of: ItemsOf, scale: float, outputs: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    return (items_of(outputs, batch).losses * scale,)


def _losses_within(items_of: ItemsOf, first: int, last: int, outputs: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    items = items_of(outputs, batch)
    return (items.losses[(items.context >= first) & (items.context <= last)],)


def _hits(items_of: ItemsOf, outputs: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    is_right = items_of(outputs, batch).is_right
    assert is_right is not None
    return (is_right.double(),)
