"""Tests that a layer which remembers batches fails the kit, whatever holds the memory, and harmless ones pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench import Catalog, Model
from seqbench.testing import CheckFailed, checks
from seqbench.testing.outcome import Remark
from tests.planted_faults import Leaky

Change = Callable[["Holding", Tensor, Tensor, Any], Tensor]
"""The layer, its inputs, its outputs and the state it was given -> other outputs."""


class Holding(Leaky):
    """Holds things of every kind, and changes its outputs by them."""

    def __init__(self, features: int, change: Change) -> None:
        super().__init__(features)
        self.change = change
        self.seen: list[Any] = []
        self.cache: dict[Any, Any] = {}
        self.last: deque[Tensor] = deque(maxlen=2)
        self.recent: deque[float] = deque(maxlen=100)
        self.mean, self.calls = 0.0, 0
        self.register_buffer("running", torch.zeros(()))

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        outputs, after = super().forward(inputs, state)
        return self.change(self, inputs, outputs, state), after


@dataclass(frozen=True)
class Planted(Model):
    """Holds what a function makes it hold."""

    name = "planted"
    version = 1
    change: Any = None

    def build(self, input_size: int) -> nn.Module:
        return Holding(input_size, self.change)


def run_check(change: Change) -> Remark:
    found = dict(checks(Planted(change), catalog=Catalog()))["no-memory"]()
    assert isinstance(found, Remark)
    return found


def list_of_inputs(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    layer.seen.append(inputs.detach())
    return outputs + torch.stack([each.mean() for each in layer.seen]).mean()


def used_four_batches_later(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    layer.seen.append(inputs.mean())
    return outputs + layer.seen.pop(0) if len(layer.seen) > 4 else outputs


def dict_in_training(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    before = layer.cache.get("h", 0.0)
    if layer.training:
        layer.cache["h"] = outputs.mean().detach()
    return outputs + before


def first_batch_of_a_shape(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    # The same batch twice gives the same outputs.
    return outputs + layer.cache.setdefault(tuple(inputs.shape), inputs.mean())


def deque_in_dict_in_list(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    layer.seen = layer.seen or [{"last": deque([inputs.mean()], maxlen=3)}]
    layer.seen[0]["last"].append(inputs.mean())
    return outputs + layer.seen[0]["last"][0]


def statistic_of_training(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    if layer.training:
        layer.mean = 0.9 * layer.mean + 0.1 * float(inputs.mean())
        return outputs
    return outputs - layer.mean


def beside_the_state(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    # Only where a sequence goes on: without a state it begins anew.
    outputs = outputs if state is None else outputs + layer.cache.get("h", 0.0)
    layer.cache["h"] = inputs.mean()
    return outputs


def in_a_closure(held: list[Tensor], layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    held.append(inputs.mean())
    return outputs + (held[-2] if len(held) > 1 else 0.0)


def read_in_training(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    if layer.training:
        return outputs + layer.mean
    layer.mean = float(inputs.mean())
    return outputs


def set_of_numbers(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    layer.cache.setdefault("set", set()).add(round(float(inputs.mean()), 6))
    return outputs + sum(layer.cache["set"])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (list_of_inputs, " in seen"),
        (used_four_batches_later, " in seen"),
        (dict_in_training, " in cache"),
        (first_batch_of_a_shape, " in cache"),
        (deque_in_dict_in_list, " in seen"),
        (statistic_of_training, " in mean"),
        (beside_the_state, " in cache"),
        (read_in_training, " in mean"),
        (partial(in_a_closure, []), ""),
        (set_of_numbers, " in cache"),
    ],
)
def test_layer_that_remembers_other_batches_fails(change: Change, place: str) -> None:
    with pytest.raises(CheckFailed) as failed:
        run_check(change)
    assert failed.value.found.endswith(f"the layer remembers other batches{place}")
    assert failed.value.figures["difference"] > 1e-3


def test_list_that_only_grows_fails_with_its_size() -> None:
    def append(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
        layer.seen.append(inputs)
        return outputs

    with pytest.raises(CheckFailed, match=r"it holds 120 more numbers of each batch in seen"):
        run_check(append)


def counter(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    layer.calls += 1
    layer.seen.append(layer.calls)
    return outputs


def masks_by_length(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    mask = layer.cache.setdefault(inputs.shape[1], torch.ones(inputs.shape[1], 1, dtype=inputs.dtype))
    return outputs * mask


def buffer_of_training(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    if layer.training:
        layer.running = 0.9 * layer.running + 0.1 * inputs.mean().detach()
        return outputs
    return outputs - layer.running


def not_a_number(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
    layer.mean = float("nan")
    return outputs


@pytest.mark.parametrize("change", [counter, masks_by_length, buffer_of_training, not_a_number])
def test_counters_masks_by_length_and_buffers_pass(change: Change) -> None:
    assert run_check(change).text == ""


def test_deque_with_a_bound_is_a_remark_before_it_is_full() -> None:
    def append(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
        layer.recent.append(float(inputs.mean()))
        return outputs

    assert "stay in recent" in run_check(append).text


def test_buffer_that_changes_its_shape_fails_with_a_sentence() -> None:
    def grow(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
        layer.running = torch.zeros(inputs.shape[1])
        return outputs

    with pytest.raises(CheckFailed, match="register every buffer in __init__, with the shape that it keeps"):
        run_check(grow)


def test_numbers_of_the_last_batch_that_no_output_shows_are_a_remark() -> None:
    def look(layer: Holding, inputs: Tensor, outputs: Tensor, state: Any) -> Tensor:
        layer.last.append(outputs.detach())
        layer.cache["attention"] = inputs.detach()
        return outputs

    assert run_check(look).text == "numbers of earlier batches stay in cache, last; no output shows them"
