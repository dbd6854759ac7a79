"""Tests gradient flow against an oracle: cells stepped one by one from their equations, in float64."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench.base.seeds import generator
from seqbench.contracts.examples import UNSCORED, Batch
from seqbench.contracts.inputs import Tokens, Values
from seqbench.contracts.targets import SequenceClass, StepClass, Transcript
from seqbench.errors import ContractError
from seqbench.gradients.flow import Curve, Flow, Horizon, Quantity, summarise_flow, summarise_input
from seqbench.gradients.measure import lag_grid, last_scored, measure_flow
from seqbench.network.network import Network

HIDDEN, SYMBOLS, CLASSES = 5, 4, 3
KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
RAGGED = (12, 9, 1, 5, 12)


def network(kind: str, layers: int = 1, dropout: float = 0.0) -> Network:
    torch.manual_seed(1)
    layer = KINDS[kind](6, HIDDEN, layers, batch_first=True, dropout=dropout)
    # Larger weights than torch's, so that no gate is near its middle and no gradient is negligible.
    for weight in layer.parameters():
        weight.detach().mul_(2)
    return Network(layer, Tokens(SYMBOLS), StepClass(CLASSES), embedding_size=6)


def batch_of(lengths: tuple[int, ...]) -> Batch:
    """Return tokens with two of three steps scored, padded as `Split.batch` pads."""
    draw = generator(5, "batch")
    inputs = torch.randint(SYMBOLS, (len(lengths), max(lengths)), generator=draw)
    targets = torch.randint(CLASSES, inputs.shape, generator=draw)
    steps = torch.arange(max(lengths))
    targets[:, 1::3] = UNSCORED
    targets[steps >= torch.tensor(lengths)[:, None]] = UNSCORED
    return Batch(inputs, targets, torch.tensor(lengths))


def cell(kind: str, x: Tensor, state: list[Tensor], weights: list[Tensor]) -> list[Tensor]:
    """One step of one layer, from the equations; the new state is [h] or [h, c]."""
    u, v, b, d = weights
    h = state[0]
    if kind == "rnn":
        return [torch.tanh(u @ x + b + v @ h + d)]
    if kind == "lstm":
        i, f, g, o = (u @ x + b + v @ h + d).chunk(4)
        c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
        return [o.sigmoid() * c.tanh(), c]
    (ur, uz, un), (vr, vz, vn) = (u @ x + b).chunk(3), (v @ h + d).chunk(3)
    r, z = (ur + vr).sigmoid(), (uz + vz).sigmoid()
    return [(1 - z) * (un + r * vn).tanh() + z * h]


class Unrolled:
    """One example, stepped cell by cell.

    states[t][layer][part] is the state after t steps, as the next step reads it; outputs[t] what the head
    reads of step t + 1: two copies of the same h, so that each has a gradient of its own.
    """

    def __init__(self, kind: str, net: Network, inputs: Tensor, detach_at: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        layer: Any = net.layer
        weights = [[w.detach().double() for w in group] for group in layer.all_weights]
        self.embedded = [row.detach().double().requires_grad_() for row in net.embedding(inputs)]
        parts = 2 if kind == "lstm" else 1
        state = [[torch.zeros(HIDDEN).double() for _ in range(parts)] for _ in weights]
        self.states, self.outputs = [state], []
        for step, x in enumerate(self.embedded, start=1):
            after = []
            for group, own in zip(weights, state, strict=True):
                after.append(cell(kind, x, own, group))
                x = after[-1][0]
            self.outputs.append(x.clone())
            state = [[part.clone() for part in own] for own in after]
            if step in detach_at:
                state = [[part.detach().requires_grad_() for part in own] for own in state]
            self.states.append(state)

    def flat(self, t: int) -> list[Tensor]:
        """Return the tensors of the state after t steps: all h, then all c."""
        return [own[part] for part in range(len(self.states[t][0])) for own in self.states[t]]

    def loss(self, net: Network, targets: Tensor) -> Tensor:
        scored = targets != UNSCORED
        logits = torch.stack(self.outputs)[scored] @ net.head.weight.double().T + net.head.bias.double()
        return nn.functional.cross_entropy(logits, targets[scored])


def norm(parts: list[Tensor | None]) -> float:
    return math.sqrt(sum(float((part**2).sum()) for part in parts if part is not None))


def random_vectors(lengths: list[int], shape: tuple[int, ...], parts: int, draw: int, seed: int) -> list[Tensor]:
    """Return one unit vector for each row, in the order that `measure_flow` documents: [parts, layers, hidden]."""
    stream = generator(seed, "jacobian", draw)
    found: dict[int, Tensor] = {}
    for end in sorted(set(lengths), reverse=True):
        drawn = torch.stack([torch.randn(shape, generator=stream, dtype=torch.float64) for _ in range(parts)])
        found |= {row: drawn[:, :, row] for row, length in enumerate(lengths) if length == end}
    return [found[row] / found[row].norm() for row in range(len(lengths))]


def oracle(
    kind: str, net: Network, batch: Batch, mistake: str = "", seed: int = 0, from_scored: bool = False
) -> dict[Any, list[Tensor]]:
    """Return (quantity, part) -> norms of the examples that reach each lag."""
    lengths = batch.lengths.tolist()
    layers, parts = int(net.layer.num_layers), 2 if kind == "lstm" else 1  # type: ignore[arg-type]
    cuts = set(range(1, max(lengths))) if mistake == "detached" else set()
    runs = [Unrolled(kind, net, row[:length], cuts) for row, length in zip(batch.inputs, lengths, strict=True)]
    draws = [random_vectors(lengths, (layers, len(lengths), HIDDEN), parts, draw, seed) for draw in range(3)]
    ends = lengths
    if from_scored:
        ends = [last_scored_step(row, length) for row, length in zip(batch.targets, lengths, strict=True)]
    groups: dict[str, slice] = {"all": slice(None)}
    if parts == 2 and not mistake:
        groups |= {"hidden": slice(0, layers), "cell": slice(layers, None)}
    found: dict[Any, list[Tensor]] = {}

    def add(lag_norms: dict[Any, list[float]]) -> None:
        for key, values in lag_norms.items():
            found.setdefault(key, []).append(torch.tensor(values, dtype=torch.float64))

    for lag in lag_grid(max(ends)):
        norms: dict[Any, list[float]] = {}
        gradients = []
        for row, (run, end) in enumerate(zip(runs, ends, strict=True)):
            if lag >= end:
                continue
            t = end - lag
            targets = batch.targets[row, : lengths[row]]
            loss = run.loss(net, targets) / (len(runs) if mistake == "mean loss" else 1)
            wrt = [run.outputs[t - 1]] if mistake == "output" else run.flat(t)
            state = torch.autograd.grad(loss, wrt, retain_graph=True, allow_unused=True)
            gradients.append([torch.zeros(HIDDEN).double() if part is None else part for part in state])
            for name, group in groups.items():
                norms.setdefault(("state", name), []).append(norm(list(state[group])))
            (inputs,) = torch.autograd.grad(loss, run.embedded[t - 1], retain_graph=True, allow_unused=True)
            norms.setdefault(("input", "all"), []).append(norm([inputs]))
        if mistake == "averaged":
            norms["state", "all"] = [norm([torch.stack(part).mean(0) for part in zip(*gradients, strict=True)])]
        add(norms)
    for lag in lag_grid(max(lengths)) if not mistake else ():
        norms = {("jacobian", name): [] for name in groups}
        for row, (run, length) in enumerate(zip(runs, lengths, strict=True)):
            if lag >= length:
                continue
            squares = dict.fromkeys(groups, 0.0)
            for draw in draws:
                last = list(draw[row].reshape(-1, HIDDEN))
                back = torch.autograd.grad(run.flat(length), run.flat(length - lag), last, retain_graph=True)
                for name, group in groups.items():
                    squares[name] += norm(list(back[group])) ** 2 / 3
            for name, square in squares.items():
                norms["jacobian", name].append(math.sqrt(square))
        add(norms)
    return found


def last_scored_step(targets: Tensor, length: int) -> int:
    """Count from 1; the length where nothing is scored."""
    return max((step for step in range(1, length + 1) if targets[step - 1] != UNSCORED), default=length)


def agrees(curve: Curve, norms: list[Tensor]) -> bool:
    """Are median, quartiles and n those of the norms, to 1e-9?"""
    for share, found in ((0.25, curve.q25), (0.5, curve.median), (0.75, curve.q75)):
        wanted = [float(torch.quantile(values, share)) for values in norms]
        if None in found or list(found) != pytest.approx(wanted, rel=1e-9, abs=0):
            return False
    return list(curve.n) == [len(values) for values in norms]


@pytest.mark.parametrize("lengths", [(12, 12, 12), RAGGED], ids=["equal", "ragged"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_every_curve_agrees_with_cells_stepped_one_by_one(
    kind: str, layers: int, lengths: tuple[int, ...]
) -> None:
    net, batch = network(kind, layers), batch_of(lengths)
    flow = measure_flow(net, batch)
    wanted = oracle(kind, net, batch)
    assert {(curve.quantity, curve.part) for curve in flow.curves} == set(wanted)
    for (quantity, part), norms in wanted.items():
        assert agrees(flow.curve(quantity, part), norms), (quantity, part)


def test_loss_is_felt_back_from_the_last_scored_step_of_each_row() -> None:
    net, batch = network("lstm"), batch_of(RAGGED)
    for row, silent in enumerate((3, 7, 0, 2, 5)):
        batch.targets[row, RAGGED[row] - silent :] = UNSCORED
    flow, wanted = measure_flow(net, batch, from_scored=True), oracle("lstm", net, batch, from_scored=True)
    for (quantity, part), norms in wanted.items():
        assert agrees(flow.curve(quantity, part), norms), (quantity, part)
    assert flow.curve("input").lags == tuple(range(1, 9))
    assert flow.curve("jacobian").lags == tuple(range(1, 12))
    assert flow.curve("state").median[0] > 0  # type: ignore[operator]


def test_layer_without_a_measured_state_has_a_horizon_where_the_last_steps_are_not_scored() -> None:
    torch.manual_seed(0)
    net = Network(Remembering(), Values(2), StepClass(2), 0)
    targets = torch.full((3, 20), UNSCORED)
    targets[0, 14], targets[1, 11], targets[2, 9] = 0, 1, 1
    flow = measure_flow(net, last_step_batch(3, 20)._replace(targets=targets), from_scored=True)
    # A mean of all inputs feels each of them alike: 15, 12 and 10 steps, of which the newest has no lag.
    assert flow.curve("input").n == (3,) * 9 + (2,) * 2 + (1,) * 3
    found = summarise_input(flow)
    assert found is not None
    assert str(found.horizon) == ">= 15"


def test_step_that_counts_is_the_last_scored_one_or_the_last_one() -> None:
    batch = Batch(torch.zeros(3, 4), torch.full((3, 4), UNSCORED), torch.tensor([4, 3, 4]))
    batch.targets[0, 1:3] = 0
    batch.targets[1, 0] = 0
    assert last_scored(StepClass(2), batch).tolist() == [3, 1, 4]
    assert last_scored(Transcript(2), batch).tolist() == [4, 3, 4]
    ends = Batch(batch.inputs, torch.zeros(3, dtype=torch.long), batch.lengths)
    assert last_scored(SequenceClass(2), ends).tolist() == [4, 3, 4]


@pytest.mark.slow
def test_curves_agree_where_lags_are_few_among_many_steps_and_pieces_are_rescaled() -> None:
    net, batch = network("gru"), batch_of((150, 140, 150))
    flow = measure_flow(net, batch, seed=3)
    assert len(flow.curves[0].lags) == 64
    for (quantity, part), norms in oracle("gru", net, batch, seed=3).items():
        assert agrees(flow.curve(quantity, part), norms), (quantity, part)


@pytest.mark.parametrize("mistake", ["output", "averaged", "detached", "mean loss"])
@pytest.mark.parametrize("kind", KINDS)
def test_planted_mistakes_do_not_agree(kind: str, mistake: str) -> None:
    net, batch = network(kind), batch_of((12, 12, 12))
    curve = measure_flow(net, batch).curve("state")
    assert agrees(curve, oracle(kind, net, batch)["state", "all"])
    wrong = oracle(kind, net, batch, mistake)["state", "all"]
    if mistake == "averaged":
        # One norm for the batch: not the median of three.
        wrong = [values.expand(3) for values in wrong]
    assert not agrees(curve, wrong)


class Linear(nn.Module):
    """h_t = U x_t + V h_{t-1}, V being ``gain`` times an orthogonal matrix: its Jacobian is known."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        # Made orthogonal in float64: float32 is orthogonal to 1e-7 only.
        matrix = nn.init.orthogonal_(torch.empty(HIDDEN, HIDDEN, dtype=torch.float64))
        self.matrix = nn.Parameter(gain * matrix, requires_grad=False)
        self.inputs = nn.Linear(2, HIDDEN, bias=False)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        driven = self.inputs(inputs)
        h = driven.new_zeros(len(inputs), HIDDEN) if state is None else state
        outputs = []
        for x in driven.unbind(1):
            h = x + (h.to(self.matrix.dtype) @ self.matrix).to(x)
            outputs.append(h)
        return torch.stack(outputs, 1), h


def last_step_batch(examples: int, length: int) -> Batch:
    values = torch.randn(examples, length, 2, generator=generator(0, "values"))
    return Batch(values, torch.zeros(examples, dtype=torch.long), torch.full((examples,), length))


def linear_flow(gain: float, length: int) -> Flow:
    return measure_flow(Network(Linear(gain), Values(2), SequenceClass(2), 0), last_step_batch(3, length))


@pytest.mark.parametrize("length", [60, 1000])
def test_linear_recurrence_has_its_known_gain_and_horizon(length: int) -> None:
    flow = linear_flow(0.9, length)
    found = summarise_flow(flow)
    assert found.gain_per_step == pytest.approx(0.9, rel=1e-9)
    assert found.half_life == pytest.approx(math.log(2) / -math.log(0.9), rel=1e-9)
    # 0.9**43 is 1.08% and 0.9**44 is 0.97%, counted from lag 1.
    assert found.horizon == Horizon(44, is_censored=False)
    jacobian = flow.curve("jacobian")
    assert list(jacobian.median) == pytest.approx([0.9**lag for lag in jacobian.lags], rel=1e-9, abs=0)


def test_classic_factors_over_fifty_steps_come_out() -> None:
    lag = 50
    shrunk, grown = (linear_flow(gain, 60).curve("jacobian").median[lag - 1] for gain in (0.9, 1.9))
    assert shrunk == pytest.approx(0.005153775207320115, rel=1e-9)
    assert grown == pytest.approx(8.663e13, rel=1e-3)


@pytest.mark.parametrize("gain", [0.5, 1.5])
def test_norms_that_no_float_holds_are_none_and_their_logarithms_exact(gain: float) -> None:
    flow = linear_flow(gain, 1500)
    curve = flow.curve("jacobian")
    if gain < 1:
        assert curve.median[-1] is None
        assert curve.underflow_share == 1.0
        assert "below 2.2e-308" in (curve.reason or "")
    else:
        assert curve.underflow_share == 0.0
    assert curve.ln_median[-1] == pytest.approx(1499 * math.log(gain), rel=1e-9)
    assert summarise_flow(flow).gain_per_step == pytest.approx(gain, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_default_layers_at_4096_steps_have_a_finite_number_at_every_lag(kind: str) -> None:
    torch.manual_seed(0)
    net = Network(KINDS[kind](2, 8, batch_first=True), Values(2), SequenceClass(2), 0)
    flow = measure_flow(net, last_step_batch(2, 4096), draws=1)
    for curve in flow.curves:
        assert None not in curve.ln_median
        assert curve.n == (2,) * 64
    # Default layers forget: a float64 that is not rescaled holds about 1000 steps of it.
    assert flow.curve("state").median[-1] is None
    assert summarise_flow(flow).verdict == "vanishing"
    json.dumps(asdict(flow), allow_nan=False)


class Mean(nn.Module):
    """No state: each output is a running mean of the inputs so far."""

    def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
        steps = torch.arange(1, inputs.shape[1] + 1).to(inputs)
        return inputs.cumsum(1) / steps[:, None], None


def test_stateless_layer_has_the_input_gradient_and_reasons_for_the_rest() -> None:
    torch.manual_seed(0)
    net = Network(Mean(), Values(2), SequenceClass(2), 0)
    flow = measure_flow(net, last_step_batch(3, 20))
    # An input's share in the last mean is 1/20 at any place.
    inputs = flow.curve("input")
    assert inputs.reason is None
    assert list(inputs.median) == pytest.approx([inputs.median[0]] * 19)
    quantities: tuple[Quantity, ...] = ("state", "jacobian")
    for quantity in quantities:
        assert flow.curve(quantity).median == (None,) * 19
        assert "no state" in (flow.curve(quantity).reason or "")
    assert summarise_flow(flow).gain_per_step is None


class Remembering(nn.Module):
    """A running mean again, with all inputs so far as its state."""

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        seen = inputs if state is None else torch.cat([state, inputs], 1)
        steps = torch.arange(1, seen.shape[1] + 1).to(inputs)
        return (seen.cumsum(1) / steps[:, None])[:, -inputs.shape[1] :], seen


def test_layer_whose_state_grows_has_the_input_gradient_and_a_reason_for_the_rest() -> None:
    torch.manual_seed(0)
    net = Network(Remembering(), Values(2), SequenceClass(2), 0)
    flow = measure_flow(net, last_step_batch(3, 20))
    torch.manual_seed(0)
    same = measure_flow(Network(Mean(), Values(2), SequenceClass(2), 0), last_step_batch(3, 20))
    assert flow.curve("input") == same.curve("input")
    assert "grows with each step" in (flow.curve("state").reason or "")
    found = summarise_input(flow)
    assert found is not None
    assert (str(found.horizon), found.verdict) == (">= 20", "stable")


def test_input_gradients_of_long_rows_are_those_of_each_row_alone() -> None:
    torch.manual_seed(0)
    net, batch = Network(Mean(), Values(2), SequenceClass(2), 0), last_step_batch(3, 9_000)
    alone = [measure_flow(net, Batch(*(part[i : i + 1] for part in batch)), lags=8) for i in range(3)]
    together = measure_flow(net, batch, lags=8).curve("input")
    medians = [sorted(values)[1] for values in zip(*(flow.curve("input").median for flow in alone), strict=True)]
    assert list(together.median) == pytest.approx(medians)


class Rearranged(nn.Module):
    """torch's LSTM with its state as another author would give it: a dict, batch first, and a counter."""

    def __init__(self, lstm: nn.LSTM) -> None:
        super().__init__()
        self.lstm = lstm

    def forward(self, inputs: Tensor, state: dict[str, Any] | None = None) -> tuple[Tensor, dict[str, Any]]:
        before = None if state is None else tuple(part.transpose(0, 1).contiguous() for part in state["memory"])
        outputs, (h, c) = self.lstm(inputs, before)
        seen = inputs.shape[1] + (0 if state is None else state["seen"])
        return outputs, {"seen": torch.as_tensor(seen), "memory": [h.transpose(0, 1), c.transpose(0, 1)]}


def test_state_of_any_shape_gives_the_same_curves() -> None:
    net, batch = network("lstm"), batch_of(RAGGED)
    plain = measure_flow(net, batch)
    net.layer = Rearranged(net.layer)  # type: ignore[arg-type]
    other = measure_flow(net, batch)
    for mine, theirs in {"all": "all", "part_0": "hidden", "part_1": "cell"}.items():
        assert other.curve("state", mine).median == pytest.approx(plain.curve("state", theirs).median, rel=1e-9)
    # One layer's state is [1, batch, hidden] or [batch, 1, hidden]: the same numbers are drawn for it.
    assert other.curve("jacobian").median == pytest.approx(plain.curve("jacobian").median, rel=1e-9)


class Truncated(nn.Module):
    """A GRU whose author lets no gradient through the state that it returns."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(2, HIDDEN, batch_first=True)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = self.gru(inputs, state)
        return outputs, after.detach()


def test_state_that_lets_no_gradient_through_is_none_because_it_is_zero() -> None:
    flow = measure_flow(Network(Truncated(), Values(2), SequenceClass(2), 0), last_step_batch(3, 9))
    jacobian = flow.curve("jacobian")
    assert (jacobian.median, jacobian.underflow_share) == ((None,) * 8, 1.0)
    assert jacobian.reason == "the norm is 0: nothing flows back"
    assert summarise_flow(flow).notes["gain_per_step"] == jacobian.reason


class Shared(Mean):
    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        return inputs, inputs.mean((0, 1))


def test_state_without_a_batch_axis_is_refused() -> None:
    net = Network(Shared(), Values(2), SequenceClass(2), 0)
    with pytest.raises(ContractError, match="one axis must be the batch's"):
        measure_flow(net, last_step_batch(3, 4))


def test_one_step_has_no_lag_and_says_so() -> None:
    flow = measure_flow(network("rnn"), batch_of((1, 1)))
    assert {curve.reason for curve in flow.curves} == {"a sequence of one step has no lag"}
    assert "no lag" in summarise_flow(flow).notes["horizon"]


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode])
def test_measurement_leaves_no_trace_and_is_the_same_again(around: Callable[[], Any]) -> None:
    net, batch = network("gru", layers=2, dropout=0.5).train(), batch_of(RAGGED)
    before, state = {name: value.clone() for name, value in net.state_dict().items()}, torch.get_rng_state()
    first = measure_flow(net, batch)
    with around():
        second = measure_flow(net, batch)
    assert first == second == measure_flow(network("gru", layers=2), batch)
    assert first.curve("jacobian") != measure_flow(net, batch, seed=1).curve("jacobian")
    assert net.training
    assert all(weight.requires_grad and weight.grad is None for weight in net.parameters())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
    assert torch.get_default_dtype() is torch.float32


def test_lag_grid_has_all_lags_where_they_are_few_and_64_where_they_are_many() -> None:
    assert lag_grid(1) == ()
    assert lag_grid(65) == tuple(range(1, 65))
    for length in (66, 1000, 8192):
        lags = lag_grid(length)
        assert len(lags) == 64
        assert (lags[0], lags[-1]) == (1, length - 1)
        assert list(lags) == sorted(set(lags))


def test_fewer_lags_are_the_same_numbers_at_other_places() -> None:
    net, batch = network("lstm"), batch_of((81, 81))
    all_of_them, few = measure_flow(net, batch, lags=64), measure_flow(net, batch, lags=8)
    for quantity in ("state", "jacobian", "input"):
        known = dict(
            zip(*[getattr(all_of_them.curve(quantity), name) for name in ("lags", "median")], strict=True)
        )
        curve = few.curve(quantity)
        assert len(curve.lags) == 8
        for lag, median in zip(curve.lags, curve.median, strict=True):
            assert median == pytest.approx(known.get(lag, median), rel=1e-9)
        assert len(set(curve.lags) & set(known)) >= 4


def test_measurement_without_a_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="draws"):
        measure_flow(network("rnn"), batch_of((3, 3)), draws=0)
