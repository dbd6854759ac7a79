"""Tests that the task keeps the contract and that its answers are right."""

from __future__ import annotations

from collections.abc import Callable

import torch
from seqbench_parity import Parity

from seqbench.testing import checks_for


@checks_for("parity")
def test_contract(check: Callable[[], None]) -> None:
    check()


def test_answers_are_the_parities_of_the_ones() -> None:
    data = Parity(train_examples=200).load(length=100, seed=0)
    for split in (data.train, data.validation, data.test):
        batch = split.batch(torch.arange(len(split)))
        for bits, length, answer in zip(batch.inputs, batch.lengths, batch.targets, strict=True):
            assert bits[:length].tolist().count(1) % 2 == int(answer)


def test_training_sequences_have_1_to_40_steps_and_test_sequences_the_length() -> None:
    data = Parity().load(length=500, seed=0)
    assert set(data.train.lengths.tolist()) == set(range(1, 41))
    assert set(data.test.lengths.tolist()) == {500}


def test_training_data_do_not_depend_on_the_length_of_the_test() -> None:
    near, far = (Parity(train_examples=50).load(length, seed=0).train for length in (40, 500))
    rows = torch.arange(50)
    assert torch.equal(near.batch(rows).inputs, far.batch(rows).inputs)
