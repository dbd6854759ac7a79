"""Tests the layer of ``mamba`` against its equations, one step and one channel's state at a time."""

from __future__ import annotations

import pytest
import torch
from seqbench_ssm.selective import CausalConvolution, SelectiveBlock
from torch import Tensor

FEATURES, HIDDEN, INNER, MODES, WIDTH = 5, 20, 6, 3, 4


def block() -> SelectiveBlock:
    torch.manual_seed(0)
    layer = SelectiveBlock(
        FEATURES, hidden_size=HIDDEN, inner_size=INNER, state_size=MODES, conv_size=WIDTH
    ).double()
    with torch.no_grad():
        for parameter in layer.parameters():  # nothing equal, and steps that matter
            parameter += 0.3 * torch.randn_like(parameter)
    return layer


def noise(batch: int, steps: int, features: int = FEATURES, seed: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(batch, steps, features, dtype=torch.float64, generator=rng)


def by_steps(layer: SelectiveBlock, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return outputs, the last inputs of the convolution, and h, by figure 3 and algorithm 2 of the paper."""
    rank = -(-HIDDEN // 16)
    past = [inputs.new_zeros(len(inputs), INNER)] * (WIDTH - 1)
    h, outputs = inputs.new_zeros(len(inputs), INNER, MODES), []
    for u in inputs.unbind(1):
        x, z = (u @ layer.enter.weight.T).split(INNER, dim=1)
        past = [*past, x]
        filtered = layer.conv.bias + sum(layer.conv.weight[k] * past[-1 - k] for k in range(WIDTH))
        x = filtered * torch.sigmoid(filtered)
        low, b, c = (x @ layer.ssm.select.weight.T).split([rank, MODES, MODES], dim=1)
        dt = torch.log1p(torch.exp(low @ layer.ssm.step.weight.T + layer.ssm.step.bias))
        a = -torch.exp(layer.ssm.log_a).T
        h = torch.exp(dt[..., None] * a) * h + dt[..., None] * b[:, None] * x[..., None]
        y = (h * c[:, None]).sum(-1) + layer.ssm.d * x
        outputs.append((y * z * torch.sigmoid(z)) @ layer.leave.weight.T)
    return torch.stack(outputs, dim=1), torch.stack(past[1 - WIDTH :], dim=1), h.transpose(1, 2)


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 7, 64, 512])
def test_layer_when_fed_in_pieces_gives_the_numbers_of_the_equations(steps: int) -> None:
    layer, inputs = block(), noise(2, 520 if steps > 7 else 70)
    expected = by_steps(layer, inputs)
    state, outputs = None, []
    for piece in inputs.split(steps, dim=1):
        found, state = layer(piece, state)
        outputs.append(found)
    assert state is not None
    for part, wanted in zip((torch.cat(outputs, dim=1), *state), expected, strict=True):
        close(part, wanted)


WEIGHTS = [name for name, _ in block().named_parameters()]


@pytest.mark.parametrize("fault", WEIGHTS)
def test_layer_when_a_weight_is_off_by_a_millionth_differs_from_the_equations(fault: str) -> None:
    layer, inputs = block(), noise(2, 10)
    expected, *_ = by_steps(layer, inputs)
    with torch.no_grad():
        layer.get_parameter(fault)[-1] += 1e-6
    assert float((layer(inputs)[0] - expected).detach().abs().max()) > 1e-9


def test_gradients_are_those_of_the_equations_through_the_state_too() -> None:
    layer, inputs = block(), noise(2, 100).requires_grad_()
    wanted = [inputs, *layer.parameters()]
    read, read_h = noise(2, 100, HIDDEN, seed=2), noise(2, MODES, INNER, seed=3)
    first, state = layer(inputs[:, :70])
    second, (_, h) = layer(inputs[:, 70:], state)
    in_pieces = (torch.cat([first, second], dim=1) * read).sum() + (h * read_h).sum()
    outputs, _, h = by_steps(layer, inputs)
    step_by_step = (outputs * read).sum() + (h * read_h).sum()
    for found, expected in zip(
        torch.autograd.grad(in_pieces, wanted), torch.autograd.grad(step_by_step, wanted), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-11)


def test_steps_and_decays_start_as_in_the_paper() -> None:
    torch.manual_seed(0)
    ssm = SelectiveBlock(8, hidden_size=64, inner_size=2000, state_size=4, conv_size=4).ssm
    dt = torch.nn.functional.softplus(ssm.step.bias.detach())
    assert float(dt.min()) > 0.000999
    assert float(dt.max()) < 0.1001
    assert float(dt.median()) == pytest.approx(0.01, rel=0.15)
    torch.testing.assert_close(-ssm.log_a.exp()[:, 7], torch.tensor([-1.0, -2.0, -3.0, -4.0]))
    assert float(ssm.step.weight.detach().abs().max()) <= 0.5  # rank 4
    assert ssm.d.unique().tolist() == [1.0]


def test_convolution_is_torchs_own_with_zeros_before() -> None:
    torch.manual_seed(0)
    ours, inputs = CausalConvolution(INNER, WIDTH).double(), noise(2, 9, INNER)
    expected = torch.nn.functional.conv1d(
        inputs.transpose(1, 2), ours.weight.flip(0).T[:, None], ours.bias, padding=WIDTH - 1, groups=INNER
    )
    outputs, last = ours(inputs)
    close(outputs, expected[..., :9].transpose(1, 2))
    assert last.untyped_storage().nbytes() == last.numel() * 8
    close(last, inputs[:, -3:])


def test_layer_when_trained_in_bfloat16_keeps_its_state_in_float32() -> None:
    layer, inputs = block().float(), noise(2, 30).float()
    exact, _ = layer(inputs)
    with torch.autocast("cpu", torch.bfloat16):
        outputs, (last, h) = layer(inputs)
        _, (again, _) = layer(inputs, (last, h))
    assert (outputs.dtype, last.dtype, h.dtype, again.dtype) == (
        torch.bfloat16,
        *[last.dtype],
        torch.float32,
        last.dtype,
    )
    torch.testing.assert_close(outputs.float(), exact, rtol=0.1, atol=0.1)
