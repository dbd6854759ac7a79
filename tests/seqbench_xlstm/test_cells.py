"""Tests the cells of an sLSTM against the paper's equations, step by step and without a stabiliser."""

from __future__ import annotations

import pytest
import torch
from seqbench_xlstm.cells import Cells
from torch import Tensor

HEADS, BATCH, SIZE = 2, 3, 4


def given(time: int, scale: float = 1.0) -> list[Tensor]:
    """Return W x of i and f and of z and o, b, R, and a state h, c, n."""
    rng = torch.Generator().manual_seed(time)
    shapes = [(time, HEADS, BATCH, 2 * SIZE)] * 2 + [(HEADS, 1, 4 * SIZE), (HEADS, SIZE, 4 * SIZE)]
    driven_if, driven_zo, b, r = (torch.randn(shape, dtype=torch.float64, generator=rng) for shape in shapes)
    h, c, n = torch.randn(3, HEADS, BATCH, SIZE, dtype=torch.float64, generator=rng)
    return [scale * driven_if, driven_zo, b, r, h, c, n.exp()]


def run(parts: list[Tensor], m: Tensor | None = None) -> tuple[Tensor, ...]:
    return tuple(Cells.apply(*parts, torch.zeros_like(parts[-1]) if m is None else m))


def by_steps(parts: list[Tensor], fault: str = "") -> tuple[Tensor, Tensor, Tensor]:
    """Equations 8 to 14 as they stand, with exponential input gates and no stabiliser."""
    driven_if, driven_zo, b, r, h, c, n = parts
    hs = []
    for x_if, x_zo in zip(driven_if, driven_zo, strict=True):
        i, f, z, o = (torch.cat([x_if, x_zo], dim=-1) + h @ r + b).chunk(4, dim=-1)
        i, f, z, o = i.exp(), f.sigmoid(), z.tanh(), o.sigmoid()
        c = f * c + i * z
        n = (1 if fault == "normaliser" else f) * n + i
        h = (o if fault != "gate" else 1) * c / n
        hs.append(h)
    return torch.stack(hs), c, n


@pytest.mark.parametrize("time", [1, 64, 65, 130])
def test_outputs_and_state_equal_the_equations(time: int) -> None:
    parts = given(time)
    hs, c, n, m = run(parts)
    expected = by_steps(parts)
    for mine, theirs in zip((hs, c * m.exp(), n * m.exp()), expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("fault", ["normaliser", "gate"])
def test_outputs_differ_where_the_equations_have_a_fault(fault: str) -> None:
    parts = given(20)
    assert (run(parts)[0] - by_steps(parts, fault)[0]).abs().max() > 0.01


@pytest.mark.parametrize("piece", [1, 2, 7, 64, 512])
def test_pieces_equal_the_whole(piece: int) -> None:
    parts = given(512)
    whole, hs, state = run(parts)[0], [], (*parts[4:], torch.zeros_like(parts[-1]))
    for start in range(0, 512, piece):
        steps = slice(start, start + piece)
        h, *after = run([parts[0][steps], parts[1][steps], parts[2], parts[3], *state[:3]], state[3])
        hs.append(h)
        state = (h[-1], *after)
    torch.testing.assert_close(torch.cat(hs), whole, rtol=0, atol=1e-10)


def test_gradients_equal_those_of_the_steps_though_the_stabiliser_is_a_constant() -> None:
    found = []
    for cells in (lambda parts: run(parts), by_steps):
        parts = [part.clone().requires_grad_() for part in given(70)]
        hs, c, n, *m = cells(parts)
        scale = m[0].exp() if m else 1
        weight = torch.linspace(-1, 1, hs.numel(), dtype=torch.float64).view_as(hs)
        loss = (hs * weight).sum() + (scale * c).sum() + (scale * n).square().sum()
        found.append(torch.autograd.grad(loss, parts))
    for mine, theirs in zip(*found, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-10)


def test_frozen_weights_get_no_gradient_and_inputs_the_same() -> None:
    gradients = []
    for needs in (True, False):
        parts = [part.clone().requires_grad_(needs or number < 2) for number, part in enumerate(given(70))]
        run(parts)[0].square().sum().backward()
        gradients.append(parts[0].grad)
        assert (parts[3].grad is None) == (not needs)
    assert torch.equal(*gradients)


def test_large_gates_overflow_nothing_in_float32() -> None:
    parts = [part.float() for part in given(130, scale=300.0)]
    parts[4:] = [torch.zeros_like(part) for part in parts[4:]]
    parts = [part.requires_grad_() for part in parts]
    hs, c, n, m = run(parts)
    gradients = torch.autograd.grad(hs.square().sum(), parts)
    assert all(bool(each.isfinite().all()) for each in (hs, c, n, m, *gradients))
    assert hs.abs().max() <= 1


def test_an_empty_memory_is_overwritten_even_by_a_closed_gate() -> None:
    # c / n is z after the first step, however small its gate is: a stabiliser of 0 must not swallow it.
    parts = [part.float() for part in given(1)]
    parts[4:] = [torch.zeros_like(part) for part in parts[4:]]
    parts[0][..., :SIZE] = -500.0
    _, _, z, o = (torch.cat([parts[0], parts[1]], dim=-1) + parts[2]).chunk(4, dim=-1)
    torch.testing.assert_close(run(parts)[0], o.sigmoid() * z.tanh())
