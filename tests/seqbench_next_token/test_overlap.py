"""Tests the share of a text that stands in the training text, against a search for each run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from seqbench_next_token.overlap import RUN, share_within
from seqbench_next_token.task import NextToken


def by_search(part: list[int], train: list[int]) -> float:
    known = {tuple(train[i : i + RUN]) for i in range(len(train) - RUN + 1)}
    runs = [tuple(part[i : i + RUN]) for i in range(len(part) - RUN + 1)]
    return sum(run in known for run in runs) / len(runs)


def test_share_is_that_of_a_search_for_each_run() -> None:
    train = torch.randint(50, (500,), generator=torch.Generator().manual_seed(0))
    new = torch.randint(50, (100,), generator=torch.Generator().manual_seed(1))
    part = torch.cat((train[40:140], new, train[300:333])).to(torch.int16)
    share = share_within(part, train.to(torch.int16), None)
    assert share == by_search(part.tolist(), train.tolist())
    assert 0.4 < share < 0.5


def test_text_of_unknown_tokens_is_in_no_other_and_a_very_short_one_neither() -> None:
    unknown = torch.zeros(60, dtype=torch.int16)
    assert share_within(unknown, unknown, 0) == 0
    assert share_within(unknown, unknown, None) == 1
    assert share_within(torch.tensor([1, 2, 3, 4]), torch.arange(60), 0) == 0
    assert share_within(torch.tensor([1, 2, 3, 4, 5]), torch.arange(60), 0) == 1
    assert share_within(torch.arange(60), torch.arange(5), 0) == 0


def lay(folder: Path, **parts: range) -> str:
    for part, numbers in parts.items():
        (folder / f"{part}.txt").write_text("".join(f"line {n} has {n * n} and a word {n}b\n" for n in numbers))
    return str(folder)


def test_equal_files_of_training_and_test_are_told_though_validation_is_cut_off(tmp_path: Path) -> None:
    data = lay(tmp_path, train=range(40), test=range(40))
    with pytest.warns(UserWarning, match=r"9\d% of the test text stands in the training text"):
        facts = NextToken(data=data).load(16, 0).facts
    assert 0.9 < float(facts["test_in_training"]) < 1
    assert facts["validation_in_training"] == 0


def test_validation_text_out_of_the_training_text_is_told(tmp_path: Path) -> None:
    data = lay(tmp_path, train=range(40), valid=range(10, 20), test=range(40, 60))
    with pytest.warns(UserWarning, match="100% of the validation text stands in the training text"):
        facts = NextToken(data=data, vocabulary_size=500).load(16, 0).facts
    assert facts["test_in_training"] == 0
