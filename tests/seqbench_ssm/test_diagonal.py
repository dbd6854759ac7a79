"""Tests the layer of ``s4d`` against its equations, one step at a time with both modes of each conjugate pair.

Modules: seqbench_ssm.blocks.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from seqbench_ssm.blocks import STEPS, System, run
from seqbench_ssm.diagonal import DiagonalBlock, DiagonalSSM
from torch import Tensor

FEATURES, PAIRS = 3, 4


def system(discretisation: Any = "zoh", initialisation: Any = "lin") -> DiagonalSSM:
    torch.manual_seed(0)
    layer = DiagonalSSM(FEATURES, PAIRS, initialisation, discretisation).double()
    with torch.no_grad():
        for parameter in layer.parameters():  # nothing real, nothing equal
            parameter += 0.3 * torch.randn_like(parameter)
    return layer


def noise(batch: int, steps: int, features: int = FEATURES) -> Tensor:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(batch, steps, features, dtype=torch.float64, generator=rng)


def by_steps(layer: DiagonalSSM, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return outputs and last state, [batch, features, 2 * pairs], by section 3 of the paper, with all modes."""
    a = -layer.log_decay.exp() + 1j * layer.frequency
    b, c = layer.b[..., 0] + 1j * layer.b[..., 1], layer.c[..., 0] + 1j * layer.c[..., 1]
    a, b, c = (torch.cat([each, each.conj()], dim=-1) for each in (a, b, c))
    dt = layer.log_step.exp()[:, None]
    if layer.discretisation == "zoh":
        kept, added = torch.exp(dt * a), (torch.exp(dt * a) - 1) / a * b
    else:
        kept, added = (1 + dt / 2 * a) / (1 - dt / 2 * a), dt / (1 - dt / 2 * a) * b
    s, outputs = torch.zeros(len(inputs), FEATURES, 2 * PAIRS, dtype=torch.complex128), []
    for u in inputs.unbind(1):
        s = kept * s + added * u[..., None]
        y = (c * s).sum(-1)
        assert float(y.imag.detach().abs().max()) < 1e-9
        outputs.append(y.real + layer.d * u)
    return torch.stack(outputs, dim=1), s


@pytest.mark.parametrize("discretisation", ["zoh", "bilinear"])
@pytest.mark.parametrize("steps", [1, 2, STEPS, 2 * STEPS + 5])
def test_layer_when_run_at_once_gives_the_numbers_of_the_equations(discretisation: str, steps: int) -> None:
    layer, inputs = system(discretisation), noise(2, steps)
    outputs, state = layer(inputs)
    expected, last = by_steps(layer, inputs)
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(state, last[..., :PAIRS], rtol=0, atol=1e-12)


@pytest.mark.parametrize("fault", ["log_decay", "frequency", "b", "c", "d", "log_step"])
def test_layer_when_a_weight_is_off_by_a_millionth_differs_from_the_equations(fault: str) -> None:
    layer, inputs = system(), noise(2, 70)
    expected, _ = by_steps(layer, inputs)
    with torch.no_grad():
        layer.get_parameter(fault)[-1] += 1e-6
    assert float((layer(inputs)[0] - expected).detach().abs().max()) > 1e-9


@pytest.mark.parametrize("steps", [1, 2, 7, 64, 512])
def test_layer_when_fed_in_pieces_agrees_with_one_step_at_a_time(steps: int) -> None:
    layer, inputs = system(), noise(2, 520 if steps > 1 else 70)
    expected, last = by_steps(layer, inputs)
    state, outputs = None, []
    for piece in inputs.split(steps, dim=1):
        found, state = layer(piece, state)
        outputs.append(found)
    torch.testing.assert_close(torch.cat(outputs, dim=1), expected, rtol=0, atol=1e-11)
    torch.testing.assert_close(state, last[..., :PAIRS], rtol=0, atol=1e-11)


@pytest.mark.parametrize("discretisation", ["zoh", "bilinear"])
def test_gradients_of_weights_and_state_are_those_of_the_equations(discretisation: str) -> None:
    layer, inputs = system(discretisation), noise(2, 2 * STEPS + 3).requires_grad_()
    wanted = [inputs, *layer.parameters()]
    cotangent = noise(2, inputs.shape[1]).flip(1)
    first, state = layer(inputs[:, : STEPS + 1])
    second, state = layer(inputs[:, STEPS + 1 :], state)
    at_once = (torch.cat([first, second], 1) * cotangent).sum() + (state * state).real.sum()
    outputs, last = by_steps(layer, inputs)
    step_by_step = (outputs * cotangent).sum() + (last * last).real.sum() / 2
    for found, expected in zip(
        torch.autograd.grad(at_once, wanted), torch.autograd.grad(step_by_step, wanted), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)


def test_state_of_whole_blocks_alone_is_carried_through_all_of_them() -> None:
    # A mode that forgets nothing and counts: s_t = s_{t-1} + u_t.
    counting = System(*(torch.full((1, 1), value, dtype=torch.complex128) for value in (0.0, 1.0, 0.5)))
    outputs, state = run(counting, torch.ones(1, 4 * STEPS, 1).double(), torch.full((1, 1, 1), 10 + 0j).cdouble())
    torch.testing.assert_close(outputs[0, :, 0], torch.arange(11, 11 + 4 * STEPS).double())
    assert complex(state.item()) == 10 + 4 * STEPS


def test_block_mixes_what_its_systems_give() -> None:
    torch.manual_seed(0)
    block = DiagonalBlock(
        5, hidden_size=FEATURES, state_size=2 * PAIRS, initialisation="inv", discretisation="zoh"
    ).double()
    inputs = noise(2, 6, features=5)
    y, _ = by_steps(block.ssm, inputs @ block.enter.weight.T + block.enter.bias)
    gelu = y * (1 + torch.erf(y / 2**0.5)) / 2
    content, gate = (gelu @ block.mix.weight.T + block.mix.bias).chunk(2, dim=-1)
    torch.testing.assert_close(block(inputs)[0], content / (1 + torch.exp(-gate)), rtol=0, atol=1e-12)


def test_layer_when_trained_in_bfloat16_keeps_its_state_in_float32() -> None:
    layer, inputs = system().float(), noise(2, 70).float()
    exact, _ = layer(inputs)
    with torch.autocast("cpu", torch.bfloat16):
        outputs, state = layer(inputs)
    torch.testing.assert_close(outputs, exact)
    assert state.dtype == torch.complex64
