"""Holds what the tasks on symbols share: metrics, chance, sizes, repeated rows and worked examples.

Used by ``recall``, ``selective-copy``, ``induction`` and ``sort``; it is no plugin itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from seqbench import UNSCORED, Baseline, Batch, Metric, Split

if TYPE_CHECKING:
    import torch
    import torchmetrics
    from torch import Generator, Tensor

MOST_DRAWN = 2**21
"""Largest number of random numbers that `draw_distinct` makes at a time; 16 MiB."""

MOST_WHOLE = 48
"""Largest number of steps of a worked example that is shown whole."""


def accuracy(classes: int) -> Metric:
    """Return the share of scored items that are right."""
    from torchmetrics.classification import MulticlassAccuracy

    return Metric("accuracy", lambda: MulticlassAccuracy(classes, average="micro"), worst=0.0)


def exact_match() -> Metric:
    """Return the share of sequences whose scored steps are all right."""
    return Metric("exact_match", _mean, prepare=_is_all_right, worst=0.0)


def loss() -> Metric:
    """Return the mean cross entropy of the scored items, in nats."""
    return Metric("loss", _mean, best=0.0, is_higher_better=False, prepare=_cross_entropies)


def _mean() -> torchmetrics.Metric:
    """Return a mean that lets NaN through; torchmetrics would otherwise leave such values out."""
    from torchmetrics import MeanMetric

    return MeanMetric(nan_strategy="disable")


def _is_all_right(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return 1 for each sequence without a mistake, else 0: [batch]."""
    is_right = (outputs.argmax(dim=-1) == batch.targets) | (batch.targets == UNSCORED)
    return (is_right.all(dim=1).double(),)


def _cross_entropies(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    from torch.nn.functional import cross_entropy

    is_scored = batch.targets != UNSCORED
    return (cross_entropy(outputs[is_scored].double(), batch.targets[is_scored], reduction="none"),)


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


def rows_within(examples: int, time_steps: int, steps: int) -> int:
    """Return how many sequences of ``steps`` steps fit: at most ``examples``, at least one.

    >>> rows_within(20_000, time_steps=40_000_000, steps=1000), rows_within(20_000, 40_000_000, steps=8192)
    (20000, 4882)
    """
    return max(1, min(examples, time_steps // steps))


def smallest_type(tokens: int) -> torch.dtype:
    """Return the smallest signed type that holds ``tokens`` tokens, counted from 0, and UNSCORED."""
    import torch

    return torch.int8 if tokens <= 2**7 else torch.int16 if tokens <= 2**15 else torch.int32


def share_seen(rows: Tensor, earlier: Tensor) -> float:
    """Return the share of ``rows`` that equal one of ``earlier``; both [rows, steps].

    >>> import torch
    >>> share_seen(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[3, 4], [2, 1], [3, 4]]))
    0.5
    """
    seen = {row.tobytes() for row in earlier.numpy()}
    return sum(row.tobytes() in seen for row in rows.numpy()) / len(rows)


def draw_distinct(rng: Generator, rows: int, weights: Tensor, count: int) -> Tensor:
    """Draw ``count`` different numbers for each row, one after the other, with probabilities as the weights.

    A number's rank is that of log(u) / weight with u uniform, which is the order of such draws (Efraimidis &
    Spirakis 2006, "Weighted random sampling with a reservoir").

    Args:
        rng: the random stream.
        rows: how many rows.
        weights: [choices] above 0.
        count: at most ``choices``.

    Returns:
        [rows, count] numbers from 0 to choices - 1, in the order in which they were drawn.
    """
    import torch

    weights = weights.double()
    drawn = torch.empty(rows, count, dtype=torch.int64)
    for some in torch.split(drawn, max(1, MOST_DRAWN // len(weights))):
        keys = torch.rand(len(some), len(weights), generator=rng, dtype=torch.float64).log_().div_(weights)
        some.copy_(keys.topk(count).indices)
    return drawn


def worked_example(
    split: Split,
    example: int,
    *,
    sign: Callable[[int], str],
    answer: Callable[[int], str],
    shown: Callable[[list[int]], Iterable[int]],
) -> str:
    """Return input above target, scored steps marked, of one example of a split.

    Args:
        split: the examples.
        example: its number.
        sign: token -> its sign.
        answer: target -> its sign.
        shown: scored steps -> steps of a long example that are shown; others are counted only.
    """
    import torch

    batch = split.batch(torch.tensor([example]))
    tokens, targets = batch.inputs[0].tolist(), batch.targets.flatten().tolist()
    # A class of a whole sequence is read at its last step.
    targets = [UNSCORED] * (len(tokens) - len(targets)) + targets
    scored = [step for step, target in enumerate(targets) if target != UNSCORED]
    lines = {
        "input": [sign(token) for token in tokens],
        "target": ["" if target == UNSCORED else answer(target) for target in targets],
        "scored": ["" if target == UNSCORED else "^" for target in targets],
    }
    return aligned(lines, range(len(tokens)) if len(tokens) <= MOST_WHOLE else shown(scored))


def aligned(lines: Mapping[str, Sequence[str]], shown: Iterable[int]) -> str:
    """Return lines of signs, a column for each step; several steps that are not shown are counted.

    >>> print(aligned({"input": ["a", "b", "c", "d", "10"], "target": ["", "", "", "", "a"]}, [0, 4]))
    input   a (3 more) 10
    target              a
    """
    steps = list(zip(*lines.values(), strict=True))
    columns: list[tuple[str, ...]] = []
    for before, at in pairwise([-1, *sorted({step for step in shown if 0 <= step < len(steps)}), len(steps)]):
        skipped = steps[before + 1 : at]
        # One step takes less room than its count.
        columns += skipped if len(skipped) < 2 else [(f"({len(skipped)} more)", *[""] * (len(lines) - 1))]
        columns += steps[at : at + 1]
    widths = [max(len(sign) for sign in column) for column in columns]
    return "\n".join(
        f"{word:<8}" + " ".join(sign.rjust(width) for sign, width in zip(line, widths, strict=True)).rstrip()
        for word, line in zip(lines, zip(*columns, strict=True), strict=True)
    )
