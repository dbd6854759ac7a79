"""Tests that outputs that are not finite are counted where they are scored, and nowhere else."""

from __future__ import annotations

import math

import torch

from seqbench import (
    UNSCORED,
    Batch,
    Ragged,
    Split,
)
from seqbench.contracts.finite import NotFinite


def test_places_of_outputs_that_are_not_finite_are_counted_by_item_and_told() -> None:
    outputs = torch.zeros(2, 3, 4)
    outputs[1, 2, :2] = math.nan
    outputs[0, 0, 0] = math.inf
    targets = torch.tensor([[UNSCORED, 0, 1], [2, 3, 0]])
    batch = Batch(torch.zeros(2, 3, dtype=torch.int64), targets, torch.tensor([3, 3]))
    found = NotFinite().add(torch.zeros(2, 3, 4), batch).add(outputs, batch)
    assert found == NotFinite(outputs=1, scored=10, examples=4, first=((3, 2),))
    assert str(found.renumbered([3, 2, 1, 0])) == (
        "1 of 10 scored outputs were not finite (first: example 0, step 2)"
    )
    # Large, but finite: their sum is not.
    assert NotFinite().add(torch.full((2, 3, 4), 3e38), batch).outputs == 0


def test_padding_behind_numbers_is_not_scored_and_the_same_number_among_them_is() -> None:
    rows = [torch.tensor([-100.0, 2.0]), torch.tensor([1.0])]
    batch = Split(Ragged.from_rows(rows), Ragged.from_rows(rows)).batch(torch.tensor([0, 1]))
    behind, within = torch.zeros(2, 2), torch.zeros(2, 2)
    behind[1, 1] = within[0, 0] = math.nan
    assert NotFinite().add(behind, batch).outputs == 0
    assert NotFinite().add(within, batch).outputs == 1
