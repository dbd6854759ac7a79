"""Tests that gradients are clipped as torch clips them, and measured parameter by parameter."""

from __future__ import annotations

import math
from array import array

import pytest
import torch
from torch import nn

from seqbench.training.clipping import clip, parameter_norms, readings, table


def parameters(scale: float = 1.0) -> list[nn.Parameter]:
    rng = torch.Generator().manual_seed(3)
    own = [nn.Parameter(torch.zeros(size)) for size in ((40, 30), (7,), (2,), (1,))]
    for parameter in own[:-1]:
        parameter.grad = scale * torch.randn(parameter.shape, generator=rng)
    return own


def test_norms_are_those_of_each_gradient_and_0_without_one() -> None:
    own = parameters()
    exact = [0.0 if p.grad is None else math.sqrt(sum(x * x for x in p.grad.flatten().tolist())) for p in own]
    found = parameter_norms(own)
    assert found == pytest.approx(exact, rel=1e-6)
    assert readings(table([found, found]), "cpu") == [found, found]


def test_norms_of_many_steps_on_a_cpu_take_four_bytes_each() -> None:
    found = parameter_norms(parameters())
    assert isinstance(found, array)
    assert found.itemsize == 4
    assert table([found, found]).dtype == torch.float32


def same(own: list[nn.Parameter], other: list[nn.Parameter]) -> bool:
    pairs = [(one.grad, two.grad) for one, two in zip(own, other, strict=True)]
    return all(
        one is two is None
        or (one is not None and two is not None and torch.equal(one.nan_to_num(-7), two.nan_to_num(-7)))
        for one, two in pairs
    )


@pytest.mark.parametrize("scale", [0.02, 0.02876, 0.02878, 0.0288, 0.02882, 0.0289, 1.0, 1e4])
def test_gradients_are_clipped_with_the_bits_of_torch(scale: float) -> None:
    own, other = parameters(scale), parameters(scale)
    clip(own, parameter_norms(own), 1.0)
    torch.nn.utils.clip_grad_norm_(other, 1.0)
    assert same(own, other)


def test_tensor_of_norms_as_on_a_gpu_clips_with_the_bits_of_torch() -> None:
    own, other = parameters(), parameters()
    clip(own, table([parameter_norms(own)])[0], 0.5)
    torch.nn.utils.clip_grad_norm_(other, 0.5)
    assert same(own, other)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_gradients_that_are_not_finite_end_as_torch_leaves_them(wrong: float) -> None:
    own, other = parameters(), parameters()
    for each in (own, other):
        assert each[0].grad is not None
        each[0].grad[0, 0] = wrong
    clip(own, parameter_norms(own), 1.0)
    torch.nn.utils.clip_grad_norm_(other, 1.0)
    assert same(own, other)


def test_none_clips_nothing() -> None:
    own, other = parameters(1e4), parameters(1e4)
    clip(own, parameter_norms(own), None)
    assert same(own, other)
