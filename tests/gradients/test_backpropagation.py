"""Tests gradients through states of other kinds, and through layers that Python cannot copy."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench import Model
from seqbench.base.seeds import generator
from seqbench.contracts.examples import Batch
from seqbench.contracts.inputs import Values
from seqbench.contracts.targets import Forecast, SequenceClass
from seqbench.errors import ContractError
from seqbench.gradients.flow import summarise_flow
from seqbench.gradients.measure import measure_flow
from seqbench.network.chunks import Chunking
from seqbench.network.copies import copied, copied_layer, exact
from seqbench.network.network import Network, build_network, count_parameters
from seqbench.testing import run_checks

UNITS = 4


def noise(examples: int = 3, length: int = 60) -> Batch:
    values = torch.randn(examples, length, 2, generator=generator(0, "values"))
    return Batch(values, torch.zeros(examples, dtype=torch.long), torch.full((examples,), length))


class Rotation(nn.Module):
    """h_t = modulus * e^(i angle) h_{t-1} + x_t; the state is complex, pairs, or both with counters."""

    def __init__(self, modulus: float, form: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.read = nn.Linear(2, 2 * UNITS)
        # Quarters of a turn: in complex64 too the modulus is one float32 number.
        turns = torch.tensor([1, 1j, -1, -1j], dtype=torch.complex64)
        self.turn = nn.Parameter(modulus * turns)
        self.form = form

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        factor = self.factor()
        drive = torch.view_as_complex(self.read(inputs).unflatten(-1, (UNITS, 2)))
        h, seen = torch.zeros_like(drive[:, 0]), torch.zeros(len(inputs), dtype=torch.long)
        if state is not None:
            h, seen = self.opened(state)
        outputs = []
        for x in drive.unbind(1):
            h = factor * h + x
            seen = seen + 1
            outputs.append(torch.view_as_real(h).flatten(1))
        return torch.stack(outputs, 1), self.closed(h, seen)

    def factor(self) -> Tensor:
        """Return the eigenvalues: [units]."""
        return self.turn

    def closed(self, h: Tensor, seen: Tensor) -> Any:
        if self.form == "complex":
            return h
        if self.form == "pairs":
            return torch.view_as_real(h)
        # A conjugate, as an author may keep it; the rest of the state are real numbers and counters of two kinds.
        first = h[:, :2].conj()
        return {"half": (first, torch.view_as_real(h[:, 2:])), "seen": seen, "steps": seen[0].clone()}

    def opened(self, state: Any) -> tuple[Tensor, Tensor]:
        if self.form == "mixed":
            first, rest = state["half"]
            assert len(state["seen"]) == len(first)
            return torch.cat([first.conj(), torch.view_as_complex(rest.contiguous())], dim=1), state["seen"]
        return (state if self.form == "complex" else torch.view_as_complex(state)), torch.zeros(1)


def rotation(modulus: float, form: str) -> Network:
    return Network(Rotation(modulus, form), Values(2), SequenceClass(2), 0)


@pytest.mark.parametrize("modulus", [0.9, 0.999])
@pytest.mark.parametrize("form", ["complex", "pairs", "mixed"])
def test_complex_recurrence_has_the_modulus_of_its_eigenvalues_as_its_gain(form: str, modulus: float) -> None:
    found = summarise_flow(measure_flow(rotation(modulus, form), noise()))
    in_float32 = float(torch.tensor(modulus))
    assert found.gain_per_step == pytest.approx(in_float32, rel=1e-9)
    assert found.horizon is not None
    assert str(found.horizon) == {0.9: "44", 0.999: ">= 60"}[modulus]


def test_complex_state_gives_the_curves_of_its_pairs_and_counts_as_many_numbers() -> None:
    one, other = rotation(0.9, "complex"), rotation(0.9, "pairs")
    assert measure_flow(one, noise()) == measure_flow(other, noise())
    assert one.state_size == other.state_size == 2 * UNITS
    assert count_parameters(one.layer) == (2 + 1) * 2 * UNITS + 2 * UNITS
    mixed = measure_flow(rotation(0.9, "mixed"), noise()).curve("state").median
    assert mixed == pytest.approx(measure_flow(other, noise()).curve("state").median, rel=1e-12)


def test_complex_states_are_carried_truncated_and_run_again_like_real_ones() -> None:
    gradients = []
    for chunking in (Chunking(), Chunking(7), Chunking(7, recompute=True)):
        network = exact(Network(Rotation(0.9, "mixed"), Values(2), Forecast(1, 1), 0))
        network.chunking = chunking
        batch = noise()
        network.loss(Batch(batch.inputs.double(), torch.ones(3, 1, 1).double(), batch.lengths)).backward()
        gradients.append([weights.grad for weights in network.parameters()])
    for other in gradients[1:]:
        for mine, theirs in zip(gradients[0], other, strict=True):
            torch.testing.assert_close(mine, theirs)


def test_float64_copy_of_a_complex_layer_is_complex128() -> None:
    network = exact(copied(rotation(0.9, "complex")))
    assert {weights.dtype for weights in network.parameters()} == {torch.float64, torch.complex128}


def test_complex_outputs_are_refused_with_what_to_do() -> None:
    class Bare(nn.Module):
        def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
            return inputs.to(torch.complex64), None

    with pytest.raises(ContractError, match=r"view_as_real\(outputs\)"):
        Network(Bare(), Values(2), SequenceClass(2), 0)


class Diagonal(Rotation):
    """The same recurrence with eigenvalues e^(-e^nu + i theta) (Orvieto et al. 2023, eq. 7): any phases."""

    def __init__(self, modulus: float, form: str) -> None:
        super().__init__(modulus, form)
        self.nu = nn.Parameter(torch.full((UNITS,), math.log(-math.log(modulus))))
        self.theta = nn.Parameter(2 * math.pi * torch.rand(UNITS, generator=generator(0, "theta")))

    def factor(self) -> Tensor:
        return torch.polar((-self.nu.exp()).exp(), self.theta)


@pytest.mark.parametrize("modulus", [0.9, 0.999])
def test_diagonal_recurrence_with_any_phases_has_its_modulus_as_its_gain(modulus: float) -> None:
    layer = Diagonal(modulus, "complex")
    flow = measure_flow(Network(layer, Values(2), SequenceClass(2), 0), noise(3, 300))
    own = float((-layer.nu.detach().double().exp()).exp()[0])  # as float32 holds nu
    assert own == pytest.approx(modulus, rel=1e-6)
    assert summarise_flow(flow).gain_per_step == pytest.approx(own, rel=1e-9)
    jacobian = flow.curve("jacobian")
    assert list(jacobian.median) == pytest.approx([own**lag for lag in jacobian.lags], rel=1e-9, abs=0)


@pytest.mark.parametrize("layer", [Rotation, Diagonal])
def test_gradients_at_a_mixed_state_are_those_of_the_unrolled_network(layer: type[Rotation]) -> None:
    steps, batch = 20, noise(1, 20)
    network = Network(layer(0.9, "mixed"), Values(2), SequenceClass(2), 0)
    flow = measure_flow(network, batch, seed=5, draws=1)
    twin, state, handed = exact(copied(network)), None, []
    for step in range(steps):
        outputs, state = twin.layer(batch.inputs[:, step : step + 1].double(), state)
        handed.append(state["half"])
    loss = nn.functional.cross_entropy(twin.head(outputs[:, -1]), batch.targets)
    # A random unit vector in the two parts that gradients flow through: the complex one is pairs of numbers.
    draw, last = generator(5, "jacobian", 0), handed[-1]
    pairs = [torch.view_as_real(last[0].resolve_conj()), last[1]]
    vector = [torch.randn(part.shape, generator=draw, dtype=torch.float64) for part in pairs]
    length = math.hypot(*(float(v.norm()) for v in vector))
    read = (vector[0] * pairs[0]).sum() / length + (vector[1] * pairs[1]).sum() / length
    for quantity, root in (("state", loss), ("jacobian", read)):
        # The gradient of a complex number is that of its real part + i times that of its imaginary part.
        norms = [
            [float(g.abs().square().sum().sqrt()) for g in torch.autograd.grad(root, parts, retain_graph=True)]
            for parts in reversed(handed[:-1])
        ]
        curves = {curve.part: curve.median for curve in flow.curves if curve.quantity == quantity}
        assert list(curves["all"]) == pytest.approx([math.hypot(*each) for each in norms], rel=1e-9)
        for number in (0, 1):
            assert list(curves[f"part_{number}"]) == pytest.approx([each[number] for each in norms], rel=1e-9)


def test_state_of_integers_alone_is_said_to_let_no_gradient_flow() -> None:
    class Counting(nn.Module):
        def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
            seen = torch.zeros(len(inputs), dtype=torch.long) if state is None else state
            return inputs * (seen[:, None, None] + 1), seen + inputs.shape[1]

    flow = measure_flow(Network(Counting(), Values(2), SequenceClass(2), 0), noise(2, 5))
    assert flow.curve("state").reason == "the layer's state holds integers only, through which no gradient flows"


class Leaky(nn.Module):
    """h_t = 0.9 h_{t-1} + x_t, one number for each example, of the shape [batch]."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.read = nn.Linear(2, 1)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        h = inputs.new_zeros(len(inputs)) if state is None else state
        outputs = []
        for x in self.read(inputs)[..., 0].unbind(1):
            h = 0.9 * h + x
            outputs.append(h[:, None])
        return torch.stack(outputs, 1), h


def test_state_of_one_number_for_each_example_has_its_own_size_as_its_norm() -> None:
    flow = measure_flow(Network(Leaky(), Values(2), SequenceClass(2), 0), noise(5, 400))
    jacobian = flow.curve("jacobian")
    assert list(jacobian.median) == pytest.approx([0.9**lag for lag in jacobian.lags], rel=1e-9, abs=0)
    # Each example by itself: at lag 1 the loss's own slope differs from example to example.
    state = flow.curve("state")
    assert state.q25[0] != state.q75[0]


def orthogonal() -> nn.Module:
    return nn.utils.parametrizations.orthogonal(nn.RNN(2, 6, batch_first=True), "weight_hh_l0")


def weight_normed() -> nn.Module:
    return nn.utils.parametrizations.weight_norm(nn.GRU(2, 6, batch_first=True), "weight_hh_l0")


class Around(nn.Module):
    """A layer of torch's with something in it, or with its parts made on first use."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.rnn = nn.RNN(6, 6, batch_first=True)
        read = nn.LazyLinear(6) if kind == "lazy" else nn.Linear(2, 6)
        self.read = nn.utils.parametrizations.spectral_norm(read) if kind == "spectral" else read
        self.lock = threading.Lock() if kind == "lock" else None
        self.rng = torch.Generator() if kind == "generator" else None

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = self.rnn(self.read(inputs), state)
        return outputs, after


BUILT: dict[str, Callable[[], nn.Module]] = {
    "orthogonal": orthogonal,
    "weight_norm": weight_normed,
    **{kind: (lambda kind=kind: Around(kind)) for kind in ("lazy", "spectral", "lock", "generator")},  # type: ignore[misc]
}


@dataclass(frozen=True)
class Odd(Model):
    """A layer that Python may not copy."""

    name = "odd"
    version = 1
    kind: str = "orthogonal"

    def build(self, input_size: int) -> nn.Module:
        return BUILT[self.kind]()


@pytest.mark.parametrize("kind", BUILT)
def test_flow_of_a_trained_layer_is_measured_though_it_cannot_be_copied(kind: str) -> None:
    torch.manual_seed(0)
    network, batch = build_network(Odd(kind), Values(2), SequenceClass(2), 0), noise(3, 12)
    before = summarise_flow(measure_flow(network, batch)).ln_gain
    optimizer = torch.optim.SGD(network.parameters(), 0.5)
    for _ in range(3):
        optimizer.zero_grad()
        network.loss(batch).backward()
        optimizer.step()
    state = torch.get_rng_state()
    after = summarise_flow(measure_flow(network, batch)).ln_gain
    assert torch.equal(torch.get_rng_state(), state)
    assert before is not None
    assert after is not None
    assert before != after
    # The copy is of the trained weights: in float64 it gives the outputs of the network.
    network.eval()
    twin = copied(network)
    torch.testing.assert_close(twin(batch), network(batch))
    assert {id(weights) for weights in twin.parameters()}.isdisjoint(
        id(weights) for weights in network.parameters()
    )


def test_layer_whose_numbers_are_not_all_in_its_state_dict_is_not_measured_wrongly() -> None:
    class Hidden(Around):
        def __init__(self) -> None:
            super().__init__("lock")
            self.scale = float(torch.rand(1))

        def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
            return super().forward(self.scale * inputs, state)

    with pytest.raises(ContractError, match="computes something else"):
        copied_layer(Hidden(), Hidden, 2)


def test_layer_that_holds_buffers_alone_is_copied_and_its_state_told_in_its_own_type() -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lock = threading.Lock()  # no deep copy
            self.register_buffer("decay", torch.rand(2))

        def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
            outputs = inputs @ torch.diag(self.decay)  # refuses inputs of another type
            return outputs, outputs[:, -1]

    layer = exact(Fixed())
    twin = exact(copied_layer(layer, Fixed, 2))
    assert torch.equal(twin.decay, layer.decay)


@pytest.mark.parametrize("kind", ["orthogonal", "lock"])
def test_kit_passes_a_layer_that_is_copied_by_building_it_anew(kind: str) -> None:
    @dataclass(frozen=True)
    class Wide(Odd):
        def build(self, input_size: int) -> nn.Module:
            rnn = nn.RNN(input_size, 6, batch_first=True)
            return (
                nn.utils.parametrizations.orthogonal(rnn, "weight_hh_l0") if kind == "orthogonal" else Locked(rnn)
            )

    failed = [(one.id, one.message) for one in run_checks(Wide(kind)) if one.status == "failed"]
    assert failed == []


class Locked(nn.Module):
    def __init__(self, rnn: nn.RNN) -> None:
        super().__init__()
        self.rnn, self.lock = rnn, threading.Lock()

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, after = self.rnn(inputs, state)
        return outputs, after


def test_kit_passes_a_complex_recurrence_and_looks_at_its_state() -> None:
    @dataclass(frozen=True)
    class Turning(Model):
        """The recurrence of these tests, of any input."""

        name = "turning"
        version = 1

        def build(self, input_size: int) -> nn.Module:
            layer = Rotation(0.9, "mixed")
            torch.nn.init.uniform_(layer.turn.data.real, -0.5, 0.5)
            layer.read = nn.Linear(input_size, 2 * UNITS)
            return layer

    outcomes = {one.id: one for one in run_checks(Turning())}
    assert outcomes["carry-over"].status == "passed", outcomes["carry-over"].message
    assert outcomes["state"].status == "passed", outcomes["state"].message
    assert outcomes["float64"].status == "passed", outcomes["float64"].message
    assert math.isfinite(outcomes["gradient"].seconds)
    assert outcomes["gradient"].status == "passed", outcomes["gradient"].message
