"""Tests functions of gates against their definitions."""

from __future__ import annotations

import pytest
import torch
from seqbench_linear.gates import activate_, differentiate
from torch import Tensor


def columns(dtype: torch.dtype = torch.float64) -> Tensor:
    ends = ((-40, 40), (30, -30), (-35, 45))
    return torch.cat([torch.linspace(*each, 1001, dtype=dtype) for each in ends]).repeat(2, 1)


def activated(gates: Tensor) -> tuple[Tensor, Tensor]:
    forget, value = gates.new_empty(2, len(gates), gates.shape[1] // 3)
    activate_(gates, forget=forget, value=value)
    return forget, value


def differentiated(gates: Tensor, forget: Tensor, change: Tensor) -> Tensor:
    out = forget.new_empty(3, *forget.shape)
    differentiate(gates, forget=forget, change=change, out=out)
    return torch.cat(out.unbind(0), dim=-1)


def defined(a: Tensor) -> tuple[Tensor, ...]:
    f, i, c = a.chunk(3, dim=-1)
    gates = [1 / (1 + torch.exp(-each)) for each in (f, i, c)]
    return gates[0] / (gates[0] + gates[1]), torch.where(c >= 0, c + 0.5, gates[2]), torch.cat(gates, dim=-1)


def test_gates_and_candidates_equal_their_definitions() -> None:
    gates = columns()
    for own, right in zip((*activated(gates), gates), defined(columns()), strict=True):
        torch.testing.assert_close(own, right, rtol=1e-14, atol=0)


def test_derivatives_are_those_of_the_definition_with_that_of_i_negated() -> None:
    a, h = columns().requires_grad_(), torch.full((2, 1001), 3.0, dtype=torch.float64)
    forget, value, _ = defined(a)
    (wanted,) = torch.autograd.grad((forget * h + (1 - forget) * value).sum(), a)
    gates = columns()
    forget, value = activated(gates)
    found = differentiated(gates, forget, h - value)
    sign = torch.tensor([1.0, -1.0, 1.0]).double().repeat_interleave(1001)
    torch.testing.assert_close(found * sign, wanted, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_slope_of_candidates_is_one_from_zero_on(dtype: torch.dtype) -> None:
    gates = torch.tensor([0.0, 0.0, 0.0], dtype=dtype)
    forget, value = gates.new_empty(2, 1)
    activate_(gates, forget=forget, value=value)
    assert differentiated(gates, forget, 1 - value)[2] == 0.5


def test_gates_that_underflow_leave_everything_defined() -> None:
    gates = torch.full((1, 3), -1e30)
    forget, value = activated(gates)
    assert (forget.item(), value.item()) == (0, 0)
    assert differentiated(gates, forget, 1 - value).isfinite().all()
