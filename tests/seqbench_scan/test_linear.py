"""Tests the linear scan against a loop of autograd in float64, in both of its ways.

Modules: seqbench_scan.steps, seqbench_scan.doubling.
"""

from __future__ import annotations

from types import ModuleType

import pytest
import torch
from seqbench_scan import doubling, linear, steps
from seqbench_scan.linear import scan
from torch import Tensor

TYPES = [torch.float64, torch.complex128]
SHAPES = [(3, 70, 5), (5,), (3, 70, 1), (1, 70, 5), (3, 1, 5), (70, 1)]


@pytest.fixture(params=[steps, doubling], ids=["steps", "doubling"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Let both ways run on the CPU."""
    monkeypatch.setattr(linear, "way_of", lambda _: request.param)
    assert isinstance(request.param, ModuleType)
    return request.param


def looped(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    a, found = a.expand(b.shape), []
    for t in range(b.shape[1]):
        h = a[:, t] * h + b[:, t]
        found.append(h)
    return torch.stack(found, dim=1)


def drawn(dtype: torch.dtype, *shapes: tuple[int, ...]) -> list[Tensor]:
    torch.manual_seed(0)
    return [torch.randn(shape, dtype=dtype).mul_(0.9).requires_grad_() for shape in shapes]


def gradients(hs: Tensor, last: Tensor, arguments: list[Tensor]) -> tuple[Tensor, ...]:
    torch.manual_seed(1)
    weights, ends = torch.randn_like(hs), torch.randn_like(last)
    return torch.autograd.grad([hs, last], arguments, [weights, ends])


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_scan_and_gradients_equal_those_of_a_loop(
    way: ModuleType, shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    arguments = drawn(dtype, shape, (3, 70, 5), (3, 5))
    hs, last = scan(*arguments)
    expected = looped(*arguments)
    torch.testing.assert_close(hs, expected, rtol=1e-12, atol=1e-12)
    assert torch.equal(last, hs[:, -1])
    for found, right in zip(
        gradients(hs, last, arguments), gradients(expected, expected[:, -1], arguments), strict=True
    ):
        torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)


def test_states_can_be_written_over_what_is_added(way: ModuleType) -> None:
    a, b, h = (each.detach() for each in drawn(torch.float64, (3, 70, 5), (3, 70, 5), (3, 5)))
    wanted = looped(a, b, h)
    assert way.run(a, b, h, out=b) is b
    torch.testing.assert_close(b, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", TYPES)
def test_gradcheck(way: ModuleType, dtype: torch.dtype) -> None:
    assert torch.autograd.gradcheck(scan, drawn(dtype, (2, 4, 3), (2, 4, 3), (2, 3)))
    assert torch.autograd.gradcheck(scan, drawn(dtype, (3,), (2, 4, 3), (2, 3)))


def test_factor_gradients_in_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = drawn(torch.complex128, (5,), (3, 70, 5), (3, 5))
    whole = gradients(*scan(*arguments), arguments)
    monkeypatch.setattr(linear, "BLOCK_NUMBERS", 100)
    for found, right in zip(gradients(*scan(*arguments), arguments), whole, strict=True):
        torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 7, 64, 512])
def test_pieces_equal_the_whole_to_the_bit(steps: int) -> None:
    torch.manual_seed(0)
    a, b = torch.rand(2, 512, 3, dtype=torch.float64), torch.randn(2, 512, 3, dtype=torch.float64)
    whole, last = scan(a, b)
    h, found = None, []
    for factors, added in zip(a.split(steps, 1), b.split(steps, 1), strict=True):
        hs, h = scan(factors, added, h)
        found.append(hs)
    assert torch.equal(torch.cat(found, 1), whole)
    assert h is not None
    assert torch.equal(h, last)


def test_several_axes_of_features_and_strided_arguments(way: ModuleType) -> None:
    a, b, h = drawn(torch.float64, (4, 3, 20, 2), (4, 3, 20, 2), (3, 4, 2))
    a, b = (each.permute(1, 2, 0, 3) for each in (a, b))
    hs, _ = scan(a, b, h)
    torch.testing.assert_close(hs, looped(a, b, h))


def test_no_steps_give_the_state_back(way: ModuleType) -> None:
    (h,) = drawn(torch.float64, (3, 5))
    hs, last = scan(torch.ones(5), torch.empty(3, 0, 5), h)
    assert hs.shape == (3, 0, 5)
    assert torch.equal(last, h)
    last.sum().backward()
    assert h.grad is not None
    assert torch.equal(h.grad, torch.ones_like(h))


def test_factors_of_zero_and_factors_that_underflow(way: ModuleType) -> None:
    a = torch.full((1, 4096, 2), 1e-30).index_fill_(2, torch.tensor(1), 0.0).requires_grad_()
    hs, _ = scan(a, torch.ones(1, 4096, 2))
    assert torch.equal(hs, torch.ones_like(hs))
    hs.sum().backward()
    assert a.grad is not None
    assert torch.equal(a.grad[:, 1:], torch.ones(1, 4095, 2))


def test_bfloat16_runs_in_float32_with_and_without_autocast() -> None:
    a, b = torch.rand(2, 300, 3), torch.rand(2, 300, 3)
    small = a.bfloat16().requires_grad_(), b.bfloat16().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hs, _ = scan(*small)
        hs.sum().backward()
    assert hs.dtype == torch.float32
    assert small[0].grad is not None
    assert small[0].grad.dtype == torch.bfloat16
    assert torch.equal(hs, scan(*small)[0])
    assert torch.equal(hs, scan(*(each.float() for each in small))[0])


def test_mixed_types_give_the_wider_one() -> None:
    hs, _ = scan(torch.ones(3, dtype=torch.complex64), torch.ones(1, 2, 3, dtype=torch.float64))
    assert hs.dtype == torch.complex128


def test_gradients_of_gradients_are_refused() -> None:
    arguments = drawn(torch.float64, (5,), (3, 7, 5))
    with pytest.raises(RuntimeError, match="no second derivative"):
        torch.autograd.grad(scan(*arguments)[0].sum(), arguments[:1], create_graph=True)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"factors of shape \[4\] do not broadcast to \[2, 6, 3\]"):
        scan(torch.ones(4), torch.ones(2, 6, 3))
    with pytest.raises(ValueError, match=r"factors of shape \[2, 6, 3\] do not broadcast to \[1, 6, 3\]"):
        scan(torch.ones(2, 6, 3), torch.ones(1, 6, 3))
    with pytest.raises(ValueError, match=r"h has the shape \[3\]; for this b it must be \[2, 3\]"):
        scan(torch.ones(3), torch.ones(2, 6, 3), torch.ones(3))
