"""Tests the matrix memory against the paper's equations, step by step and without a stabiliser."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import torch
from seqbench_xlstm.memory import Memory, run_memory
from torch import Tensor

BATCH, HEADS, SIZE = 2, 3, 4


def sequence(time: int, *, log_i: float = 1.0) -> list[Tensor]:
    """Return q, k, v, log i and log f."""
    rng = torch.Generator().manual_seed(time)
    q, k, v = torch.randn(3, BATCH, HEADS, time, SIZE, dtype=torch.float64, generator=rng)
    gates = torch.randn(2, BATCH, HEADS, time, dtype=torch.float64, generator=rng)
    return [q, k, v, log_i * gates[0], torch.nn.functional.logsigmoid(gates[1] + 2)]


def empty(dtype: torch.dtype = torch.float64) -> Memory:
    shape = BATCH, HEADS, SIZE
    return torch.zeros(*shape, SIZE, dtype=dtype), torch.zeros(shape, dtype=dtype), torch.zeros(2, 3, dtype=dtype)


def by_steps(parts: list[Tensor], fault: str = "") -> tuple[Tensor, Tensor, Tensor]:
    """Equations 19 to 23 as they stand: [v k^T] matrices, exponential gates, and no stabiliser."""
    q, k, v, log_i, log_f = parts
    c = q.new_zeros(BATCH, HEADS, SIZE, SIZE)
    n, outputs = q.new_zeros(BATCH, HEADS, SIZE), []
    for t in range(q.shape[2]):
        i, f, key = log_i[:, :, t].exp()[..., None], log_f[:, :, t].exp()[..., None], k[:, :, t] / SIZE**0.5
        c = f[..., None] * c + i[..., None] * v[:, :, t, :, None] * key[..., None, :]
        n = (1 if fault == "normaliser" else f) * n + i * key
        least = 0 if fault == "least" else 1
        below = (n * q[:, :, t]).sum(-1, keepdim=True).abs().clamp(min=least)
        outputs.append((c @ q[:, :, t, :, None])[..., 0] / below)
    return torch.stack(outputs, dim=2), c, n


def in_pieces(parts: list[Tensor], lengths: Iterable[int]) -> tuple[Tensor, Memory]:
    outputs, memory = [], empty()
    for piece in zip(*(part.split(list(lengths), dim=2) for part in parts), strict=True):
        h, memory = run_memory(*piece, memory)
        outputs.append(h)
    return torch.cat(outputs, dim=2), memory


@pytest.mark.parametrize("time", [1, 63, 64, 65, 200])
def test_outputs_and_memory_equal_the_equations(time: int) -> None:
    parts = sequence(time)
    h, (matrix, n, m) = run_memory(*parts, empty())
    expected, c_end, n_end = by_steps(parts)
    torch.testing.assert_close(h, expected, rtol=1e-11, atol=1e-12)
    scale = m.exp()[..., None]
    torch.testing.assert_close(matrix.mT * scale[..., None], c_end, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(n * scale, n_end, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("fault", ["normaliser", "least"])
def test_outputs_differ_where_the_equations_have_a_fault(fault: str) -> None:
    parts = sequence(65)
    h, _ = run_memory(*parts, empty())
    assert (h - by_steps(parts, fault)[0]).abs().max() > 0.01


@pytest.mark.parametrize("piece", [1, 2, 7, 64, 512])
def test_pieces_equal_the_whole(piece: int) -> None:
    parts = sequence(512)
    whole, _ = run_memory(*parts, empty())
    lengths = [piece] * (512 // piece) + [512 % piece] * bool(512 % piece)
    torch.testing.assert_close(in_pieces(parts, lengths)[0], whole, rtol=0, atol=1e-10)


def test_gradients_equal_those_of_the_steps_though_the_stabiliser_is_a_constant() -> None:
    found = []
    for run in (lambda parts: in_pieces(parts, [70, 1, 29])[0], lambda parts: by_steps(parts)[0]):
        parts = [part.clone().requires_grad_() for part in sequence(100)]
        h = run(parts)
        weight = torch.linspace(-1, 1, h.numel(), dtype=torch.float64).view_as(h)
        found.append(torch.autograd.grad((h * weight).sum(), parts))
    for mine, theirs in zip(*found, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-11)


def test_large_gates_overflow_nothing_in_float32() -> None:
    parts = [part.float().requires_grad_() for part in sequence(130, log_i=300.0)]
    h, memory = run_memory(*parts, empty(torch.float32))
    gradients = torch.autograd.grad(h.square().sum(), parts)
    assert all(bool(each.isfinite().all()) for each in (h, *memory, *gradients))
    assert h.abs().max() > 0.1


def test_a_dominant_gate_reads_its_own_value() -> None:
    # Where one step's input gate dwarfs all others, h is that step's value: its key cancels out of C q / n q.
    parts = sequence(20)
    parts[3][:, :, 7] = 200.0
    h, _ = run_memory(*parts, empty())
    sign = (parts[0] * parts[1][:, :, 7:8]).sum(-1, keepdim=True).sign()
    torch.testing.assert_close(h[:, :, 7:], (sign * parts[2][:, :, 7:8])[:, :, 7:], rtol=1e-9, atol=1e-9)
