"""Tests the echo state network against its equations, and that only the head is trained.

Modules: seqbench_recurrent.reservoir, seqbench.training.time_estimate.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from seqbench_recurrent.esn import ESN
from seqbench_recurrent.reservoir import Reservoir, drawn_v
from torch import Tensor

from seqbench import Batch, Catalog, Experiment, PluginError, StepClass, Tokens
from seqbench.cli.main import cli
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Training
from seqbench.network.network import build_network
from seqbench.plugins.grid import expand
from seqbench.training.cell import run_cell
from seqbench.training.chunk_policy import chunking_of
from seqbench.training.preflight import check_data
from seqbench.training.time_estimate import train_seconds
from tests.toys import Last

FEATURES, HIDDEN = 3, 12


def built(seed: int = 0, **parameters: Any) -> Reservoir:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layer = ESN(HIDDEN, **parameters).build(FEATURES).double()
    assert isinstance(layer, Reservoir)
    return layer


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_steps(layer: Reservoir, xs: Tensor, h: Tensor) -> Tensor:
    """Return h_t of one sequence, as the equation says."""
    hs = []
    for x in xs:
        h = (1 - layer.leak) * h + layer.leak * torch.tanh(layer.u @ x + layer.v @ h + layer.b)
        hs.append(h)
    return torch.stack(hs)


@pytest.mark.parametrize("leak", [1.0, 0.3])
def test_outputs_and_gradients_equal_those_of_the_equation(leak: float) -> None:
    layer, xs, h = built(leak=leak), noise(50, FEATURES).requires_grad_(), noise(HIDDEN).requires_grad_()
    outputs, last = layer(xs[None], h[None])
    expected = by_steps(layer, xs, h)
    torch.testing.assert_close(outputs[0], expected, rtol=0, atol=1e-14)
    torch.testing.assert_close(last[0], expected[-1], rtol=0, atol=1e-14)
    slopes = [torch.autograd.grad(one.square().sum(), [xs, h]) for one in (outputs, expected)]
    for mine, theirs in zip(*slopes, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-11, atol=1e-12)
    transposed = built(leak=leak)
    transposed.v = transposed.v.T
    assert not torch.allclose(transposed(xs[None], h[None])[0][0], expected, atol=1e-3)


def test_pieces_of_any_length_give_the_same_as_the_whole() -> None:
    layer, inputs = built(leak=0.5), noise(2, 600, FEATURES)
    pieces, state = [], None
    for piece in inputs.split([1, 2, 7, 64, 512, 14], dim=1):
        outputs, state = layer(piece, state)
        pieces.append(outputs)
    torch.testing.assert_close(torch.cat(pieces, dim=1), layer(inputs)[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("size", "connections"), [(1, 1), (2, 1), (3, 1), (7, 3), (9, 20)])
def test_v_is_sparse_and_has_the_radius_that_was_asked_for(size: int, connections: int) -> None:
    for seed in range(5):
        torch.manual_seed(seed)
        v = drawn_v(size, connections, 0.8)
        assert (v != 0).sum(dim=1).tolist() == [min(connections, size)] * size
        assert float(torch.linalg.eigvals(v.double()).abs().max()) == pytest.approx(0.8, rel=1e-6)


def test_input_weights_are_uniform_within_the_scale_over_the_root_of_the_features() -> None:
    layer = ESN(300, input_scale=3.0, spectral_radius=0.5, connections=1).build(8)
    for weights in (layer.u, layer.b):
        assert float(weights.abs().max()) == pytest.approx(1.0, rel=0.05)
        assert abs(float(weights.mean())) < 0.1


@pytest.mark.parametrize(("radius", "forgets"), [(0.9, True), (3.0, False)])
def test_network_forgets_how_it_began_when_the_radius_is_below_1(radius: float, forgets: bool) -> None:
    layer, inputs = built(spectral_radius=radius), 0.1 * noise(1, 400, FEATURES)
    one, other = (layer(inputs, noise(1, HIDDEN, seed=seed))[1] for seed in (1, 2))
    assert (float((one - other).norm()) < 1e-6) == forgets


def cell(task: type[Last] = Last) -> tuple[Cell, Catalog]:
    catalog = Catalog({"last": task}, {"esn": ESN})
    fields = {
        "tasks": ["last"],
        "models": ["esn"],
        "lengths": [5],
        "training": {"steps": 60, "batch_size": 16, "validate_every": 30, "learning_rate": 0.05},
        "gradients": {"examples": 4, "draws": 1},
    }
    return expand(Experiment.model_validate(fields), catalog)[0], catalog


def test_gradients_that_do_not_flow_are_not_truncated() -> None:
    small, catalog = cell()
    with pytest.raises(PluginError, match="model esn: .* of which no weight is trained: .* leave it out"):
        check_data(replace(small, training=small.training.model_copy(update={"truncate": 3})), catalog)


def test_cell_counts_and_measures_the_head_alone_and_learns() -> None:
    record = run_cell(*cell())
    assert record.status == "ok", record.traceback
    assert record.costs is not None
    assert (record.costs.parameters, record.costs.layer_parameters, record.costs.state_size) == (
        128 * 4 + 4,
        0,
        128,
    )
    assert record.gradients is not None
    assert record.gradients.problems == ()
    assert record.gradients.norms is not None
    assert list(record.gradients.norms.groups) == ["W", "other"]
    before, after = (at.flow.curve("state").median for at in record.gradients.flows)
    assert all(norm is not None and norm > 0 for norm in (*before, *after))
    assert record.test is not None
    assert record.test.scores["accuracy"] > 0.5  # guessing: 0.25


def test_step_moves_the_head_and_sends_no_gradient_through_time() -> None:
    torch.manual_seed(0)
    network = build_network(ESN(HIDDEN), Tokens(5), StepClass(3), 4)
    tokens, targets = torch.randint(5, (2, 700)), torch.randint(3, (2, 700))
    batch = Batch(tokens, targets, torch.tensor([700, 700]))
    assert not network.is_trained_through
    assert not network.hidden(tokens)[0].requires_grad
    for recompute in ("auto", True):
        network.chunking = chunking_of(network, Training(recompute=recompute), 4, 700)  # type: ignore[arg-type]
        assert not network.chunking.recompute
        network.zero_grad()
        network.loss(batch).backward()  # type: ignore[no-untyped-call]
    moved = [name for name, weights in network.named_parameters() if weights.grad is not None]
    assert moved == ["head.weight", "head.bias"]


def test_show_says_what_is_not_trained() -> None:
    told = CliRunner().invoke(cli, ["show", "esn"]).output
    assert "0 trainable parameters" in told
    assert "the embedding of tokens is not trained" in told
    assert "is not trained" not in CliRunner().invoke(cli, ["show", "gru"]).output
    assert json.loads(CliRunner().invoke(cli, ["show", "esn", "--json"]).output)["trains_embedding"] is False


def test_time_of_training_is_estimated_from_the_forward_pass() -> None:
    (seconds,) = train_seconds([cell()[0]], cell()[1], lambda _: 5)
    assert 0 < seconds < 60


def test_mixed_precision_leaves_the_state_in_float32() -> None:
    layer, inputs = built(leak=0.3).float(), noise(2, 20, FEATURES).float()
    with torch.autocast("cpu", torch.bfloat16):
        outputs, _ = layer(inputs)
    assert torch.equal(outputs, layer(inputs)[0])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"leak": 0.0}, "leak is 0.0"),
        ({"leak": 1.1}, "leak is 1.1"),
        ({"spectral_radius": 0.0}, "spectral_radius is 0.0"),
        ({"connections": 0}, "connections is 0"),
        ({"spectral_radius": 1e7}, "spectral_radius is 10000000.0; it must be above 0 and at most 1000000"),
        ({"input_scale": 1e30}, r"input_scale is 1e\+30; it must be above 0 and at most 1000000"),
        ({"input_scale": float("nan")}, "input_scale is nan"),
    ],
)
def test_parameter_without_sense_is_refused(parameters: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ESN(**parameters)
