"""Tests the gradients of the selective recurrence by differences, over blocks that are whole and that are not."""

from __future__ import annotations

import pytest
import torch
from seqbench_ssm import selective_scan
from seqbench_ssm.selective_scan import MOST_STEPS, scan
from torch import Tensor


def arguments(steps: int, batch: int = 1) -> list[Tensor]:
    rng = torch.Generator().manual_seed(0)
    shapes = [(batch, steps, 2), (batch, steps, 2), (3, 2), (batch, steps, 3), (batch, steps, 3), (batch, 3, 2)]
    x, step, a, b, c, h = (torch.randn(shape, dtype=torch.float64, generator=rng) for shape in shapes)
    return [each.requires_grad_() for each in (x, step.exp().detach(), -a.exp().detach(), b, c, h)]


@pytest.mark.parametrize("steps", [1, 3, MOST_STEPS + 2])
def test_gradients_equal_differences(steps: int) -> None:
    assert torch.autograd.gradcheck(scan, arguments(steps), fast_mode=steps > 3)


def test_blocks_when_they_hold_one_step_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    given = arguments(9, batch=2)
    found = []
    for numbers in (selective_scan.NUMBERS, 1, 5 * 12):
        monkeypatch.setattr(selective_scan, "NUMBERS", numbers)
        y, h = scan(*given)
        found.append((y, h, *torch.autograd.grad(y.square().sum() + h.square().sum(), given)))
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            torch.testing.assert_close(one, same, rtol=1e-13, atol=1e-13)


def test_memory_that_is_kept_does_not_grow_with_modes_times_steps() -> None:
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    x, steps, modes = torch.ones(2, 640, 8, requires_grad=True), 640, 32
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        scan(
            x,
            x,
            -torch.ones(modes, 8),
            torch.ones(2, steps, modes),
            torch.ones(2, steps, modes),
            torch.zeros(2, modes, 8),
        )
    assert sum(kept.values()) < 0.4 * 4 * 2 * steps * modes * 8


def test_second_derivative_is_refused() -> None:
    given = arguments(3)
    y, _ = scan(*given)
    (first,) = torch.autograd.grad(y.square().sum(), given[:1], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()
