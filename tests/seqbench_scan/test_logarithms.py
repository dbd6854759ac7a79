"""Tests the scan on logarithms against the linear one, against Heinsen's form, and out of the range of floats."""

from __future__ import annotations

import math

import pytest
import torch
from seqbench_scan import logarithms
from seqbench_scan.linear import scan
from seqbench_scan.logarithms import log_scan
from torch import Tensor


def drawn(time: int = 70) -> list[Tensor]:
    torch.manual_seed(0)
    return [torch.randn(shape, dtype=torch.float64).requires_grad_() for shape in ((3, time, 5),) * 2 + ((3, 5),)]


@pytest.fixture(params=["_steps", "_doubling"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let both ways run on the CPU."""
    monkeypatch.setattr(logarithms, "_steps", getattr(logarithms, request.param))
    return str(request.param)


def test_log_scan_and_gradients_equal_those_of_the_linear_scan(way: str) -> None:
    arguments = drawn()
    (found, last), (hs, _) = log_scan(*arguments), scan(*(each.exp() for each in arguments))
    torch.testing.assert_close(found, hs.log(), rtol=1e-12, atol=1e-12)
    assert torch.equal(last, found[:, -1])
    weights = torch.randn_like(found)
    for one, other in zip(
        torch.autograd.grad(found, arguments, weights),
        torch.autograd.grad(hs.log(), arguments, weights),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-11)


def test_log_scan_equals_heinsens_form() -> None:
    log_a, log_b, _ = (each.detach() for each in drawn(500))
    sums = log_a.cumsum(1)
    torch.testing.assert_close(
        log_scan(log_a, log_b)[0], sums + (log_b - sums).logcumsumexp(1), rtol=1e-11, atol=1e-11
    )


def test_gradcheck(way: str) -> None:
    assert torch.autograd.gradcheck(log_scan, drawn(4))


def test_numbers_beyond_the_range_of_floats(way: str) -> None:
    log_a = torch.full((1, 2000, 1), 3.0, dtype=torch.float64, requires_grad=True)
    log_hs, _ = log_scan(log_a, torch.zeros_like(log_a))
    # A geometric series: h_t = (e^(3 t) - 1) / (e^3 - 1), e^6000 at the end.
    assert log_hs[0, -1].item() == pytest.approx(6000 - math.log(math.expm1(3)), rel=1e-14)
    log_hs[0, -1].sum().backward()
    assert log_a.grad is not None
    assert log_a.grad[0, -1].item() == pytest.approx(1)


def test_zeros_are_minus_infinity_and_have_finite_gradients(way: str) -> None:
    log_a = torch.zeros(1, 3, 1, dtype=torch.float64, requires_grad=True)
    log_b = torch.tensor([-math.inf, -math.inf, 0.0]).double().view(1, 3, 1).requires_grad_()
    log_hs, _ = log_scan(log_a, log_b)
    assert log_hs.flatten().tolist() == [-math.inf, -math.inf, 0.0]
    log_hs[:, -1].sum().backward()
    assert log_a.grad is not None
    assert log_b.grad is not None
    assert log_a.grad.flatten().tolist() == [0, 0, 0]
    assert log_b.grad.flatten().tolist() == [0, 0, 1]


def test_gradients_of_gradients_are_refused() -> None:
    arguments = drawn(3)
    with pytest.raises(RuntimeError, match="no second derivative"):
        torch.autograd.grad(log_scan(*arguments)[0].sum(), arguments, create_graph=True)


def test_pieces_equal_the_whole() -> None:
    log_a, log_b, log_h = (each.detach() for each in drawn())
    whole, _ = log_scan(log_a, log_b, log_h)
    found = []
    for factors, added in zip(log_a.split(7, 1), log_b.split(7, 1), strict=True):
        hs, log_h = log_scan(factors, added, log_h)
        found.append(hs)
    assert torch.equal(torch.cat(found, 1), whole)
