"""Tests the models ``lru`` and ``minlstm``: their parameters, groups and sizes."""

from __future__ import annotations

import bisect
from collections.abc import Callable

import pytest
import torch
from seqbench_linear.models import LRU, MinLSTM

from seqbench import Model

MODELS = [LRU, MinLSTM]


def nearest(weights: int, make: Callable[[int], Model]) -> float:
    """Return the smallest relative deviation from so many weights, over widths."""

    def excess(size: int) -> int:
        return sum(weight.numel() for weight in make(size).build(32).parameters()) - weights

    above = bisect.bisect_left(range(200), 0, lo=2, key=excess)
    return min(abs(excess(above - 1)), abs(excess(above))) / weights


@pytest.mark.parametrize("weights", [10_000, 30_000, 100_000])
def test_widths_come_near_to_any_number_of_weights(weights: int) -> None:
    assert nearest(weights, lambda size: MinLSTM(hidden_size=size)) < 0.03
    assert nearest(weights, lambda size: LRU(hidden_size=size)) < 0.03


def test_the_state_size_of_lru_is_finer() -> None:
    assert nearest(10_000, lambda size: LRU(hidden_size=24, state_size=size)) < 0.012


@pytest.mark.parametrize("model", MODELS)
def test_groups_name_parameters_once(model: type[Model]) -> None:
    layer = model().build(3)
    names = {name for name, _ in layer.named_parameters()}
    grouped = [name for group in model().weight_groups(layer).values() for name in group]
    assert grouped
    assert len(grouped) == len(set(grouped))
    assert set(grouped) <= names


def test_recurrent_weights_of_lru_learn_more_slowly_and_do_not_decay() -> None:
    (group,) = LRU(layers=1).parameter_groups(LRU(layers=1).build(3))
    assert set(group.parameters) == {f"layers.0.{name}" for name in ("nu", "theta", "gamma", "B")}
    assert (group.learning_rate, group.weight_decay) == (0.25, 0.0)


def test_state_sizes() -> None:
    _, state = LRU(hidden_size=6, state_size=5).build(3)(torch.randn(2, 4, 3))
    assert [part.shape for part in state] == [(2, 5), (2, 5)]
    outputs, state = MinLSTM(hidden_size=6, state_size=11, layers=3).build(3)(torch.randn(2, 4, 3))
    assert [part.shape for part in state] == [(2, 11)] * 3
    assert outputs.shape == (2, 4, 6)


def test_phase_that_float32_cannot_draw_below_is_refused() -> None:
    with pytest.raises(ValueError, match="max_phase is 1e-08; it must be at least 1e-06"):
        LRU(max_phase=1e-8)
    LRU(hidden_size=4, max_phase=1e-6).build(3)


def test_radii_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match=r"r_min is 0\.9 and r_max 0\.5; r_min must be smaller"):
        LRU(r_min=0.9, r_max=0.5)
