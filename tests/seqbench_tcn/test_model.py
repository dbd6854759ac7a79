"""Tests the convolutional network against its equations in float64, and how far back it sees.

Modules: seqbench_tcn.model, seqbench_tcn.level, seqbench_tcn.convolution.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from seqbench_tcn.convolution import CausalConvolution
from seqbench_tcn.model import TCN
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from seqbench import Values
from seqbench.contracts.examples import Batch
from seqbench.contracts.targets import SequenceClass
from seqbench.gradients.flow import summarise
from seqbench.gradients.measure import measure_flow
from seqbench.network.network import build_network, count_parameters
from seqbench.testing import run_checks

SMALL = TCN(hidden_size=4, layers=3, kernel_size=3, inner_size=5)


def exact(model: TCN, features: int = 3) -> nn.Module:
    """Return a layer whose weights are large enough to matter."""
    torch.manual_seed(0)
    layer = model.build(features).double()
    with torch.no_grad():
        for name, weight in layer.named_parameters():
            weight.mul_(1.0 if name.endswith((".v", ".b")) else 20.0)
    return layer


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def convolved(convolution: Any, x: Tensor) -> Tensor:
    """Return the outputs of one sequence, [time, channels], as a sum over the inputs of each step."""
    v, g, b = convolution.v, convolution.g, convolution.b
    w = torch.stack([g[c] * v[c] / (v[c] ** 2).sum().sqrt() for c in range(len(v))])
    size, outputs = v.shape[2], []
    for t in range(len(x)):
        y = b
        for j in range(size):
            if t - j * convolution.dilation >= 0:
                y = y + w[:, :, size - 1 - j] @ x[t - j * convolution.dilation]
        outputs.append(y)
    return torch.stack(outputs)


def written_out(layer: Any, x: Tensor, norm: str) -> Tensor:
    for number, level in enumerate(layer.layers):
        steps = x
        if norm == "layer" and number:
            steps = (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, correction=0) + 1e-5).sqrt()
            steps = steps * level.norm.weight + level.norm.bias
        convolutions = level.branch
        inner = convolved(convolutions.first, steps).clamp(min=0)
        skip = level.skip(x) if isinstance(level.skip, nn.Linear) else x
        x = (skip + convolved(convolutions.second, inner).clamp(min=0)).clamp(min=0)
    return x


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_layer_is_the_equations_written_out(norm: Any) -> None:
    layer, inputs = exact(TCN(hidden_size=4, layers=3, kernel_size=3, inner_size=5, norm=norm)), noise(2, 20, 3)
    with torch.no_grad():
        outputs = layer(inputs)[0]
        for row in range(2):
            expected = written_out(layer, inputs[row], norm)
            torch.testing.assert_close(outputs[row], expected, rtol=0, atol=1e-12)
        # A planted fault is found.
        layer.layers[2].branch.second.g.mul_(1.01)
        assert not torch.allclose(layer(inputs)[0][1], expected, rtol=0, atol=1e-6)


def test_convolution_is_torchs_with_its_weight_norm() -> None:
    torch.manual_seed(0)
    ours = CausalConvolution(3, 4, kernel_size=3, dilation=2, spread=0.5).double()
    theirs = weight_norm(nn.Conv1d(3, 4, 3, padding=4, dilation=2).double(), dim=0)
    with torch.no_grad():
        for own, other in zip((ours.g, ours.v), theirs.parametrizations.weight.parameters(), strict=True):
            other.copy_(own)
        theirs.bias.copy_(ours.b)
        inputs = noise(2, 3, 9)
        torch.testing.assert_close(ours(inputs)[0], theirs(inputs)[:, :, :9], rtol=0, atol=1e-12)


@pytest.mark.parametrize("spread", [0.01, None])
def test_weights_start_with_the_spread_of_the_paper_or_as_torchs(spread: float | None) -> None:
    torch.manual_seed(0)
    layer: Any = TCN(hidden_size=64, layers=1, spread=spread).build(32)
    first = layer.layers[0].branch.first
    theirs = nn.Conv1d(first.v.shape[1], 64, first.v.shape[2])
    assert first.v.std().item() == pytest.approx(spread or theirs.weight.std().item(), rel=0.05)
    assert first.v.abs().max().item() == pytest.approx(theirs.weight.abs().max().item(), rel=0.05) or spread
    torch.testing.assert_close(first.g.flatten(), first.v.flatten(1).norm(dim=1))


def test_pieces_of_any_length_are_the_whole() -> None:
    layer, inputs = exact(SMALL), noise(2, 520, 3)
    with torch.no_grad():
        for piece, steps in ((1, 65), (2, 65), (7, 65), (64, 520), (512, 520)):
            whole, end = layer(inputs[:, :steps])
            outputs, state = [], None
            for part in inputs[:, :steps].split(piece, 1):
                output, state = layer(part, state)
                outputs.append(output)
            torch.testing.assert_close(torch.cat(outputs, 1), whole, rtol=0, atol=1e-10)
            assert state is not None
            torch.testing.assert_close(state[2][0][1], end[2][0][1], rtol=0, atol=1e-10)


def test_gradients_after_a_past_are_those_of_differences() -> None:
    torch.manual_seed(0)
    convolution = CausalConvolution(2, 2, kernel_size=3, dilation=2, spread=0.5).double()
    given = noise(1, 2, 3).requires_grad_(), noise(1, 2, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, past: convolution(x, past), given)


def test_input_gradient_is_zero_beyond_the_receptive_field_and_its_horizon_is_the_last_lag_within() -> None:
    # Where no weight is negative, no rectifier is closed, and 1% of the gradient is at every lag that is reached.
    model = TCN(hidden_size=4, layers=3, kernel_size=3, norm="none")
    torch.manual_seed(0)
    network = build_network(model, Values(2), SequenceClass(2), 0).double()
    with torch.no_grad():
        for weight in network.layer.parameters():
            weight.fill_(1.0)
    batch = Batch(noise(3, 60, 2).abs(), torch.tensor([0, 1, 0]), torch.tensor([60, 60, 50]))
    flow = measure_flow(network, batch)
    assert model.receptive_field == 29
    curve = flow.curve("input")
    felt = [lag for lag, ln in zip(curve.lags, curve.ln_median, strict=True) if ln is not None]
    assert felt == list(range(1, 29))
    found = summarise(curve, flow.length)
    assert (str(found.horizon), found.verdict) == ("28", "vanishing")
    # The newest input in a state is the state's own step: both reach equally far.
    at_state = flow.curve("state")
    assert [lag for lag, ln in zip(at_state.lags, at_state.ln_median, strict=True) if ln is not None] == felt


def test_dropout_drops_single_numbers_and_not_whole_channels() -> None:
    torch.manual_seed(0)
    layer = TCN(hidden_size=8, layers=1, residual=False, norm="none", dropout=0.5).build(3).train()
    with torch.no_grad():
        for name, weight in layer.named_parameters():
            weight.fill_(1.0 if name.endswith(".b") else 1e-3)
        dropped = layer(torch.zeros(1, 40, 3))[0][0] == 0
    assert 0.4 < dropped.float().mean() < 0.6
    assert not dropped.all(0).any()


def test_widths_come_within_three_per_cent_by_inner_size() -> None:
    for asked, hidden, inner in ((10_000, 9, 8), (30_000, 15, 16), (100_000, 29, 30)):
        size = count_parameters(TCN(hidden_size=hidden, inner_size=inner).build(32))
        assert abs(size / asked - 1) < 0.012


@pytest.mark.slow
def test_the_kit_passes() -> None:
    assert all(result.status != "failed" for result in run_checks(TCN))
