"""Tests that the losses of a training are kept in one tensor, whole, and go on from a state."""

from __future__ import annotations

import math

import torch

from seqbench.training.loss_meter import LossMeter


def test_losses_are_copied_and_none_is_lost_as_room_grows() -> None:
    meter, steps = LossMeter(), 5000
    losses = torch.arange(steps, dtype=torch.float32)
    places = set()
    for loss in losses:
        meter.add(loss)
        places.add(meter.values.untyped_storage().data_ptr())
    assert torch.equal(meter.values, losses)
    assert losses.untyped_storage().data_ptr() not in places
    assert len(places) <= 4, "a tensor for each step leaves holes in the heap"


def test_losses_after_the_first_that_is_not_finite_are_dropped_and_a_state_goes_on() -> None:
    meter = LossMeter()
    for loss in (3.0, 2.0):
        meter.add(torch.tensor(loss))
    assert meter.cut_at_first_not_finite() is None
    other = LossMeter()
    other.restore(meter.state(), "cpu")
    for loss in (1.0, math.inf, 5.0):
        other.add(torch.tensor(loss))
    assert other.cut_at_first_not_finite() == 4
    assert other.values.tolist() == [3.0, 2.0, 1.0, math.inf]
    assert meter.values.tolist() == [3.0, 2.0]
