"""Tests kinds of the first edition, which have three methods, and rules for every kind of the second.

Modules: seqbench.contracts.kinds.classes, seqbench.contracts.kinds.places, seqbench.contracts.scored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torchmetrics import MeanSquaredError

from seqbench import (
    UNSCORED,
    Batch,
    Forecast,
    Metric,
    Ragged,
    SequenceClass,
    Split,
    StepClass,
    StepLabels,
    StepValues,
    TargetKind,
    Transcript,
    evaluate,
)
from seqbench.contracts.finite import NotFinite
from seqbench.testing import CheckSkipped
from seqbench.testing.tasks.predictors import perfect


@dataclass(frozen=True)
class Level(TargetKind):
    """A number for each step, as a plugin of the first edition defines it: padding is told by the lengths."""

    @property
    def head_size(self) -> int:
        return 1

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        return head(hidden)[..., 0]

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        steps = torch.arange(start, start + hidden.shape[1])
        rows, places = (steps < batch.lengths[:, None]).nonzero(as_tuple=True)
        return (head(hidden)[rows, places, 0] - batch.targets[rows, start + places]) ** 2, rows


def ragged(dtype: torch.dtype = torch.float32) -> Batch:
    rows = [torch.arange(4).to(dtype), torch.arange(2).to(dtype)]
    return Split(Ragged.from_rows(rows), Ragged.from_rows(rows)).batch(torch.tensor([0, 1]))


def test_kind_of_the_first_edition_speaks_for_its_scored_steps_by_the_marks_of_padding() -> None:
    kind, batch = Level(), ragged()
    assert torch.isfinite(kind.loss(torch.zeros(2, 4, 3), batch, nn.Linear(3, 1)))
    outputs = torch.tensor([[0.0, 1, 2, 3], [0, 1, math.inf, 9]])
    assert NotFinite().add(outputs, batch, kind) == NotFinite(scored=6, examples=2)
    assert [part.tolist() for part in kind.items(outputs, batch)] == [[0, 1, 2, 3, 0, 1]] * 2
    assert (kind.is_stepwise, kind.needs_whole_sequence, kind.unfit(None, "targets")) == (False, False, None)  # type: ignore[arg-type]
    with pytest.raises(CheckSkipped, match="Level takes is the plugin's own"):
        perfect(kind).predict(batch)


def test_padding_has_the_mark_of_its_type_and_inputs_are_padded_with_zero() -> None:
    assert ragged(torch.int8).targets.tolist() == [[0, 1, 2, 3], [0, 1, UNSCORED, UNSCORED]]
    batch = ragged()
    assert batch.targets[1, 2:].isnan().all()
    assert batch.inputs[1].tolist() == [0, 1, 0, 0]


def test_real_value_that_looks_like_a_mark_is_scored_among_numbers() -> None:
    rows = [torch.tensor([-100.0, 2.0]), torch.tensor([1.0])]
    squared = Metric("mse", MeanSquaredError, best=0.0, is_higher_better=False)
    split = Split(Ragged.from_rows(rows), Ragged.from_rows(rows))
    wrong = evaluate([squared], split, lambda batch: torch.tensor([[-97.0, 2.0], [1.0, 5.0]]), targets=Level())
    assert wrong == {"mse": 3.0}


def marked(kind: TargetKind, targets: Tensor, outputs: Tensor) -> tuple[TargetKind, Batch, Tensor]:
    return kind, Batch(torch.zeros(len(targets), 3, 1), targets, torch.tensor([3, 2])), outputs


EVERY_KIND = [
    marked(SequenceClass(2), torch.tensor([0, 1]), torch.zeros(2, 2)),
    marked(StepClass(2), torch.tensor([[0, UNSCORED, 1], [1, 0, UNSCORED]]), torch.zeros(2, 3, 2)),
    marked(Forecast(2, 1), torch.zeros(2, 2, 1), torch.zeros(2, 2, 1)),
    marked(
        StepLabels(2),
        torch.tensor([[[0, 1], [UNSCORED] * 2, [1, 1]], [[1, 0], [0, 0], [UNSCORED] * 2]]),
        torch.zeros(2, 3, 2),
    ),
    marked(
        StepValues(2),
        torch.tensor([[[0.0, 1], [math.nan] * 2, [1, 1]], [[1, 0], [0, 0], [math.nan] * 2]]),
        torch.zeros(2, 3, 2),
    ),
    marked(Transcript(2), torch.tensor([[0, 1, 1], [1, UNSCORED, UNSCORED]]), torch.zeros(2, 3, 3)),
]


@pytest.mark.parametrize(("kind", "batch", "outputs"), EVERY_KIND, ids=lambda value: type(value).__name__)
def test_outputs_that_are_not_scored_may_be_anything_and_scored_ones_count(
    kind: TargetKind, batch: Batch, outputs: Tensor
) -> None:
    is_scored = kind.scored(outputs, batch)
    if is_scored is not None:
        hidden = outputs.clone()
        hidden[~is_scored] = math.nan
        assert NotFinite().add(hidden, batch, kind).outputs == 0
        assert not any("nan" in str(part) for part in kind.items(hidden, batch))
    bad = outputs.clone()
    bad[0, -1] = math.nan
    assert NotFinite().add(bad, batch, kind).outputs == 1


@pytest.mark.parametrize(("kind", "batch", "outputs"), EVERY_KIND, ids=lambda value: type(value).__name__)
def test_losses_of_pieces_are_those_of_the_whole(kind: TargetKind, batch: Batch, outputs: Tensor) -> None:
    torch.manual_seed(0)
    hidden, head = torch.randn(2, 3, 5, dtype=torch.float64), nn.Linear(5, kind.head_size).double()
    batch = Batch(*(part.double() if part.is_floating_point() else part for part in batch))
    whole, rows = kind.losses(hidden, batch, head)
    if kind.needs_whole_sequence:
        return
    pieces = [kind.losses(hidden[:, start : start + 1], batch, head, start) for start in range(3)]
    assert sorted(rows.tolist()) == sorted(row for _, found in pieces for row in found.tolist())
    for row in range(2):
        parts = sum(losses[found == row].sum().item() for losses, found in pieces)
        assert parts == pytest.approx(whole[rows == row].sum().item(), rel=1e-14)
