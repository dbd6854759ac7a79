"""Tests the parameters of xlstm, what it names, and its number of weights."""

from __future__ import annotations

import pytest
import torch
from seqbench_xlstm import seqbench_models
from seqbench_xlstm.model import XLSTM
from torch import nn

from seqbench import SequenceClass, Tokens
from seqbench.contracts.examples import Batch
from seqbench.gradients.measure import measure_flow
from seqbench.gradients.part_names import check_names
from seqbench.network.network import build_network
from seqbench.testing import checks_for


def weights(layer: nn.Module) -> int:
    return sum(parameter.numel() for parameter in layer.parameters())


def test_plugin_yields_the_model() -> None:
    assert [model.name for model in seqbench_models()] == ["xlstm"]


@pytest.mark.parametrize(
    ("ratio", "kinds"), [("1:1", "msms"), ("1:0", "mmmm"), ("0:1", "ssss"), ("3:1", "mmms"), ("7:1", "mmmm")]
)
def test_ratio_says_which_layers_are_which(ratio: str, kinds: str) -> None:
    model = XLSTM(hidden_size=8, layers=4, ratio=ratio)
    assert [kind[0] for kind in model.kinds] == list(kinds)
    names = [type(layer).__name__ for layer in model.build(3).layers]
    assert [name for name in names if name != "GatedMLP"] == [{"m": "MLSTM", "s": "SLSTM"}[k] for k in kinds]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"ratio": "7"}, "ratio is '7'; write how many mLSTM"),
        ({"ratio": "0:0"}, "ratio is '0:0'"),
        ({"hidden_size": 30}, "hidden_size is 30 and heads is 4"),
        ({"up_size": 30}, "up_size is 30; it must be a multiple"),
        ({"heads": 0}, "heads is 0"),
        ({"norm": "batch"}, "norm is 'batch'"),
        ({"dropout": 1.0}, "below 1"),
    ],
)
def test_parameter_without_sense_is_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        XLSTM(**parameters)


def test_any_width_will_do_without_slstm() -> None:
    assert XLSTM(hidden_size=33, ratio="1:0").build(5)(torch.zeros(2, 3, 5))[0].shape == (2, 3, 33)


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("layers", [1, 3])
def test_names_fit_the_layer(layers: int, residual: bool) -> None:
    model = XLSTM(hidden_size=8, layers=layers, heads=2, ratio="1:2", residual=residual)
    network = build_network(model, Tokens(5), SequenceClass(3), 8)
    check_names(network)
    groups = model.weight_groups(network.layer)
    assert len(groups["V"]) == max(0, layers - 1)
    assert len(groups["U"]) == 5 + 2 * (layers - 1)  # the gates of an mLSTM have a bias


def test_gradients_flow_back_through_every_part_of_the_state() -> None:
    torch.manual_seed(0)
    network = build_network(XLSTM(hidden_size=8, heads=2), Tokens(5), SequenceClass(3), 8)
    for parameter in network.layer.parameters():
        # At the start R is 0, and |n q| below 1, so that nothing depends on the normaliser of an mLSTM.
        parameter.detach().add_(torch.randn_like(parameter))
    batch = Batch(torch.randint(5, (2, 70)), torch.tensor([0, 2]), torch.tensor([70, 60]))
    flow = measure_flow(network, batch, draws=1, lags=8)
    parts = {curve.part for curve in flow.curves if curve.quantity == "state"}
    assert parts == {"all", *network.model.state_parts}
    for part in ("all", "memory_0", "normaliser_0", "hidden_1", "cell_1", "normaliser_1"):
        assert all(value is not None and value > 0 for value in flow.curve("state", part).median), part


@pytest.mark.parametrize(("wanted", "width"), [(10_000, 24), (30_000, 44), (100_000, 84)])
def test_sizes_come_near_any_number_of_weights(wanted: int, width: int) -> None:
    least = weights(XLSTM(hidden_size=width, mlp_size=1).build(32))
    size = 1 + round((wanted - least) / (3 * width))
    assert abs(weights(XLSTM(hidden_size=width, mlp_size=size).build(32)) / wanted - 1) < 0.005
    assert 0.8 < size / (width * 4 / 3) < 1.6


def test_mlp_size_is_finer_than_hidden_size() -> None:
    assert XLSTM(layers=2).width_parameters == ("hidden_size", "mlp_size")
    assert XLSTM(layers=1).width_parameters == ("hidden_size", "up_size")
    one, two = (weights(XLSTM(hidden_size=24, mlp_size=size).build(32)) for size in (32, 33))
    assert two - one == 3 * 24


@pytest.mark.slow
@checks_for(XLSTM(hidden_size=32, layers=3, ratio="1:2", residual=False, norm="rms"))
def test_contract_of_other_parameters(check) -> None:  # type: ignore[no-untyped-def]
    check()
