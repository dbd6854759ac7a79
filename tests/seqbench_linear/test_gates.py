"""Tests functions of gates against their definitions."""

from __future__ import annotations

import torch
from seqbench_linear.gates import g, logistic, slope


def numbers() -> torch.Tensor:
    return torch.linspace(-40, 40, 1001, dtype=torch.float64, requires_grad=True)


def test_g_and_its_slope_equal_the_definition() -> None:
    a = numbers()
    expected = torch.where(a >= 0, a + 0.5, 1 / (1 + torch.exp(-a)))
    torch.testing.assert_close(g(a.detach()), expected.detach(), rtol=1e-14, atol=0)
    (d,) = torch.autograd.grad(expected.sum(), a)
    torch.testing.assert_close(slope(g(a.detach())), d, rtol=1e-12, atol=0)


def test_logistic_is_never_zero() -> None:
    a = numbers().detach()
    torch.testing.assert_close(logistic(a), 1 / (1 + torch.exp(-a)), rtol=1e-14, atol=0)
    assert logistic(torch.tensor(-1e30)) > 0
