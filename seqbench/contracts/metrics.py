"""Defines metrics and baselines, and scores predictors on a split.

A score is a finite number, or unknown. Torch and torchmetrics are imported when a function runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from seqbench.contracts.decoding import Decoding, side_by_side
from seqbench.contracts.example_sums import ExampleSums, standard_errors
from seqbench.contracts.examples import Batch, Split
from seqbench.contracts.finite import NotFinite
from seqbench.contracts.score_curves import CurvePoint
from seqbench.contracts.scored import kept, scored_by_marks
from seqbench.contracts.targets import TargetKind
from seqbench.errors import ContractError

if TYPE_CHECKING:
    import torch
    import torchmetrics
    from torch import Tensor


def scored_items(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return outputs and targets of the scored items only.

    Classes: ``outputs`` [batch, classes] or [batch, time, classes] become [items, classes], targets
    [items]. Numbers ([batch, steps, channels]) stay as they are, unless some are not scored (NaN): then
    they become [items, channels].
    """
    return kept(outputs, batch.targets, scored_by_marks(outputs, batch.targets))


@dataclass(frozen=True)
class Metric:
    """A number that says how good predictions are.

    Attributes:
        name: lower-case words joined by ``_``; the name in records and tables.
        make: returns a fresh torchmetrics metric.
        best: what a perfect predictor scores; where ``is_bound`` is False, what the source of the data scores.
        is_higher_better: the direction.
        prepare: ``(outputs, batch) -> the arguments of the metric's update``. The default, `scored_items`,
            is what torchmetrics' own classification and regression metrics take, and follows the kind of target if
            the metric belongs to a task (`TargetKind.items`); with ``make=torchmetrics.MeanMetric`` it may return
            one value for each scored item instead.
        worst: the worst possible score, such as 0 for an accuracy; None if there is none.
            Intervals in reports end there.
        one_example: ``test split -> the most that one of its examples can move the score``. Without it a
            score counts as a mean over the examples, and an example for ``|best - worst| / examples``.
        of: ``outputs``, the network's outputs for whole rows; ``decoded``, the tokens that it writes by itself
            (`TaskData.decoding`); or ``stream``, its outputs for `TaskData.stream`, a text that is read as one
            with the state carried over, and whose pieces come one by one. For ``decoded``, ``prepare`` gets the
            written tokens and the batch of prefixes
            (`Decoding.prompts`), with the references as targets; by default ``update`` gets the written tokens and
            the references, both [batch, longest of both] int64, padded with UNSCORED, without the stop token.
        is_bound: whether nothing can score better than ``best``. False where luck on a finite sample can: a skill
            may then pass 1.
        curve: the place on a curve of scores; None for a metric on its own.
        per_example: ``(outputs, batch) -> sums, counts``, [batch] each: what each example adds to the numerator
            and the denominator of the score, given what ``prepare`` is given; [batch, groups] if the score is the
            mean over groups, such as classes, of their ratios. Reports then have an interval over test examples.
    """

    name: str
    make: Callable[[], torchmetrics.Metric]
    best: float = 1.0
    is_higher_better: bool = True
    prepare: Callable[[Tensor, Batch], tuple[Tensor, ...]] = scored_items
    worst: float | None = None
    one_example: Callable[[Split], float] | None = None
    of: Literal["outputs", "decoded", "stream"] = "outputs"
    is_bound: bool = True
    curve: CurvePoint | None = None
    per_example: Callable[[Tensor, Batch], tuple[Tensor, Tensor]] | None = None

    def __post_init__(self) -> None:
        """Refuse a worst value that equals or beats the best one."""
        if self.of not in ("outputs", "decoded", "stream"):
            raise ValueError(f"the metric {self.name}: of is {self.of!r}; it is 'outputs', 'decoded' or 'stream'")
        if self.of == "decoded" and self.prepare is scored_items:
            object.__setattr__(self, "prepare", side_by_side)
        if self.worst is not None and not self.is_better(self.best, self.worst):
            raise ValueError(
                f"the metric {self.name}: worst is {self.worst}; it must be worse than best, {self.best}"
            )

    def is_better(self, score: float, other: float) -> bool:
        """Say whether ``score`` is strictly better than ``other``."""
        return score > other if self.is_higher_better else score < other

    def fault(self, score: float) -> str | None:
        """Return why a score is impossible: it is beyond a bound, best or worst, by more than rounding.

        >>> accuracy = Metric("accuracy", list, best=1.0, worst=0.0)
        >>> accuracy.fault(2.0), accuracy.fault(1.0 + 1e-9), accuracy.fault(math.nan)
        ('accuracy is 2, beyond its best possible value, 1', None, None)
        """
        for name, limit, is_beyond in (
            ("best", self.best, self.is_bound and self.is_better(score, self.best)),
            ("worst", self.worst, self.worst is not None and self.is_better(self.worst, score)),
        ):
            if limit is not None and is_beyond and not math.isclose(score, limit, rel_tol=1e-9, abs_tol=1e-6):
                return f"{self.name} is {score:.9g}, beyond its {name} possible value, {limit:.9g}"
        return None


@dataclass(frozen=True)
class Baseline:
    """The scores of a predictor without memory, or without learning, on the same test data.

    Attributes:
        name: how it predicts, in a few words.
        scores: metric name -> score on the test split.
        is_reference: whether skill may be measured from it; of several, the best is used.
    """

    name: str
    scores: Mapping[str, float] = field(default_factory=dict)
    is_reference: bool = True


def skill(score: float, baseline: float, best: float) -> float | None:
    """Place a score between the baseline (0) and perfection (1); negative is worse than the baseline.

    None if the baseline is already perfect.

    >>> skill(0.75, baseline=0.5, best=1.0)
    0.5
    >>> skill(0.5, baseline=2.0, best=0.0)  # an error: 1 - error / baseline error
    0.75
    """
    return None if best == baseline else (score - baseline) / (best - baseline)


def reference(baselines: Iterable[Baseline], primary: Metric) -> Baseline:
    """Return the baseline from which skill is measured: the best one with ``is_reference``.

    Raises:
        ContractError: there is none, or one of them has no finite score for the primary metric.
    """
    counting = [b for b in baselines if b.is_reference and primary.name in b.scores]
    if not counting:
        raise ContractError(
            f"a task needs a baseline with is_reference=True and a score for its primary metric"
            f" {primary.name!r}; here is none"
        )
    best = counting[0]
    for candidate in counting:
        score = candidate.scores[primary.name]
        if not math.isfinite(score):
            raise ContractError(
                f"the baseline {candidate.name!r} scores {primary.name} = {score}, so that no skill can be"
                " measured from it; correct it (its predictions are to be finite), or declare is_reference=False"
            )
        if primary.is_better(score, best.scores[primary.name]):
            best = candidate
    return best


def check_baselines(baselines: Iterable[Baseline], metrics: Iterable[Metric]) -> None:
    """Refuse baselines without a usable reference, or with impossible scores.

    Raises:
        ContractError: see `reference`, or a score is beyond the metric's best or worst value.
    """
    baselines, metrics = tuple(baselines), tuple(metrics)
    reference(baselines, metrics[0])
    for baseline in baselines:
        for metric in metrics:
            fault = metric.fault(baseline.scores.get(metric.name, math.nan))
            if fault is not None:
                raise ContractError(
                    f"the baseline {baseline.name!r} cannot be right: {fault}; correct the baseline, or best=,"
                    " worst= or is_higher_better= of the metric"
                )


def check_decoding(metrics: Iterable[Metric], decoding: Decoding | None) -> None:
    """Refuse metrics of decoded tokens without a `Decoding`.

    Raises:
        ContractError: there is such a metric.
    """
    decoded = [metric.name for metric in metrics if metric.of == "decoded"]
    if decoded and decoding is None:
        raise ContractError(
            f'the metric {decoded[0]} is of="decoded", and nothing says how to decode; give decoding=Decoding(...)'
        )


def check_stream(metrics: Iterable[Metric], stream: Split | None) -> None:
    """Refuse metrics of a stream without one, and one that is primary: validation reads no stream.

    Raises:
        ContractError: there is such a metric.
    """
    streamed = [(place, metric.name) for place, metric in enumerate(metrics) if metric.of == "stream"]
    if streamed and stream is None:
        raise ContractError(
            f'the metric {streamed[0][1]} is of="stream", and there is no text to read as one; give'
            " TaskData(stream=...)"
        )
    if streamed and streamed[0][0] == 0:
        raise ContractError(
            f'the primary metric {streamed[0][1]} is of="stream", and validation reads rows; make it a further one'
        )


def check_scores(scores: Mapping[str, float], metrics: Iterable[Metric], where: str) -> None:
    """Refuse impossible scores of a network; unknown ones pass.

    Args:
        scores: metric -> score.
        metrics: the task's metrics.
        where: the data on which the network was scored, for the message.

    Raises:
        ContractError: a score is beyond the metric's best or worst value.
    """
    for metric in metrics:
        fault = metric.fault(scores[metric.name])
        if fault is not None:
            raise ContractError(
                f"the score {where} cannot be right: {fault}; correct the task's metric, or its best=, worst= or"
                " is_higher_better="
            )


class Meters:
    """Scores outputs batch by batch; sums are kept in float64.

    Once a scored output is not finite, the metrics are no longer updated, and every score is unknown.

    Args:
        metrics: the metrics to compute.
        targets, decoding: see `evaluate`.
        by_example: whether to keep what each example adds, for `standard_errors`.

    Attributes:
        not_finite: the scored outputs that are not finite.
    """

    def __init__(
        self,
        metrics: Iterable[Metric],
        targets: TargetKind | None = None,
        *,
        decoding: Decoding | None = None,
        by_example: bool = False,
    ) -> None:
        self.not_finite = NotFinite()
        self._targets = targets
        self._meters = [(metric, metric.make()) for metric in metrics]
        self._decoding = decoding
        told = [metric for metric, _ in self._meters if metric.per_example and by_example]
        self._by_example = {metric.name: ExampleSums(metric.name) for metric in told}
        check_decoding((metric for metric, _ in self._meters), decoding)

    def update(self, outputs: Tensor, batch: Batch) -> None:
        """Add the outputs of one batch.

        Raises:
            Exception: the metric's own exception, with a note that names the metric.
        """
        if not self.not_finite.examples:
            self._move(outputs.device)
        if outputs.is_floating_point():
            self.not_finite = self.not_finite.add(outputs, batch, self._targets)
        else:
            # Written tokens are integers, which are always finite.
            self.not_finite = replace(self.not_finite, examples=self.not_finite.examples + len(outputs))
        if self.not_finite.outputs:
            return
        for metric, meter in self._meters:
            try:
                meter.update(*self._prepared(metric, outputs, batch))
                if metric.per_example and metric.name in self._by_example:
                    self._by_example[metric.name].add(*metric.per_example(*self._given(metric, outputs, batch)))
            except Exception as error:
                error.add_note(f"in the metric {metric.name}")
                raise

    def _prepared(self, metric: Metric, outputs: Tensor, batch: Batch) -> tuple[Any, ...]:
        """Return the arguments of a metric's update.

        They are made from the scored outputs and targets, or from the written tokens and their references.
        """
        if self._targets is not None and metric.prepare is scored_items:
            return self._targets.items(outputs, batch)
        return metric.prepare(*self._given(metric, outputs, batch))

    def _given(self, metric: Metric, outputs: Tensor, batch: Batch) -> tuple[Tensor, Batch]:
        """Return outputs and batch, or the written tokens and the prompts."""
        if metric.of == "decoded" and self._decoding is not None:
            return self._decoding.written(outputs, batch), self._decoding.prompts(batch)
        return outputs, batch

    def _move(self, device: torch.device) -> None:
        import torch

        for _, meter in self._meters:
            # The order matters: torchmetrics' ``to`` resets the metric's dtype to float32.
            meter.to(device).set_dtype(torch.float64)

    def scores(self) -> dict[str, float]:
        """Return metric -> score; NaN if it is unknown or infinite.

        Raises:
            ContractError: a metric does not return one number.
        """
        return {metric.name: self._score(metric, meter) for metric, meter in self._meters}

    def standard_errors(self) -> dict[str, float]:
        """Return metric -> standard error over draws of the examples, of the metrics where it is known.

        Raises:
            ContractError: what the examples add is not the score.
        """
        return standard_errors(self._by_example, self.scores()) if self._by_example else {}

    def _score(self, metric: Metric, meter: torchmetrics.Metric) -> float:
        if self.not_finite.outputs:
            return math.nan
        found = meter.compute()
        try:
            score = float(found)
        except (TypeError, ValueError, RuntimeError) as error:
            shape = getattr(found, "shape", None)
            told = type(found).__name__ if shape is None else f"a tensor of the shape {list(shape)}"
            raise ContractError(
                f"the metric {metric.name} is to come to one number, and came to {told}; let it average, such as"
                ' with average="macro" or average="micro"'
            ) from error
        return score if math.isfinite(score) else math.nan


def evaluate(
    metrics: Iterable[Metric],
    split: Split,
    predict: Callable[[Batch], Tensor],
    *,
    batch_size: int = 256,
    targets: TargetKind | None = None,
    decoding: Decoding | None = None,
) -> dict[str, float]:
    """Score a predictor on every example of a split.

    Args:
        metrics: the metrics to compute.
        split: the examples.
        predict: from a batch to outputs, [batch, classes], [batch, time, classes] or
            [batch, steps, channels]. For metrics of decoded tokens it may return the tokens that it writes
            instead, [batch, steps] integers padded with UNSCORED.
        batch_size: examples at a time; the scores do not depend on it, except for rounding.
        targets: the kind of target, which says which items are scored; without it the marks in the targets
            (UNSCORED, or NaN in floats) do, which is enough if each step or sequence has a class or numbers.
        decoding: the task's, for metrics of decoded tokens; see `Decoding.written`.

    Returns:
        Metric -> score. All are NaN if a scored output is not finite (e.g. the logarithm of a probability of 0:
        clamp it). A single one is NaN if the metric has no finite value.
    """
    import torch

    batches = (split.batch(rows) for rows in torch.split(torch.arange(len(split)), batch_size))
    return score_batches(metrics, ((predict(batch), batch) for batch in batches), targets, decoding=decoding)


def score_batches(
    metrics: Iterable[Metric],
    outputs: Iterable[tuple[Tensor, Batch]],
    targets: TargetKind | None = None,
    *,
    decoding: Decoding | None = None,
) -> dict[str, float]:
    """Score outputs, each given with its batch; see `evaluate`."""
    meters = Meters(metrics, targets, decoding=decoding)
    for output, batch in outputs:
        meters.update(output, batch)
    return meters.scores()
