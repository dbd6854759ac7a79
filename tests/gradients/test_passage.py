"""Tests that the states on the way back are those of the way there, however few were kept."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from seqbench.gradients.passage import Part, outputs_of, pass_forward, state_parts


class Summing(nn.Module):
    """Returns the sums so far; the state holds the last one, a counter, or all of them."""

    def __init__(self, keeps: str = "last") -> None:
        super().__init__()
        self.keeps = keeps

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        before = 0.0 if state is None else state["sums"][:, -1:]
        sums = before + inputs.cumsum(1)
        if self.keeps == "last":
            return sums, {"sums": sums[:, -1:]}
        if self.keeps == "tensors":
            return sums, {"sums": sums[:, -1:], "more": list(sums.unbind(1))}
        return sums, {"sums": sums if state is None else torch.cat((state["sums"], sums), 1)}


def test_states_on_the_way_back_are_the_same_if_few_are_kept() -> None:
    inputs, steps = torch.randn(2, 50, 1, dtype=torch.float64), [0, 3, 4, 9, 20, 21, 30, 41, 42, 49, 50]

    def embedded(start: int, end: int) -> Tensor:
        return inputs[:, start:end]

    every = pass_forward(Summing(), embedded, [], steps)
    few = pass_forward(Summing(), embedded, [], steps, room=0)
    assert (len(every.kept), len(few.kept)) == (10, 4)
    both = list(zip(every.backwards(), few.backwards(), strict=True))
    assert [one[:2] for one, _ in both] == list(reversed(list(pairwise(steps))))
    for (start, _, one), (first, _, other) in both:
        assert start == first
        assert (one is None) == (other is None) == (start == 0)
        assert one is None or torch.equal(one["sums"], other["sums"])
    torch.testing.assert_close(outputs_of(few), inputs.cumsum(1))


def test_a_part_is_growing_if_a_second_step_adds_numbers_or_tensors() -> None:
    assert state_parts(Summing(), 1) == [Part(axis=0, has_gradient=True, is_growing=False)]
    assert state_parts(Summing("all"), 1) == [Part(axis=0, has_gradient=True, is_growing=True)]
    assert all(part.is_growing for part in state_parts(Summing("tensors"), 1))
