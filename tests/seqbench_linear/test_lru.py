"""Tests the block of ``lru`` against a loop over its equations with complex numbers, and its initialisation."""

from __future__ import annotations

import math

import pytest
import torch
from seqbench_linear.lru import LRUBlock, Ring
from torch import Tensor, nn

from .pieces import PIECES, difference, in_pieces, inputs


def block(features: int = 5, outputs: int = 5, state: int = 7) -> LRUBlock:
    torch.manual_seed(0)
    return LRUBlock(features, outputs, state, Ring(0.5, 0.99, 1.0)).double()


def looped(layer: nn.Module, sequence: Tensor) -> Tensor:
    assert isinstance(layer, LRUBlock)
    eigenvalues = torch.exp(torch.complex(-torch.exp(layer.nu), torch.exp(layer.theta)))
    b = torch.complex(layer.B[:, 0], layer.B[:, 1])
    c = torch.complex(layer.C[..., 0], -layer.C[..., 1])
    h, found = sequence.new_zeros(len(sequence), len(eigenvalues)).to(b.dtype), []
    for x in sequence.unbind(1):
        h = eigenvalues * h + torch.exp(layer.gamma) * (x.to(b.dtype) @ b.T)
        y = (h @ c.T).real + layer.D * layer.enter(x)
        y = 0.5 * y * (1 + torch.erf(y / math.sqrt(2)))
        value, gate = (y @ layer.mix.weight.T + layer.mix.bias).chunk(2, dim=1)
        found.append(value / (1 + torch.exp(-gate)))
    return torch.stack(found, dim=1)


@pytest.mark.parametrize("features", [5, 3])
def test_outputs_and_gradients_equal_those_of_a_loop(features: int) -> None:
    assert difference(block(features), looped, 60, features) < 1e-12


def test_a_forgotten_normalisation_is_found() -> None:
    layer, right = block(), block()
    layer.gamma.detach().zero_()
    assert difference(layer, lambda _, x: looped(right, x) + 0 * looped(layer, x), 60, 5) > 0.01


@pytest.mark.parametrize("steps", PIECES)
def test_pieces_equal_the_whole(steps: int) -> None:
    layer, sequence = block(), inputs(512, 5)
    whole, last = layer(sequence)
    found, state = in_pieces(layer, sequence, steps)
    torch.testing.assert_close(found, whole, rtol=0, atol=1e-10)
    torch.testing.assert_close(state, last, rtol=0, atol=1e-10)
    assert state.shape == (3, 7)
    assert state.dtype == torch.complex128


def test_eigenvalues_begin_evenly_in_the_ring() -> None:
    torch.manual_seed(0)
    layer = LRUBlock(2, 2, 20_000, Ring(0.6, 0.9, 0.5))
    radii, phases = torch.exp(-torch.exp(layer.nu.detach())), torch.exp(layer.theta.detach())
    assert 0.6 <= radii.min() < 0.601
    assert 0.899 < radii.max() <= 0.9
    # Half of the ring's area is within sqrt((0.6^2 + 0.9^2) / 2).
    assert (radii < math.sqrt(0.585)).float().mean().item() == pytest.approx(0.5, abs=0.02)
    assert phases.mean().item() == pytest.approx(0.25, abs=0.01)
    assert phases.max() <= 0.5
    torch.testing.assert_close(layer.gamma.detach().exp(), (1 - radii**2).sqrt(), rtol=1e-4, atol=0)


def test_normalisation_keeps_the_state_of_white_noise_at_unit_size() -> None:
    torch.manual_seed(0)
    layer = LRUBlock(64, 64, 64, Ring(0.9, 0.99, 2 * math.pi))
    _, state = layer(torch.randn(64, 1000, 64))
    assert state.abs().square().mean().item() == pytest.approx(1, abs=0.1)


def test_the_whole_disk_has_finite_weights_and_gradients() -> None:
    torch.manual_seed(0)
    layer = LRUBlock(3, 3, 10_000, Ring(0, 1, 2 * math.pi))
    layer(torch.randn(2, 50, 3))[0].sum().backward()
    for weight in layer.parameters():
        assert weight.isfinite().all()
        assert weight.grad is not None
        assert weight.grad.isfinite().all()


def test_bfloat16_autocast_keeps_the_state_in_complex64() -> None:
    layer = block().float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, state = layer(torch.randn(2, 20, 5))
        outputs.float().sum().backward()
    assert state.dtype == torch.complex64
    assert outputs.isfinite().all()
