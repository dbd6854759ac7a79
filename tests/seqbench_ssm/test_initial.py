"""Tests first values of state space models against the papers' formulas and against HiPPO matrices written out."""

from __future__ import annotations

import math

import pytest
import torch
from seqbench_ssm.initial import diagonal, log_steps


def test_lin_and_inv_are_the_formulas_of_the_paper() -> None:
    lin, inv = diagonal("lin", 3), diagonal("inv", 3)
    assert lin.decay.tolist() == inv.decay.tolist() == [0.5] * 3
    assert lin.b.tolist() == inv.b.tolist() == [1.0] * 3
    assert lin.frequency.tolist() == pytest.approx([0, math.pi, 2 * math.pi])
    # N = 6: 6 / pi * (6 - 1), 6 / pi * (2 - 1), 6 / pi * (6 / 5 - 1)
    assert inv.frequency.tolist() == pytest.approx([30 / math.pi, 6 / math.pi, 1.2 / math.pi])


def test_legs_has_the_eigenvalues_of_the_normal_part_of_hippo_and_its_kernel() -> None:
    size, pairs = 8, 4
    n = torch.arange(size, dtype=torch.float64)
    root = (2 * n + 1).sqrt()
    hippo = -(torch.outer(root, root).tril(-1) + torch.diag(n + 1))
    normal = hippo + torch.outer(root, root) / 2
    modes = diagonal("legs", pairs)
    eigenvalues = torch.linalg.eigvals(normal)
    torch.testing.assert_close(eigenvalues.real, torch.full((size,), -0.5).double())
    above = eigenvalues.imag[eigenvalues.imag > 0].sort().values
    torch.testing.assert_close(modes.frequency.double(), above, rtol=1e-6, atol=0)
    # B^T exp(t A) B does not depend on the basis: the modes have to give the same.
    b = root[:, None] / 2
    for t in (0.0, 0.1, 0.7):
        expected = (b.T @ torch.matrix_exp(t * normal) @ b).item()
        found = 2 * (modes.b**2 * torch.exp(-t * modes.decay) * torch.cos(t * modes.frequency)).sum()
        assert found.item() == pytest.approx(expected, rel=1e-4)


def test_steps_are_spread_evenly_over_the_logarithm() -> None:
    torch.manual_seed(0)
    steps = log_steps(10_000).exp()
    assert 0.001 <= float(steps.min()) < 0.00101
    assert 0.099 < float(steps.max()) <= 0.1
    assert float(steps.median()) == pytest.approx(0.01, rel=0.05)
