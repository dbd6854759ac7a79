"""Tests classic layers in both directions, with residual connections and with norms, against torch's own.

Modules: seqbench_recurrent.directions.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from seqbench_recurrent.classic import Classic
from seqbench_recurrent.directions import BothWays
from seqbench_recurrent.models import GRU, LSTM, RNN
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqbench import Catalog, ContractError, Experiment, SequenceClass, Stack, Values
from seqbench.experiment.schema import Training
from seqbench.network.network import build_network
from seqbench.network.weight_groups import weight_groups
from seqbench.plugins.grid import expand
from seqbench.testing import run_checks
from seqbench.training.chunk_policy import chunking_of
from tests.toys import Last

FEATURES, HIDDEN, STEPS = 3, 5, 9
LENGTHS = torch.tensor([9, 4, 7, 1])
KINDS = [(RNN, nn.RNN), (LSTM, nn.LSTM), (GRU, nn.GRU)]
KEYS = {"rnn": "c2ab8737bdaf9e877e43", "lstm": "e07b81a5ad67b96e319b", "gru": "da2754e71088c5b602e1"}
"""Keys of cells before there were bidirectional, residual and norm."""


def built(model: Classic, seed: int = 0) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return model.build(FEATURES)


def batch(seed: int = 0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(len(LENGTHS), STEPS, FEATURES, dtype=torch.float64, generator=rng)


def real() -> Tensor:
    return torch.arange(STEPS) < LENGTHS[:, None]


def twin(layers: Stack, kind: type[nn.RNNBase]) -> nn.RNNBase:
    """Return torch's bidirectional layers with the same weights."""
    theirs = kind(FEATURES, HIDDEN, len(layers.layers), batch_first=True, bidirectional=True).double()
    with torch.no_grad():
        for number, both in enumerate(layers.layers):
            for end, one in (("", both.forth), ("_reverse", both.back)):
                for name, weight in one.named_parameters():
                    theirs.get_parameter(f"{name[:-1]}{number}{end}").copy_(weight)
    return theirs


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_key_of_a_cell_when_what_came_later_is_off_is_as_before(kind: type[Classic]) -> None:
    def key(**more: Any) -> str:
        own = {"hidden_size": 12, "layers": 2, "dropout": 0.25, **more}
        fields = {"tasks": ["last"], "models": [kind.name], "lengths": [16], "parameters": {kind.name: own}}
        (cell,) = expand(Experiment.model_validate(fields), Catalog({"last": Last}, {kind.name: kind}))
        return cell.key

    assert key() == key(bidirectional=False, residual=False, norm="none") == KEYS[kind.name]
    assert len({key(), key(bidirectional=True), key(residual=True), key(norm="rms")}) == 4


@pytest.mark.parametrize(("ours", "torchs"), KINDS)
def test_plain_layers_start_with_the_bits_of_torchs(ours: type[Classic], torchs: type[nn.RNNBase]) -> None:
    torch.manual_seed(1)
    expected = torchs(FEATURES, HIDDEN, 2, batch_first=True).state_dict()
    found = built(ours(HIDDEN, 2), seed=1).state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], expected[name]) for name in found if "weight" in name or ours is not LSTM)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("ours", "torchs"), KINDS)
def test_both_directions_equal_torchs_packed_layers(
    ours: type[Classic], torchs: type[nn.RNNBase], layers: int
) -> None:
    model = ours(HIDDEN, layers, bidirectional=True)
    layer = built(model).double()
    reference, found = twin(layer, torchs), []
    weight = torch.randn(2 * HIDDEN, generator=torch.Generator().manual_seed(1)).double()
    for each in (layer, reference):
        inputs = batch().requires_grad_()
        if each is layer:
            outputs, state = layer(inputs, None, lengths=LENGTHS)
            assert state is None
        else:
            packed = pack_padded_sequence(inputs, LENGTHS, batch_first=True, enforce_sorted=False)
            outputs, _ = pad_packed_sequence(each(packed)[0], batch_first=True)
        outputs = outputs * real()[..., None]
        slopes = torch.autograd.grad((outputs.square() * weight).sum(), [inputs, *each.parameters()])
        found.append([outputs, slopes[0], *sorted(slopes[1:], key=lambda slope: float(slope.sum()))])
    for mine, theirs in zip(*found, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    "model", [RNN(HIDDEN, nonlinearity="identity"), GRU(HIDDEN, 2, residual=True, norm="rms")]
)
def test_padding_reaches_no_output_of_real_steps(model: Classic) -> None:
    layer = built(dataclasses.replace(model, bidirectional=True)).double()
    one = batch().requires_grad_()
    other = torch.where(real()[..., None], batch(), 9 * batch(1))
    outputs = layer(one, None, lengths=LENGTHS)[0]
    assert torch.equal(outputs[real()], layer(other, None, lengths=LENGTHS)[0][real()])
    (slope,) = torch.autograd.grad(outputs[real()].square().sum(), one)
    assert not slope[~real()].any()
    assert slope[real()].all()
    # Without the lengths it does: the property is one that a layer can break.
    assert not torch.allclose(layer(batch())[0][real()], layer(other)[0][real()])


def test_row_alone_gives_what_it_gives_beside_longer_ones() -> None:
    layer = built(LSTM(HIDDEN, 2, bidirectional=True)).double()
    outputs = layer(batch(), None, lengths=LENGTHS)[0]
    for row, steps in enumerate(LENGTHS.tolist()):
        alone = layer(batch()[row : row + 1, :steps])[0]
        torch.testing.assert_close(outputs[row, :steps], alone[0], rtol=0, atol=1e-14)


def test_dropout_between_two_layers_acts_on_both_directions() -> None:
    layer, seen = built(GRU(32, 2, dropout=0.5, bidirectional=True)), []
    layer.layers[1].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    layer(batch().float())
    layer.eval()(batch().float())
    halves = [half for given in seen for half in given.chunk(2, dim=2)]
    assert [0.4 < float((half == 0).float().mean()) < 0.6 for half in halves] == [True, True, False, False]


def test_initialisation_and_forget_bias_act_in_every_layer_and_direction() -> None:
    parameters: dict[str, Any] = {"initialisation": "orthogonal", "bidirectional": True}
    layers = built(LSTM(HIDDEN, 2, forget_bias=-3.0, **parameters))
    ones = [one for one in layers.modules() if isinstance(one, nn.RNNBase)]
    assert len(ones) == 4
    for one in ones:
        biases = one.get_parameter("bias_ih_l0") + one.get_parameter("bias_hh_l0")
        assert biases.chunk(4)[1].tolist() == [-3.0] * HIDDEN
        for block in one.get_parameter("weight_hh_l0").chunk(4):
            torch.testing.assert_close(block @ block.T, torch.eye(HIDDEN))
    assert not torch.equal(ones[0].get_parameter("weight_hh_l0"), ones[1].get_parameter("weight_hh_l0"))


def test_groups_hold_u_and_v_of_every_layer_and_direction() -> None:
    model = LSTM(HIDDEN, 2, bidirectional=True, residual=True)
    network = build_network(model, Values(FEATURES), SequenceClass(2), 4)
    assert {name: len(group) for name, group in weight_groups(network).items() if name in "UV"} == {"U": 4, "V": 4}
    assert network.head.in_features == 2 * HIDDEN
    assert network.state_size == 0
    with pytest.raises(ContractError, match="truncate is 4, and the layer looks ahead"):
        chunking_of(network, Training(truncate=4), FEATURES, STEPS)


def test_parts_of_the_state_are_those_of_each_layer() -> None:
    assert LSTM(layers=2).state_parts == ("hidden", "cell")
    assert LSTM(layers=2, norm="rms").state_parts == ("hidden_0", "cell_0", "hidden_1", "cell_1")
    assert GRU(residual=True).state_parts == ("hidden",)


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_dropout_is_refused_where_it_would_do_nothing_and_only_there(kind: type[Classic]) -> None:
    for parameters in ({}, {"norm": "layer"}, {"bidirectional": True}):
        with pytest.raises(ValueError, match="set layers to 2 or more, residual to true, or dropout to 0"):
            kind(dropout=0.5, **parameters)
    layer = built(kind(32, dropout=0.5, residual=True))
    assert not torch.equal(layer(batch().float())[0], layer(batch().float())[0])


def test_residual_block_is_its_equation_with_torchs_layers() -> None:
    layers = built(LSTM(HIDDEN, 2, residual=True, norm="layer")).double()
    x = nn.functional.linear(batch(), layers.enter.weight, layers.enter.bias)
    for number in range(2):
        theirs = nn.LSTM(HIDDEN, HIDDEN, batch_first=True).double()
        theirs.load_state_dict(layers.layers[number].state_dict())
        x = x + theirs(nn.functional.layer_norm(x, (HIDDEN,)))[0]
    expected = nn.functional.layer_norm(x, (HIDDEN,))
    torch.testing.assert_close(layers(batch())[0], expected, rtol=0, atol=1e-12)
    assert not any(isinstance(each, BothWays) for each in layers.modules())


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [{"bidirectional": True}, {"bidirectional": True, "residual": True}, {"residual": True, "norm": "rms"}],
)
@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_contract(kind: type[Classic], parameters: dict[str, Any]) -> None:
    outcomes = run_checks(kind(HIDDEN, 2, dropout=0.5, **parameters))
    assert [(one.id, one.message) for one in outcomes if one.status == "failed"] == []
