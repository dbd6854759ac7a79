"""Tests the blocks against their equations written out, their start, and stacks of them in pieces.

Modules: seqbench_xlstm.parts.
"""

from __future__ import annotations

import pytest
import torch
from seqbench_xlstm.blocks import MLSTM, SLSTM, GatedMLP
from seqbench_xlstm.model import XLSTM
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, silu

WIDTH, HEADS = 8, 2


def moved(layer: nn.Module) -> nn.Module:
    """Move all weights off their start, at which many are 0, in float64."""
    rng = torch.Generator().manual_seed(0)
    layer.double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 0.5 * torch.randn(parameter.shape, dtype=torch.float64, generator=rng)
    return layer


def sequence(time: int = 9, features: int = WIDTH) -> Tensor:
    return torch.randn(2, time, features, dtype=torch.float64, generator=torch.Generator().manual_seed(time))


def convolved(layer: nn.Module, x: Tensor) -> Tensor:
    """Torch's own convolution, each feature by itself."""
    padded = torch.nn.functional.pad(x.mT, (3, 0))
    return torch.nn.functional.conv1d(padded, layer.weight.T[:, None], layer.bias, groups=x.shape[-1]).mT


def blockwise(layer: nn.Module, x: Tensor) -> Tensor:
    return x @ torch.block_diag(*layer.weight)


def normed(layer: nn.Module, h: Tensor) -> Tensor:
    """Normalise [batch, time, heads, size] over each head."""
    return (layer_norm(h, h.shape[-1:]) * layer.weight).flatten(-2)


def test_mlstm_is_its_equations_written_out() -> None:
    block, inputs = moved(MLSTM(WIDTH, width=WIDTH, heads=HEADS, up_size=16, layers=2)), sequence()
    x, z = (inputs @ block.up.weight.T).chunk(2, dim=-1)
    a = silu(convolved(block.convolution, x))
    q, k, v = blockwise(block.queries, a), blockwise(block.keys, a), blockwise(block.values, x)
    gates = torch.cat([q, k, v], dim=-1) @ block.gates.weight.T + block.gates.bias
    c, n, hs = torch.zeros(2, HEADS, 8, 8).double(), torch.zeros(2, HEADS, 8).double(), []
    for t in range(inputs.shape[1]):
        now, key, value = (each[:, t].unflatten(-1, (HEADS, 8)) for each in (q, k / 8**0.5, v))
        i, f = gates[:, t, :HEADS, None].exp(), gates[:, t, HEADS:, None].sigmoid()
        c = f[..., None] * c + i[..., None] * value[..., :, None] * key[..., None, :]
        n = f * n + i * key
        hs.append((c @ now[..., None])[..., 0] / (n * now).sum(-1, keepdim=True).abs().clamp(min=1))
    y = normed(block.norm, torch.stack(hs, dim=1)) + block.skip * a
    torch.testing.assert_close(block(inputs)[0], (y * silu(z)) @ block.down.weight.T, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("features", [WIDTH, 5])
def test_slstm_is_its_equations_written_out(features: int) -> None:
    block, inputs = moved(SLSTM(features, width=WIDTH, heads=HEADS, place=0.0)), sequence(features=features)
    x = inputs if features == WIDTH else inputs @ block.enter.weight.T
    driven_if = blockwise(block.if_gates, silu(convolved(block.convolution, x))).unflatten(-1, (HEADS, 2, -1))
    driven_zo = blockwise(block.zo_gates, x).unflatten(-1, (HEADS, 2, -1))
    driven = torch.cat([driven_if, driven_zo], dim=-2) + block.bias.unflatten(-1, (4, -1))
    h, c, n = torch.zeros(3, 2, HEADS, 4).double()
    hs = []
    for t in range(inputs.shape[1]):
        mixed = torch.einsum("bhi,hio->bho", h, block.recurrent).unflatten(-1, (4, -1))
        i, f, z, o = (driven[:, t] + mixed).unbind(-2)
        c, n = f.sigmoid() * c + i.exp() * z.tanh(), f.sigmoid() * n + i.exp()
        h = o.sigmoid() * c / n
        hs.append(h)
    expected = normed(block.norm, torch.stack(hs, dim=1))
    torch.testing.assert_close(block(inputs)[0], expected, rtol=1e-10, atol=1e-10)


def test_mlp_is_its_equation_and_has_no_state() -> None:
    block, inputs = moved(GatedMLP(WIDTH, width=WIDTH, size=11, layers=2)), sequence()
    gate, value = (inputs @ block.up.weight.T).chunk(2, dim=-1)
    outputs, state = block(inputs)
    torch.testing.assert_close(outputs, (gelu(gate) * value) @ block.down.weight.T)
    assert state is None


def test_convolution_has_the_gradients_of_torchs_own() -> None:
    block = moved(MLSTM(WIDTH, width=WIDTH, heads=HEADS, up_size=16, layers=2)).convolution
    found = []
    for run in (lambda x: block(x, None)[0], lambda x: convolved(block, x)):
        inputs = sequence(features=16).requires_grad_()
        found.append(torch.autograd.grad(run(inputs).square().sum(), [inputs, *block.parameters()]))
    for mine, theirs in zip(*found, strict=True):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize(("piece", "time"), [(1, 70), (2, 70), (7, 70), (64, 520), (512, 520)])
def test_stack_in_pieces_equals_the_whole(piece: int, time: int) -> None:
    layer, inputs = moved(XLSTM(WIDTH, layers=2, heads=HEADS).build(3)), sequence(time, features=3)
    whole, outputs, state = layer(inputs)[0], [], None
    with torch.no_grad():
        for part in inputs.split(piece, dim=1):
            h, state = layer(part, state)
            outputs.append(h)
    torch.testing.assert_close(torch.cat(outputs, dim=1), whole, rtol=0, atol=1e-10)


def test_stabilisers_are_integers_and_what_they_divide_is_not_large() -> None:
    layer = moved(XLSTM(WIDTH, layers=2, heads=HEADS).build(3))
    (matrix, n, m, _), (_, c, below, stabiliser, _), nothing = layer(sequence(200, features=3))[1]
    assert nothing is None
    assert m.dtype == stabiliser.dtype == torch.int64
    assert not m.requires_grad
    assert max(float(each.detach().abs().max()) for each in (matrix, n, c, below)) < 100


def test_gates_start_as_the_authors_do() -> None:
    torch.manual_seed(0)
    stack = XLSTM(hidden_size=64, layers=2).build(8)
    memory, cells, _ = stack.layers
    log_i, log_f = memory.gates.bias.detach().chunk(2)
    assert log_f.tolist() == [3.0, 4.0, 5.0, 6.0]
    assert 0 < log_i.abs().max() < 0.5
    assert not memory.gates.weight.any()
    assert not cells.recurrent.any()
    i, f, z, o = cells.bias.detach().chunk(4, dim=-1)
    # The second of two layers: exponents of the power law run from 0.3 to 1.6.
    torch.testing.assert_close(f[1], 5 - 12 * (torch.arange(16) / 15) ** 1.6)
    assert not torch.cat([i, z, o]).any()


def test_weights_start_with_the_deviations_of_their_papers() -> None:
    torch.manual_seed(0)
    stack = XLSTM(hidden_size=256, layers=2).build(8)
    memory, _, mlp = stack.layers
    for weight, deviation in (
        (memory.up.weight, (2 / (5 * 256)) ** 0.5),
        (memory.queries.weight, (2 / (5 * 256)) ** 0.5),
        (memory.down.weight, 2 / (2 * 16)),
        (mlp.up.weight, (2 / (5 * 256)) ** 0.5),
        (mlp.down.weight, 2 / (2 * 16)),
    ):
        assert abs(float(weight.detach().std()) / deviation - 1) < 0.05


@pytest.mark.parametrize("kind", ["mLSTM", "sLSTM"])
def test_derivatives_of_outputs_and_state_are_those_of_differences(kind: str) -> None:
    # Also of the state after the steps: the stabiliser that divides it is a whole number, so it does not move.
    rng = torch.Generator().manual_seed(3)
    if kind == "mLSTM":
        block = moved(MLSTM(4, width=4, heads=1, up_size=4, layers=1))
    else:
        block = moved(SLSTM(4, width=4, heads=2, place=0.0))
    _, state = block(sequence(5, features=4))
    inputs = torch.randn(2, 3, 4, dtype=torch.float64, generator=rng)
    floats = [part.detach() for part in state if part.is_floating_point()]

    def run(inputs: Tensor, *parts: Tensor) -> list[Tensor]:
        given = iter(parts)
        before = tuple(next(given) if part.is_floating_point() else part for part in state)
        outputs, after = block(inputs, before)
        return [outputs, *(part for part in after if part.is_floating_point())]

    assert torch.autograd.gradcheck(run, [each.requires_grad_() for each in (inputs, *floats)])
