"""Tests the memory that a recurrent layer lends: it is used again, and never while somebody holds it."""

from __future__ import annotations

import torch
from seqbench_recurrent.slabs import LEAST, Slabs
from torch import Tensor

LIKE = torch.empty(0, dtype=torch.float64)
STEPS = LEAST // 8


def place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def test_memory_is_lent_again_once_nobody_holds_it() -> None:
    slabs = Slabs()
    first = slabs.take(LIKE, STEPS, 2)
    assert (first.shape, first.dtype) == ((STEPS, 2), torch.float64)
    was = place(first)
    alias = first[1:].detach()
    del first
    second = slabs.take(LIKE, STEPS, 2)
    assert place(second) != was, "an alias still holds it"
    del alias
    third = slabs.take(LIKE, STEPS)
    assert place(third) == was


def test_what_autograd_keeps_is_not_lent_again_before_the_backward_pass() -> None:
    slabs, weight = Slabs(), torch.ones(STEPS, dtype=torch.float64, requires_grad=True)
    factors = slabs.take(LIKE, STEPS).fill_(3.0)
    was, loss = place(factors), (weight * factors).sum()
    del factors
    assert place(slabs.take(LIKE, STEPS).fill_(5.0)) != was
    loss.backward()
    del loss
    assert weight.grad is not None
    assert weight.grad.unique().tolist() == [3.0]


def test_memory_that_is_too_small_is_replaced_and_small_tensors_are_not_lent() -> None:
    slabs = Slabs()
    for steps in range(STEPS, STEPS + 5):
        slabs.take(LIKE, steps).zero_()
    assert len(slabs._free) == 1
    slabs.take(LIKE, 3)
    assert len(slabs._free) == 1
