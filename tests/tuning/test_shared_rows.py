"""Tests that a task which draws its splits by the seed from one set of rows is found, and no other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from seqbench import Ragged, Split, TaskData, generator
from seqbench.tuning.shared_rows import rows_of, shared_rows
from tests.toys import Last, naming
from tests.tuning.searches import tuned


@dataclass(frozen=True)
class OneSet(Last):
    """A task whose splits are drawn by the seed from the same 100 rows."""

    def load(self, length: int, seed: int) -> TaskData:
        rows = torch.randint(4, (100, 16), generator=generator(7, "rows"))[
            torch.randperm(100, generator=generator(seed))
        ]
        parts = [Split(rows[a:b], rows[a:b, -1]) for a, b in ((0, 80), (80, 90), (90, 100))]
        return naming(4, train=parts[0], validation=parts[1], test=parts[2])


def test_rows_that_trials_learn_from_and_cells_test_on_are_told(tmp_path: Path) -> None:
    (place,) = tuned(tmp_path).places
    (said,) = shared_rows([replace(place, task=OneSet())], [10_000], 0)
    assert " of 10 test examples of seed 0 are among those on which trials train" in said
    # 64 training rows of 4 tokens out of 4: many test rows are alike by chance, as within one seed.
    assert list(shared_rows([place], [10_000], 0)) == []


def test_rows_of_different_lengths_are_told_apart() -> None:
    inputs = Ragged.from_rows([torch.tensor([1, 2]), torch.tensor([1]), torch.tensor([2, 1])])
    assert len(set(rows_of(Split(inputs, torch.zeros(3))))) == 3
