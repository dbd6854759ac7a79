"""Tests what of a row is given to a model that writes, and what is asked for."""

from __future__ import annotations

import torch

from seqbench import UNSCORED, Batch, Decoding


def test_what_is_given_and_what_is_asked_for_are_cut_out_of_a_row() -> None:
    decoding = Decoding(prefix=0, stop=6, most_tokens=4)
    inputs = torch.tensor([[1, 2, 0, 2, 1, 0], [3, 0, 3, 0, 0, 0]])
    targets = torch.tensor([[1, UNSCORED, 2, 1, 6, UNSCORED], [UNSCORED, 3, 6, *[UNSCORED] * 3]])
    given = decoding.prompts(Batch(inputs, targets, torch.tensor([5, 3])))
    assert given.inputs.tolist() == [[1, 2, 0], [3, 0, 0]]
    assert given.lengths.tolist() == [3, 2]
    assert given.targets.tolist() == [[2, 1], [3, UNSCORED]]
