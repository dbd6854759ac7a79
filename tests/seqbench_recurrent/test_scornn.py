"""Tests the orthogonal RNN against its equations step by step, and that V stays orthogonal while it is trained.

Modules: seqbench_recurrent.cayley, seqbench_recurrent.irnn.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from seqbench_recurrent.cayley import CayleyRNN, skew_symmetric
from seqbench_recurrent.irnn import IRNN
from seqbench_recurrent.scornn import ScoRNN
from torch import Tensor, nn

from seqbench import SequenceClass, Values
from seqbench.network.learning_rates import optimiser_groups
from seqbench.network.network import build_network
from seqbench.testing import run_checks

FEATURES, HIDDEN = 3, 6


def layer(size: int = HIDDEN, negative: int = 2) -> CayleyRNN:
    """Return a layer in float64 that is no longer at its start: A is full, and m has both signs."""
    torch.manual_seed(0)
    made = CayleyRNN(FEATURES, size, negative=negative).double()
    with torch.no_grad():
        for weights in made.parameters():
            weights += 0.3 * torch.randn_like(weights)
    return made


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def by_steps(made: CayleyRNN, inputs: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """Return h_t of all t, as the paper's equations say."""
    size = len(made.signs)
    a = torch.zeros(size, size, dtype=torch.float64)
    places = [(i, j) for i in range(size) for j in range(i + 1, size)]
    for number, (i, j) in enumerate(places):
        unit = torch.zeros(size, size, dtype=torch.float64)
        unit[i, j], unit[j, i] = 1.0, -1.0
        a = a + made.skew[number] * unit
    one = torch.eye(size, dtype=torch.float64)
    v = torch.linalg.inv(one + a) @ (one - a) @ torch.diag(made.signs)
    outputs = []
    for x in inputs.unbind(1):
        sums = x @ made.weight_ih.T + h @ v.T
        h = torch.sign(sums) * torch.relu(sums.abs() + made.threshold)
        outputs.append(h)
    return torch.stack(outputs, dim=1), h


def test_outputs_and_gradients_equal_those_of_the_equations() -> None:
    made, weight = layer(), noise(4, 150, HIDDEN)  # longer than two blocks
    found = []
    for run in (made, lambda inputs, state: by_steps(made, inputs, state)):
        inputs, state = noise(4, 150, FEATURES).requires_grad_(), noise(4, HIDDEN).requires_grad_()
        outputs, last = run(inputs, state)
        loss = (outputs * weight).sum() + last.square().sum()
        found.append([outputs, last, *torch.autograd.grad(loss, [inputs, state, *made.parameters()])])
    for mine, theirs in zip(*found, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-11, atol=1e-11)
    assert bool((found[0][0] == 0).any())  # thresholds below 0 cut some numbers off


def test_transposed_v_is_another_layer() -> None:
    made, inputs, state = layer(), noise(2, 20, FEATURES), noise(2, HIDDEN)
    expected, _ = by_steps(made, inputs, state)
    with torch.no_grad():
        made.skew.neg_()  # the transform of -A is that of A, transposed
    assert not torch.allclose(made(inputs, state)[0], expected, atol=1e-3)


@pytest.mark.parametrize("model", [ScoRNN(HIDDEN, 2, residual=True, norm="layer"), IRNN(HIDDEN, 2)])
def test_pieces_of_any_length_give_the_same_as_the_whole(model: ScoRNN | IRNN) -> None:
    made, inputs = model.build(FEATURES).double(), noise(2, 600, FEATURES)
    whole, last = made(inputs)
    pieces, state = [], None
    for piece in inputs.split([1, 2, 7, 64, 512, 14], dim=1):
        outputs, state = made(piece, state)
        pieces.append(outputs)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=0, atol=1e-10)
    assert isinstance(state, Tensor) == isinstance(last, Tensor)


def test_v_is_orthogonal_before_and_after_training() -> None:
    made = CayleyRNN(FEATURES, 40, negative=13).double()
    optimizer = torch.optim.Adam(made.parameters(), lr=0.1)
    inputs = noise(4, 30, FEATURES)
    start = made.recurrent_weight().detach()
    for _ in range(10):
        v = made.recurrent_weight().detach()
        assert float((v @ v.T - torch.eye(40)).abs().max()) < 1e-12
        assert float(torch.linalg.det(v)) == pytest.approx(-1)  # 13 numbers of D are -1
        optimizer.zero_grad()
        (made(inputs)[0] - 1).square().mean().backward()
        optimizer.step()
    assert float((made.recurrent_weight().detach() - start).abs().max()) > 0.5


@pytest.mark.parametrize("size", [2, 7, 8])
def test_v_starts_with_turns_between_0_and_a_right_angle(size: int) -> None:
    made = CayleyRNN(FEATURES, size, negative=0).double()
    turns = torch.linalg.eigvals(made.recurrent_weight()).angle().abs()
    assert bool((turns <= math.pi / 2).all())
    assert int((turns > 1e-6).sum()) == 2 * (size // 2)
    blocks = skew_symmetric(made.skew.detach(), size)
    assert int((blocks != 0).sum()) == 2 * (size // 2)


def test_start_carries_a_state_unchanged_in_size_over_1000_steps() -> None:
    made = CayleyRNN(FEATURES, HIDDEN, negative=3).double()
    state = noise(2, HIDDEN)
    _, last = made(torch.zeros(2, 1000, FEATURES, dtype=torch.float64), state)
    torch.testing.assert_close(last.norm(dim=1), state.norm(dim=1), rtol=1e-11, atol=0)


def test_a_is_trained_at_a_tenth_of_the_rate_in_every_layer_and_direction() -> None:
    network = build_network(ScoRNN(HIDDEN, 2, bidirectional=True), Values(FEATURES), SequenceClass(2), 4)
    rest, of_a = optimiser_groups(network, 1e-3, 0.0)
    assert (rest["lr"], of_a["lr"]) == (1e-3, 1e-4)
    assert [weights.numel() for weights in of_a["params"]] == [HIDDEN * (HIDDEN - 1) // 2] * 4


def test_mixed_precision_leaves_the_recurrence_in_float32() -> None:
    made, inputs = layer().float(), noise(2, 20, FEATURES).float()
    with torch.autocast("cpu", torch.bfloat16):
        mixed, _ = made(inputs.bfloat16())
    assert torch.equal(mixed, made(inputs.bfloat16().float())[0])


@pytest.mark.parametrize("identity", [1.0, 0.01])
def test_irnn_starts_as_the_paper_says_and_is_a_network_of_rectified_units(identity: float) -> None:
    made: Any = IRNN(64, 2, identity=identity).build(32)
    for number in (0, 1):
        u, v, b, d = (
            made.get_parameter(f"{name}_l{number}").detach()
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        assert torch.equal(v, identity * torch.eye(64))
        assert not b.any()
        assert not d.any()
        assert float(u.std()) == pytest.approx(1e-3, rel=0.1)
        assert abs(float(u.mean())) < 1e-4
    made.double()
    theirs = nn.RNN(32, 64, 2, nonlinearity="relu", batch_first=True).double()
    theirs.load_state_dict(made.state_dict())
    torch.testing.assert_close(made(noise(2, 70, 32))[0], theirs(noise(2, 70, 32))[0], rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        (ScoRNN, {"negative": 1.5}, "negative is 1.5"),
        (ScoRNN, {"hidden_size": 1}, "hidden_size is 1"),
        (IRNN, {"identity": 0.0}, "identity is 0.0"),
        (IRNN, {"dropout": 0.5}, "there is one layer only"),
    ],
)
def test_parameter_without_sense_is_refused(kind: type[ScoRNN | IRNN], parameters: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**parameters)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [ScoRNN, IRNN])
def test_contract_in_both_directions(kind: type[ScoRNN | IRNN]) -> None:
    model = kind(8, 2, bidirectional=True, residual=True, norm="rms", dropout=0.5)
    assert [(one.id, one.message) for one in run_checks(model) if one.status == "failed"] == []
