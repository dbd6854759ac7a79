"""Tests functions of gates against their definitions."""

from __future__ import annotations

import torch
from seqbench_linear.gates import activate_, candidate_backward


def columns(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    ends = ((-40, 40), (30, -30), (-35, 45))
    return torch.cat([torch.linspace(*each, 1001, dtype=dtype) for each in ends]).repeat(2, 1)


def test_gates_and_candidates_equal_their_definitions() -> None:
    f, i, c = columns().chunk(3, dim=-1)
    gates = columns()
    found = activate_(gates)
    wanted = (
        1 / (1 + torch.exp(-f)),
        1 / (1 + torch.exp(-i)),
        torch.where(c >= 0, c + 0.5, 1 / (1 + torch.exp(-c))),
    )
    for own, right in zip(found, wanted, strict=True):
        torch.testing.assert_close(own, right, rtol=1e-14, atol=0)
    assert torch.equal(torch.cat(found, dim=-1), gates)


def test_gradient_of_candidates_is_that_of_the_definition() -> None:
    c = columns().requires_grad_()
    value, d = torch.where(c >= 0, c + 0.5, torch.sigmoid(c)), torch.randn_like(c)
    (wanted,) = torch.autograd.grad(value, c, d)
    found = candidate_backward(d, value.detach(), out=torch.empty_like(d))
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)


def test_gates_are_never_zero() -> None:
    f, i, _ = activate_(torch.full((1, 3), -1e30))
    assert f > 0
    assert i > 0
