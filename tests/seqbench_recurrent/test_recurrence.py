"""Tests that hand-written passes have the right gradients, and that buffers kept between calls never mix."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from seqbench_recurrent.blocks import MOST_STEPS, NUMBERS, Block, Spares
from seqbench_recurrent.cells import Gated, Long, Relu, Tanh
from seqbench_recurrent.models import GRU, LSTM, RNN
from seqbench_recurrent.recurrence import Recurrence
from torch import Tensor, nn

MODELS = [RNN(6), RNN(6, nonlinearity="relu"), LSTM(6), GRU(6)]
FEATURES = 3


def built(model: RNN | LSTM | GRU) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return model.build(FEATURES).double()


def batch(rows: int, steps: int, seed: int = 0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(rows, steps, FEATURES, dtype=torch.float64, generator=rng)


def gradients(layer: nn.Module, inputs: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(layer(inputs)[0].square().sum(), list(layer.parameters())))


@pytest.mark.parametrize(("kind", "gates"), [(Tanh, 1), (Relu, 1), (Gated, 3), (Long, 4)])
def test_gradients_equal_differences_when_a_sequence_is_longer_than_a_block(kind: type[Block], gates: int) -> None:
    rng = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=rng).requires_grad_()

    weights = (drawn(2 * gates, 1), drawn(2 * gates, 2), drawn(2 * gates), drawn(2 * gates))
    state = [drawn(1, 2) for _ in range(1 + (kind is Long))]
    spares = Spares(kind)
    assert torch.autograd.gradcheck(
        lambda *given: Recurrence.apply(spares, *given), (drawn(1, MOST_STEPS + 2, 1), *weights, *state)
    )


@pytest.mark.parametrize(("ours", "torchs"), [(RNN, nn.RNN), (GRU, nn.GRU)])
@pytest.mark.parametrize("rows", [1, 37, NUMBERS // 64 + 1])  # blocks of 64, 16 and 1 steps
def test_layers_in_float32_equal_torchs_to_rounding(
    ours: type[RNN | GRU], torchs: type[nn.RNNBase], rows: int
) -> None:
    layer = built(ours(64)).float()
    reference = torchs(FEATURES, 64, batch_first=True)
    reference.load_state_dict(layer.state_dict())
    inputs = batch(rows, 20).float()
    torch.testing.assert_close(layer(inputs)[0], reference(inputs)[0], rtol=0, atol=1e-6)
    for mine, theirs in zip(gradients(layer, inputs), gradients(reference, inputs), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-5 * float(theirs.abs().max()))


@pytest.mark.parametrize("model", MODELS)
def test_gradients_share_no_memory(model: RNN | LSTM | GRU) -> None:
    # Clipping scales each in place: shared memory would be scaled twice.
    layer = built(model)
    layer(batch(2, 5))[0].sum().backward()
    places = {parameter.grad.untyped_storage().data_ptr() for parameter in layer.parameters()}
    assert len(places) == len(list(layer.parameters()))


@pytest.mark.parametrize("model", MODELS)
def test_two_passes_forward_and_then_backward_give_what_each_gives_alone(model: RNN | LSTM | GRU) -> None:
    first, second = batch(2, 70, 1), batch(2, 70, 2)
    alone = [gradients(built(model), inputs) for inputs in (first, second)]
    layer = built(model)
    losses = [layer(inputs)[0].square().sum() for inputs in (first, second)]
    for loss, expected in zip(losses, alone, strict=True):
        for _ in range(2):
            found = torch.autograd.grad(loss, list(layer.parameters()), retain_graph=True)
            assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


@pytest.mark.parametrize("model", MODELS)
def test_layer_gives_the_same_bits_after_calls_of_other_shapes(model: RNN | LSTM | GRU) -> None:
    inputs, layer = batch(4, 70), built(model)
    expected = gradients(layer, inputs)
    for rows, steps in ((4, 3), (1, 70), (9, 64), (2, 1), (3, 5), (6, 7)):
        gradients(layer, batch(rows, steps, 3))
    assert all(torch.equal(*pair) for pair in zip(gradients(layer, inputs), expected, strict=True))


@pytest.mark.parametrize("model", MODELS)
def test_copies_of_a_layer_share_no_buffers(model: RNN | LSTM | GRU) -> None:
    layer = built(model)
    expected = gradients(layer, batch(2, 9))
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        loss = layer(batch(2, 9))[0].square().sum()
        gradients(twin, batch(2, 9, 4))
        found = torch.autograd.grad(loss, list(layer.parameters()))
        assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


def test_threads_may_share_a_layer() -> None:
    layer, batches = built(GRU(6)), [batch(2, 70, seed) for seed in range(8)]
    expected = [gradients(layer, inputs) for inputs in batches]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda inputs: gradients(layer, inputs), batches * 4))
    for mine, theirs in zip(found, expected * 4, strict=True):
        assert all(torch.equal(*pair) for pair in zip(mine, theirs, strict=True))


@pytest.mark.parametrize("model", MODELS)
def test_state_of_another_batch_size_is_refused(model: RNN | LSTM | GRU) -> None:
    layer = built(model)
    _, state = layer(batch(1, 3))
    with pytest.raises(RuntimeError, match="Expected hidden"):
        layer(batch(2, 3), state)
