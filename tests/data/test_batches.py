"""Tests splits and batches: every example as often as it should come, padded, by length."""

from __future__ import annotations

import datasets
import pytest
import torch

from seqbench import UNSCORED, ContractError, Ragged, Split
from seqbench.data.batches import EvaluationBatches, TrainingBatches


def ragged(lengths: list[int]) -> Split:
    rows = [torch.full((length,), i, dtype=torch.int16) for i, length in enumerate(lengths)]
    return Split(Ragged.from_rows(rows), Ragged.from_rows([row + 100 for row in rows]))


def test_ragged_batch_when_taken_is_padded_at_the_end_only() -> None:
    batch = ragged([2, 1, 3]).batch(torch.tensor([2, 1]))
    assert batch.inputs.tolist() == [[2, 2, 2], [1, 0, 0]]
    assert batch.targets.tolist() == [[102, 102, 102], [101, UNSCORED, UNSCORED]]
    assert batch.lengths.tolist() == [3, 1]
    assert batch.inputs.dtype == torch.int64


def test_padding_of_classes_is_unscored_in_whatever_type_they_are_stored() -> None:
    rows = [torch.tensor([200, 1], dtype=torch.uint8), torch.tensor([2], dtype=torch.uint8)]
    batch = Split(Ragged.from_rows(rows), Ragged.from_rows(rows)).batch(torch.tensor([0, 1]))
    assert batch.targets.tolist() == [[200, 1], [2, UNSCORED]]


def test_training_batches_see_every_example_once_a_round() -> None:
    split = ragged([1 + i % 7 for i in range(50)])
    batches = list(TrainingBatches(split, batch_size=8, steps=14, seed=3))
    assert len(batches) == 14
    for round_ in (batches[:7], batches[7:]):
        assert sorted(int(row[0]) for batch in round_ for row in batch.inputs) == list(range(50))


def test_training_order_depends_on_the_seed_and_on_nothing_else() -> None:
    split = Split(torch.arange(40).reshape(20, 2), torch.zeros(20, dtype=torch.int64))

    def order(seed: int) -> list[int]:
        return [int(row[0]) for batch in TrainingBatches(split, 4, 10, seed) for row in batch.inputs]

    first = order(0)
    torch.manual_seed(99)
    assert order(0) == first
    assert order(1) != first
    assert first[:20] != first[20:]


def test_evaluation_batches_hold_every_example_once_and_bounded_time_steps() -> None:
    split = ragged([1 + (i * 37) % 3000 for i in range(600)])
    batches = list(EvaluationBatches(split))
    assert sorted(int(row[0]) for batch in batches for row in batch.inputs) == list(range(600))
    assert max(batch.inputs.numel() for batch in batches) <= 65_536


def test_windows_stay_views_of_one_series() -> None:
    series = torch.arange(100.0).reshape(100, 1)
    windows = series.unfold(0, 10, 1).transpose(1, 2)
    split = Split(windows[:80], windows[10:90])
    batch = split.batch(torch.tensor([5]))
    assert batch.inputs[0, :, 0].tolist() == list(range(5, 15))
    assert split.inputs.untyped_storage().nbytes() == 400  # type: ignore[union-attr]


def test_dataset_when_rows_differ_in_length_becomes_ragged() -> None:
    dataset = datasets.Dataset.from_dict({"inputs": [[1, 2, 3], [4]], "targets": [0, 1]})
    split = Split.from_dataset(dataset)
    assert split.lengths.tolist() == [3, 1]
    assert split.batch(torch.tensor([0, 1])).inputs.tolist() == [[1, 2, 3], [4, 0, 0]]
    with pytest.raises(ContractError, match="no column 'text'; it has inputs, targets"):
        Split.from_dataset(dataset, inputs="text")


def test_split_without_examples_or_with_too_few_targets_is_refused() -> None:
    with pytest.raises(ContractError, match="3 inputs and 2 targets"):
        Split(torch.zeros(3, 4), torch.zeros(2))
    with pytest.raises(ContractError, match="at least one"):
        Split(torch.zeros(0, 4), torch.zeros(0))
