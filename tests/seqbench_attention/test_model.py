"""Tests the transformer against its equations, written out step by step in float64.

Modules: seqbench_attention.model, seqbench_attention.sublayers, seqbench_attention.rotary.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from seqbench_attention.model import Attention
from seqbench_attention.sublayers import CausalAttention, attend
from torch import Tensor, nn

from seqbench import Tokens, Values
from seqbench.contracts.examples import Batch
from seqbench.contracts.targets import SequenceClass, StepClass
from seqbench.decoding.readers import CarriedState, WholeRows, reader
from seqbench.network.chunks import Chunking
from seqbench.network.network import build_network, count_parameters
from seqbench.testing import run_checks
from seqbench.training.chunk_policy import carried_bytes

SMALL = Attention(hidden_size=7, layers=2, heads=3, head_size=4, mlp_size=5)


def exact(model: Attention, features: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return model.build(features).double()


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def normed(x: Tensor) -> Tensor:
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + 1e-5).sqrt()


def turned(vector: Tensor, position: int) -> Tensor:
    """Multiply pairs of numbers, as complex ones, by e^(i position theta): equation 12 of Su et al. (2021)."""
    pairs = torch.view_as_complex(vector.unflatten(-1, (-1, 2)).contiguous())
    sizes = [10_000.0 ** (-2 * i / vector.shape[-1]) for i in range(pairs.shape[-1])]
    theta = torch.tensor(sizes, dtype=torch.float64)
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(theta), position * theta)).flatten(-2)


def written_out(layer: Any, model: Attention, inputs: Tensor, shift: int = 0) -> Tensor:
    """Return the outputs of one sequence, [time, hidden_size], head by head and step by step."""
    x = inputs @ layer.enter.weight.T + layer.enter.bias
    size = model.head_size or 0
    for attention, mlp in zip(layer.layers[::2], layer.layers[1::2], strict=True):
        steps = normed(x)
        heads = []
        for h in range(model.heads):
            w_q, w_k, w_v = (
                w.weight[h * size : (h + 1) * size] for w in (attention.queries, attention.keys, attention.values)
            )
            q = [turned(w_q @ step, t + shift) for t, step in enumerate(steps)]
            k = [turned(w_k @ step, t + shift) for t, step in enumerate(steps)]
            v = [w_v @ step for step in steps]
            outputs = []
            for t in range(len(steps)):
                shares = torch.stack([(q[t] @ k[s] / size**0.5).exp() for s in range(t + 1)])
                outputs.append(sum(share * v[s] for s, share in enumerate(shares / shares.sum())))
            heads.append(torch.stack(outputs))
        x = x + torch.cat(heads, 1) @ attention.outputs.weight.T
        inner = (normed(x) @ mlp.first.weight.T + mlp.first.bias).clamp(min=0)
        x = x + inner @ mlp.second.weight.T + mlp.second.bias
    return normed(x)


def test_layer_is_the_equations_written_out_and_only_distances_count() -> None:
    layer, inputs = exact(SMALL), noise(2, 9, 3)
    with torch.no_grad():
        outputs = layer(inputs)[0]
        for row in range(2):
            torch.testing.assert_close(outputs[row], written_out(layer, SMALL, inputs[row]), rtol=0, atol=1e-12)
            torch.testing.assert_close(
                outputs[row], written_out(layer, SMALL, inputs[row], 5000), rtol=0, atol=1e-9
            )


@pytest.mark.parametrize("fault", ["scale", "position"])
def test_a_planted_fault_is_found_by_the_equations(fault: str) -> None:
    layer, inputs = exact(SMALL), noise(1, 9, 3)
    with torch.no_grad():
        expected = written_out(layer, SMALL, inputs[0])
        if fault == "scale":
            layer.layers[0].queries.weight.mul_(1.001)
        elif fault == "position":
            layer.layers[2].is_rotary = False
        assert not torch.allclose(layer(inputs)[0][0], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("positions", ["rotary", "none"])
def test_pieces_of_any_length_are_the_whole(positions: Any) -> None:
    layer, inputs = exact(Attention(hidden_size=6, heads=2, positions=positions)), noise(2, 520, 3)
    with torch.no_grad():
        for piece, steps in ((1, 65), (2, 65), (7, 65), (64, 520), (512, 520)):
            whole, end = layer(inputs[:, :steps])
            outputs, state = [], None
            for part in inputs[:, :steps].split(piece, 1):
                output, state = layer(part, state)
                outputs.append(output)
            torch.testing.assert_close(torch.cat(outputs, 1), whole, rtol=0, atol=1e-10)
            assert state is not None
            assert state[0][0].shape == end[0][0].shape == (2, 2, steps, 4)


def test_gradients_after_a_cache_are_those_of_differences() -> None:
    torch.manual_seed(0)
    attention = CausalAttention(3, output_size=3, heads=2, head_size=2, is_rotary=True).double()
    cache = tuple(noise(1, 2, 2, 2).requires_grad_() for _ in range(2))
    assert torch.autograd.gradcheck(
        lambda x, k, v: attention(x, (k, v))[0], (noise(1, 3, 3).requires_grad_(), *cache), eps=1e-6
    )


def test_attention_without_positions_does_not_know_the_order_of_the_past() -> None:
    inputs, order = noise(1, 6, 3), [3, 0, 4, 1, 2, 5]
    for positions, is_blind in (("none", True), ("rotary", False)):
        layer = exact(Attention(hidden_size=6, layers=1, positions=positions))  # type: ignore[arg-type]
        with torch.no_grad():
            last, other = layer(inputs)[0][:, -1], layer(inputs[:, order])[0][:, -1]
        assert torch.allclose(last, other, atol=1e-12) == is_blind


def test_a_query_sees_all_keys_up_to_its_own() -> None:
    keys = torch.zeros(1, 1, 4, 2)
    values = torch.eye(4)[None, None]
    seen = attend(keys[:, :, 2:], keys, values)[0, 0]
    torch.testing.assert_close(seen, torch.tensor([[1 / 3, 1 / 3, 1 / 3, 0], [0.25] * 4]))


def test_widths_come_within_three_per_cent_by_mlp_size() -> None:
    for asked, hidden, inner in ((10_000, 18, 77), (30_000, 33, 134), (100_000, 63, 256)):
        size = count_parameters(Attention(hidden_size=hidden, mlp_size=inner).build(32))
        assert abs(size / asked - 1) < 0.005


def test_training_in_chunks_has_the_gradient_of_the_whole_recomputed_or_not() -> None:
    torch.manual_seed(0)
    network = build_network(Attention(hidden_size=8, layers=1, heads=2), Values(3), SequenceClass(2), 0).double()
    batch = Batch(noise(2, 48, 3), torch.tensor([0, 1]), torch.tensor([48, 48]))
    found = []
    for chunking in (Chunking(), Chunking(16), Chunking(16, recompute=True), Chunking(16, truncate=16)):
        network.chunking = chunking
        network.zero_grad()
        network.loss(batch).backward()
        found.append(
            torch.cat([weight.grad.flatten() for weight in network.parameters() if weight.grad is not None])
        )
    torch.testing.assert_close(found[1], found[0], rtol=0, atol=1e-10)
    assert torch.equal(found[2], found[1])
    assert not torch.allclose(found[3], found[0], rtol=0, atol=1e-6)


def test_the_state_is_told_to_grow() -> None:
    network = build_network(SMALL, Values(3), SequenceClass(2), 0)
    assert (network.state_size, network.state_growth) == (2 * 2 * 12, 2 * 2 * 12)
    assert carried_bytes(network.layer, 3, 512) == 0
    assert carried_bytes(network.layer, 3, 1500) == 4 * 48 * (512 + 1024)


def test_rows_written_from_the_cache_are_those_of_whole_rows_read_again() -> None:
    torch.manual_seed(0)
    network = build_network(Attention(hidden_size=8, layers=1, heads=2), Tokens(5), StepClass(5), 8).eval()
    tokens = torch.randint(5, (3, 9), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        carried, whole = reader(network, changes_rows=True), WholeRows(network)
        assert isinstance(carried, CarriedState)
        for part in tokens.split([4, 1, 1, 3], 1):
            torch.testing.assert_close(carried.read(part), whole.read(part))
            for each in (carried, whole):
                each.keep(torch.tensor([2, 0, 0]))


@pytest.mark.slow
def test_the_kit_passes() -> None:
    assert all(result.status != "failed" for result in run_checks(Attention))
