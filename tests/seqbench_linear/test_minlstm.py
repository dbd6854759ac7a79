"""Tests the layer of ``minlstm`` against loops over its equations, and against the paper's form in logarithms.

Modules: seqbench_linear.minlstm_blocks, seqbench_linear.minlstm_steps.
"""

from __future__ import annotations

import pytest
import torch
from seqbench_linear import minlstm_blocks, minlstm_steps
from seqbench_linear.minlstm import MinLSTMLayer
from seqbench_linear.minlstm_steps import MinLSTMSteps
from seqbench_scan import doubling
from torch import Tensor, nn
from torch.nn.functional import softplus

from .pieces import PIECES, difference, in_pieces, inputs


def layer_of(state: int | None = None) -> MinLSTMLayer:
    torch.manual_seed(0)
    return MinLSTMLayer(5, 6, state, 0.5).double()


def gates(layer: MinLSTMLayer, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    (u_f, u_i, u_c), (b_f, b_i, b_c) = layer.U.chunk(3), layer.b.chunk(3)
    return x @ u_f.T + b_f, x @ u_i.T + b_i, x @ u_c.T + b_c


def looped(layer: nn.Module, sequence: Tensor) -> Tensor:
    assert isinstance(layer, MinLSTMLayer)
    h, found = torch.full((len(sequence), layer.state_size), 0.5, dtype=torch.float64), []
    for x in sequence.unbind(1):
        f, i, c = gates(layer, x)
        f, i = 1 / (1 + torch.exp(-f)), 1 / (1 + torch.exp(-i))
        h = f / (f + i) * h + i / (f + i) * torch.where(c >= 0, c + 0.5, torch.sigmoid(c))
        found.append(layer.leave(h))
    return torch.stack(found, dim=1)


def in_logarithms(layer: nn.Module, sequence: Tensor) -> Tensor:
    """The paper's appendix B: sums of log f' so far, and log-sum-exp of what is added, divided by them."""
    assert isinstance(layer, MinLSTMLayer)
    f, i, c = gates(layer, sequence)
    lead = softplus(-f) - softplus(-i)
    sums = (-softplus(lead)).cumsum(1)
    log_g = torch.where(c >= 0, (c.clamp_min(0) + 0.5).log(), -softplus(-c))
    log_h_0 = torch.full_like(sums[:, :1], 0.5).log()
    terms = torch.cat([log_h_0, log_g - softplus(-lead) - sums], dim=1)
    return layer.leave((sums + terms.logcumsumexp(1)[:, 1:]).exp())


@pytest.mark.parametrize("state", [None, 4])
@pytest.mark.parametrize("reference", [looped, in_logarithms])
def test_outputs_and_gradients_equal_those_of_the_equations(reference: object, state: int | None) -> None:
    assert callable(reference)
    assert difference(layer_of(state), reference, 60, 5) < 1e-11


def test_gates_that_are_not_normalised_are_found() -> None:
    layer, right = layer_of(), layer_of()
    layer.b.detach()[:6] += 1e-6
    assert difference(layer, lambda _, x: looped(right, x) + 0 * looped(layer, x), 60, 5) > 1e-9


@pytest.mark.parametrize("numbers", [1, 40, 131072])
def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch, numbers: int) -> None:
    monkeypatch.setattr(minlstm_steps, "BLOCK_NUMBERS", numbers)
    assert difference(layer_of(), looped, 23, 5) < 1e-11


def test_a_scan_by_doubling_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minlstm_blocks, "way_of", lambda _: doubling)
    assert difference(layer_of(), looped, 23, 5) < 1e-11


@pytest.mark.parametrize("steps", PIECES)
def test_pieces_equal_the_whole(steps: int) -> None:
    layer, sequence = layer_of(), inputs(512, 5)
    whole, last = layer(sequence)
    found, state = in_pieces(layer, sequence, steps)
    torch.testing.assert_close(found, whole, rtol=0, atol=1e-10)
    torch.testing.assert_close(state, last, rtol=0, atol=1e-10)
    assert state.shape == (3, 6)


def of_columns(columns: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """Run steps whose columns are given, as inputs of an identity."""
    size = columns.shape[-1]
    hs, last = MinLSTMSteps.apply(columns.transpose(0, 1), torch.eye(size).to(columns), columns.new_zeros(size), h)  # type: ignore[no-untyped-call]
    return hs.transpose(0, 1), last


def test_gradcheck_with_a_state() -> None:
    torch.manual_seed(0)
    shapes = ((4, 2, 3), (6, 3), (6,), (2, 2))
    given = [torch.rand(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(MinLSTMSteps.apply, given)


def test_gradient_of_a_state_can_be_changed_in_place() -> None:
    h = torch.full((3, 6), 0.5).double().requires_grad_()
    layer_of()(inputs(4, 5), h)[0].sum().backward()
    assert h.grad is not None
    assert h.grad.zero_().sum() == 0


def test_no_state_is_a_half_and_not_zeros() -> None:
    layer, sequence = layer_of(), inputs(4, 5)
    without = layer(sequence)[0]
    assert torch.equal(without, layer(sequence, torch.full((3, 6), 0.5).double())[0])
    assert (without - layer(sequence, torch.zeros(3, 6).double())[0]).abs().min() > 1e-3


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [-1e5, 1e5])
def test_gates_far_from_zero_keep_outputs_and_gradients_finite(dtype: torch.dtype, size: float) -> None:
    columns = torch.full((2, 4, 6), size, dtype=dtype, requires_grad=True)
    hs, _ = of_columns(columns, torch.ones(2, 2, dtype=dtype))
    hs.sum().backward()
    assert hs.isfinite().all()
    assert columns.grad is not None
    assert columns.grad.isfinite().all()


def test_a_gate_that_is_shut_has_its_digits() -> None:
    columns = torch.tensor([[[-60.0, 10.0, 1.0], [10.0, -60.0, 1.0]]], dtype=torch.float64)
    hs, _ = of_columns(columns, torch.full((1, 1), 1e30, dtype=torch.float64))
    # f' = e^-60 (1 + e^-10), but for e^-120: what is kept of 1e30, and 3/2 that is added.
    kept = 1e30 * torch.tensor(-60.0).double().exp() * (1 + torch.tensor(-10.0).double().exp())
    torch.testing.assert_close(hs[0, 0, 0], kept + 1.5, rtol=1e-14, atol=0)


def test_forget_bias_is_that_of_f() -> None:
    assert layer_of().b[:6].tolist() == [0.5] * 6


def test_gradients_of_gradients_are_refused() -> None:
    sequence = inputs(3, 5)
    with pytest.raises(RuntimeError, match="no second derivative"):
        torch.autograd.grad(layer_of()(sequence)[0].sum(), sequence, create_graph=True)


def test_no_steps_give_the_state_back() -> None:
    h = torch.rand(3, 6).double().requires_grad_()
    outputs, last = layer_of()(inputs(4, 5)[:, :0], h)
    assert outputs.shape == (3, 0, 6)
    last.sum().backward()
    assert h.grad is not None
    assert torch.equal(h.grad, torch.ones(3, 6).double())


def test_without_gradients_the_same_numbers_come_out_and_nothing_is_kept() -> None:
    layer, sequence = layer_of(), inputs(40, 5)
    wanted, state = layer(sequence)
    with torch.no_grad():
        found, last = layer(sequence)
    assert torch.equal(found, wanted)
    assert torch.equal(last, state)
    assert found.grad_fn is None


def test_products_of_autocast_have_its_type_both_ways_and_gradients_that_of_the_weights() -> None:
    torch.manual_seed(0)
    layer, sequence = layer_of(4).float(), torch.randn(2, 20, 5)
    exact = layer(sequence)[0]
    exact.sum().backward()
    assert layer.U.grad is not None
    wanted, layer.U.grad = layer.U.grad, None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = layer(sequence)[0]
    rounded.sum().backward()
    assert 0 < (rounded - exact).abs().max() < 0.1
    assert layer.U.grad.dtype == torch.float32
    assert 0 < (layer.U.grad - wanted).norm() < 0.05 * wanted.norm()


def test_bfloat16_autocast_runs_and_keeps_the_state_in_float32() -> None:
    layer = layer_of(4).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, state = layer(torch.randn(2, 20, 5))
        outputs.float().sum().backward()
    assert state.dtype == torch.float32
    assert outputs.isfinite().all()
