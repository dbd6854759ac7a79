"""Tests that the recurrent models compute the equations in their docs, and start as their parameters say.

Modules: seqbench_recurrent.linear, seqbench_recurrent.steps.
"""

from __future__ import annotations

import dataclasses

import pytest
import torch
from seqbench_recurrent import seqbench_models
from seqbench_recurrent.models import GRU, LSTM, RNN
from torch import Tensor, nn

STEPS, FEATURES, HIDDEN = 7, 3, 5
MODELS = [
    RNN(hidden_size=HIDDEN),
    RNN(hidden_size=HIDDEN, nonlinearity="relu"),
    RNN(hidden_size=HIDDEN, layers=2, nonlinearity="identity"),
    LSTM(HIDDEN),
    GRU(HIDDEN),
]


def sequence() -> Tensor:
    return torch.randn(STEPS, FEATURES, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def weights(layer: nn.Module) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    u, v, b, d = (layer.get_parameter(name).detach() for name in names)
    return u, v, b, d


def unrolled_rnn(layer: nn.Module, xs: Tensor, nonlinearity: str) -> Tensor:
    u, v, b, d = weights(layer)
    h, hs = torch.zeros(HIDDEN, dtype=torch.float64), []
    for x in xs:
        a = u @ x + v @ h + (b + d)
        h = {"tanh": a.tanh(), "relu": a.clamp(min=0), "identity": a}[nonlinearity]
        hs.append(h)
    return torch.stack(hs)


def unrolled_lstm(layer: nn.Module, xs: Tensor) -> Tensor:
    u, v, b, d = (w.reshape(4, HIDDEN, *w.shape[1:]) for w in weights(layer))
    h = c = torch.zeros(HIDDEN, dtype=torch.float64)
    hs = []
    for x in xs:
        i, f, g, o = (u[k] @ x + v[k] @ h + b[k] + d[k] for k in range(4))
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        hs.append(h)
    return torch.stack(hs)


def unrolled_gru(layer: nn.Module, xs: Tensor) -> Tensor:
    u, v, b, d = (w.reshape(3, HIDDEN, *w.shape[1:]) for w in weights(layer))
    h, hs = torch.zeros(HIDDEN, dtype=torch.float64), []
    for x in xs:
        r = (u[0] @ x + v[0] @ h + b[0] + d[0]).sigmoid()
        z = (u[1] @ x + v[1] @ h + b[1] + d[1]).sigmoid()
        n = (u[2] @ x + b[2] + r * (v[2] @ h + d[2])).tanh()
        h = (1 - z) * n + z * h
        hs.append(h)
    return torch.stack(hs)


def test_plugin_yields_its_models() -> None:
    assert [model.name for model in seqbench_models()] == ["rnn", "lstm", "gru", "irnn", "scornn", "esn"]


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "identity"])
def test_rnn_equals_its_equation_unrolled(nonlinearity: str) -> None:
    layer = RNN(hidden_size=HIDDEN, nonlinearity=nonlinearity).build(FEATURES).double()
    expected = unrolled_rnn(layer, sequence(), nonlinearity)
    torch.testing.assert_close(layer(sequence()[None])[0][0], expected, rtol=0, atol=1e-14)


def test_lstm_equals_its_equations_unrolled_when_the_forget_bias_is_odd() -> None:
    layer = LSTM(HIDDEN, forget_bias=-0.7).build(FEATURES).double()
    outputs = layer(sequence()[None])[0][0]
    torch.testing.assert_close(outputs, unrolled_lstm(layer, sequence()), rtol=0, atol=1e-14)


def test_gru_equals_its_equations_unrolled() -> None:
    layer = GRU(HIDDEN).build(FEATURES).double()
    outputs = layer(sequence()[None])[0][0]
    torch.testing.assert_close(outputs, unrolled_gru(layer, sequence()), rtol=0, atol=1e-14)


def test_identity_is_a_matrix_product_where_tanh_is_nearly_one() -> None:
    # tanh(a) = a - a^3 / 3: with inputs of 1e-6 the two differ by less than 1e-17. torch is the oracle.
    tanh, identity = (RNN(HIDDEN, layers=3, nonlinearity=f).build(FEATURES).double() for f in ("tanh", "identity"))
    identity.load_state_dict(tanh.state_dict(), strict=True)
    for layer in (tanh, identity):
        for name, weight in layer.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(weight)
    inputs, state = 1e-6 * sequence().expand(2, -1, -1), 1e-6 * torch.ones(3, 2, HIDDEN).double()
    (outputs, last), (expected, expected_last) = identity(inputs, state), tanh(inputs, state)
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-16)
    torch.testing.assert_close(last, expected_last, rtol=0, atol=1e-16)


@pytest.mark.parametrize("initialisation", ["default", "orthogonal"])
def test_identity_starts_as_tanh_does_when_the_seed_is_the_same(initialisation: str) -> None:
    def start(nonlinearity: str) -> dict[str, Tensor]:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = RNN(HIDDEN, layers=2, nonlinearity=nonlinearity, initialisation=initialisation)
            return dict(model.build(FEATURES).named_parameters())

    tanh, identity = start("tanh"), start("identity")
    assert list(tanh) == list(identity)
    assert all(torch.equal(tanh[name], identity[name]) for name in tanh)


def test_identity_drops_between_layers_only_while_training() -> None:
    layer = RNN(hidden_size=64, layers=2, dropout=0.5, nonlinearity="identity").build(FEATURES)
    inputs = sequence()[None].float()
    (first, state), (again, _) = layer(inputs), layer(inputs)
    assert not torch.equal(first, again)
    layer.eval()
    assert torch.equal(layer(inputs)[0], layer(inputs)[0])
    assert torch.equal(layer(inputs)[1][0], state[0])  # the lower layer's own state is never dropped


@pytest.mark.parametrize("model", MODELS)
def test_sequence_in_pieces_gives_the_same_as_whole(model: RNN | LSTM | GRU) -> None:
    layer = model.build(FEATURES).double()
    whole, _ = layer(sequence()[None])
    first, state = layer(sequence()[None, :3])
    rest, _ = layer(sequence()[None, 3:], state)
    torch.testing.assert_close(torch.cat([first, rest], dim=1), whole, rtol=0, atol=1e-14)


@pytest.mark.parametrize("value", [1.0, -2.5])
def test_forget_bias_is_the_sum_of_both_forget_blocks_in_every_layer(value: float) -> None:
    layer = LSTM(HIDDEN, layers=2, forget_bias=value).build(FEATURES)
    for number in (0, 1):
        total = layer.get_parameter(f"bias_ih_l{number}") + layer.get_parameter(f"bias_hh_l{number}")
        i, f, g, o = total.detach().chunk(4)
        assert f.tolist() == [value] * HIDDEN
        assert torch.cat([i, g, o]).abs().max() <= 2 / HIDDEN**0.5  # torch's two uniform draws


def test_lstm_forgets_at_the_rate_of_its_bias_when_all_else_is_zero() -> None:
    layer = LSTM(HIDDEN, forget_bias=1.0).build(FEATURES).double()
    for name, weight in layer.named_parameters():
        if name.startswith("weight"):
            nn.init.zeros_(weight)
        else:
            weight.detach()[2 * HIDDEN : 3 * HIDDEN] = 0  # nothing new comes in: g = 0
    state = (torch.zeros(1, 1, HIDDEN).double(), torch.ones(1, 1, HIDDEN).double())
    _, (_, cell) = layer(torch.zeros(1, 10, FEATURES).double(), state)
    torch.testing.assert_close(cell, torch.ones_like(cell) / (1 + torch.tensor(-1.0).double().exp()) ** 10)


@pytest.mark.parametrize(("kind", "gates"), [(RNN, 1), (LSTM, 4), (GRU, 3)])
def test_orthogonal_start_makes_each_gate_of_each_layer_orthogonal(
    kind: type[RNN | LSTM | GRU], gates: int
) -> None:
    layer = kind(hidden_size=HIDDEN, layers=2, initialisation="orthogonal").build(FEATURES)
    for number in (0, 1):
        blocks = layer.get_parameter(f"weight_hh_l{number}").detach().chunk(gates)
        for block in blocks:
            torch.testing.assert_close(block @ block.T, torch.eye(HIDDEN))
        assert len({tuple(block.flatten().tolist()) for block in blocks}) == gates


@pytest.mark.parametrize("initialisation", ["default", "orthogonal"])
@pytest.mark.parametrize("model", MODELS)
def test_build_repeats_to_the_bit_when_the_global_seed_is_the_same(
    model: RNN | LSTM | GRU, initialisation: str
) -> None:
    def numbers(seed: int) -> Tensor:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            layer = dataclasses.replace(model, initialisation=initialisation).build(FEATURES)
        return nn.utils.parameters_to_vector(layer.parameters())

    assert torch.equal(numbers(1), numbers(1))
    assert not torch.equal(numbers(1), numbers(2))


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_parameters_reach_the_layer(kind: type[RNN | LSTM | GRU]) -> None:
    layer = kind(hidden_size=6, layers=3, dropout=0.25).build(FEATURES)
    assert (layer.input_size, layer.hidden_size, layer.num_layers, layer.dropout) == (FEATURES, 6, 3, 0.25)
    assert layer(torch.zeros(2, STEPS, FEATURES))[0].shape == (2, STEPS, 6)


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_size": 0}, "hidden_size is 0"),
        ({"layers": 0}, "layers is 0"),
        ({"layers": 2, "dropout": 1.0}, "below 1"),
        ({"layers": 2, "dropout": -0.1}, "at least 0"),
        ({"dropout": 0.5}, "there is one layer only; set layers to 2 or more"),
        ({"initialisation": "xavier"}, "'default' or 'orthogonal'"),
    ],
)
def test_parameter_without_sense_is_refused(
    kind: type[RNN | LSTM | GRU], parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**parameters)


def test_nonlinearity_or_forget_bias_without_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="nonlinearity is 'gelu'"):
        RNN(nonlinearity="gelu")
    with pytest.raises(ValueError, match="forget_bias is nan"):
        LSTM(forget_bias=float("nan"))


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(
    ("ours", "torchs"),
    [(RNN, nn.RNN), (LSTM, nn.LSTM), (GRU, nn.GRU)],
    ids=["rnn", "lstm", "gru"],
)
def test_own_passes_equal_torchs_to_rounding(
    ours: type[RNN | LSTM | GRU], torchs: type[nn.RNNBase], layers: int
) -> None:
    # Longer than one piece, with a state handed in, and with a loss on the last state too.
    layer = ours(hidden_size=HIDDEN, layers=layers).build(FEATURES).double()
    reference = torchs(FEATURES, HIDDEN, layers, batch_first=True).double()
    reference.load_state_dict(layer.state_dict())
    rng = torch.Generator().manual_seed(1)
    inputs, weight = (torch.randn(3, 150, size, dtype=torch.float64, generator=rng) for size in (FEATURES, HIDDEN))
    parts = [torch.randn(layers, 3, HIDDEN, dtype=torch.float64, generator=rng) for _ in range(1 + (ours is LSTM))]
    found = []
    for each in (layer, reference):
        given, *state = (part.clone().requires_grad_() for part in (inputs, *parts))
        outputs, last = each(given, tuple(state) if ours is LSTM else state[0])
        lasts = last if ours is LSTM else (last,)
        loss = (outputs * weight).sum() + sum(part.square().sum() for part in lasts)
        found.append([outputs, *lasts, *torch.autograd.grad(loss, [given, *state, *each.parameters()])])
    for mine, theirs in zip(*found, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-11, atol=1e-11)


def test_own_passes_of_relu_equal_torchs_and_frozen_weights_get_no_gradient() -> None:
    layer = RNN(hidden_size=HIDDEN, nonlinearity="relu").build(FEATURES).double()
    reference = nn.RNN(FEATURES, HIDDEN, nonlinearity="relu", batch_first=True).double()
    reference.load_state_dict(layer.state_dict())
    gradients = []
    for each in (layer.requires_grad_(False), reference):
        inputs = sequence()[None].requires_grad_()
        each(inputs)[0].square().sum().backward()
        gradients.append(inputs.grad)
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)
    assert [parameter.grad for parameter in layer.parameters()] == [None] * 4
    assert all(bool((parameter.grad != 0).any()) for parameter in reference.parameters())
