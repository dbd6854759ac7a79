"""Tests, without a GPU, that captured steps are taken only where they have the bits of plain ones.

Steps with fixed buffers on the CPU stand for graphs; wrong ones are planted. What a GPU captures is tested by
tests/scenarios/test_gpu.py.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import torch
from torch import Tensor, nn

from seqbench import (
    Batch,
    Forecast,
    SequenceClass,
    StepClass,
    StepLabels,
    StepValues,
    TargetKind,
    Tokens,
    Transcript,
)
from seqbench.contracts.examples import UNSCORED
from seqbench.experiment.schema import Training
from seqbench.network.chunks import Chunking
from seqbench.network.network import Network
from seqbench.training.capture_policy import MOST_SHAPES, STEPS_BEFORE, why_not_captured
from seqbench.training.captured_step import NOTE, CapturedStep
from seqbench.training.cuda_graphs import Compute, Replay, Result
from seqbench.training.history import History
from seqbench.training.looked_up import ItemPlaces, looked_up
from seqbench.training.optimizers import LearningRates, make_optimizer
from seqbench.training.step import TrainingStep
from seqbench.training.step_state import StepState
from tests.lookahead import BiLSTM

T = TypeVar("T")
ROWS = 4


class Stepper:
    """A step in plain torch: losses and norms are kept, and the learning rate moves."""

    def __init__(self, network: Network, optimizer: torch.optim.Optimizer, schedule: str) -> None:
        self.network = network
        self.optimizer = optimizer
        self.schedule = schedule
        self.norms: list[Tensor] = []
        self.taken = 0

    def begin(self) -> None:
        if self.schedule == "linear":
            for group in self.optimizer.param_groups:
                group["lr"] = 0.01 * (1 - self.taken / 100)
        self.taken += 1

    def compute(self, batch: Batch) -> Result:
        for parameter in self.network.parameters():
            parameter.grad = None
        loss = self.network.loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        norms = torch.stack([each.grad.norm() for each in self.network.parameters() if each.grad is not None])
        self.optimizer.step()
        return loss.detach(), norms

    def keep(self, norms: Tensor | None) -> None:
        assert norms is not None
        self.norms.append(norms)


class Buffered:
    """Stands for graphs: takes the step again on fixed buffers, which are all that it knows of a batch."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.captured_shapes: list[tuple[int, ...]] = []
        self.replays = 0

    def beside(self, work: Callable[[], T]) -> T:
        return work()

    def captured(self, compute: Compute, batch: Batch, places: ItemPlaces) -> Replay:
        inputs, kept = batch.inputs.clone(), {at: each.mapped(torch.clone) for at, each in places.items()}
        self.captured_shapes.append(tuple(inputs.shape))
        nothing = Batch(inputs, torch.empty(0), torch.empty(0))

        def replay(batch: Batch, places: ItemPlaces) -> Result:
            self.replays += 1
            self.fill(inputs, kept, batch, places)
            with looked_up(self.network, kept):
                return compute(nothing)

        return replay

    def fill(self, inputs: Tensor, kept: ItemPlaces, batch: Batch, places: ItemPlaces) -> None:
        inputs.copy_(batch.inputs)
        for at, each in kept.items():
            for static, part in zip(each.tensors, places[at].tensors, strict=True):
                static.copy_(part)


@dataclass(frozen=True)
class Made:
    """A network in training, plain or captured."""

    network: Network
    optimizer: torch.optim.Optimizer
    plain: Stepper
    notes: dict[str, str]
    step: Callable[[Batch], Tensor]
    capture: Buffered

    def state(self) -> StepState:
        return StepState.of(self.network, self.optimizer)


def made(
    targets: TargetKind | None = None,
    *,
    schedule: str = "constant",
    buffered: type[Buffered] = Buffered,
    layer: nn.Module | None = None,
    **settings: Any,
) -> Made:
    torch.manual_seed(0)
    network = Network(layer or nn.GRU(8, 6, batch_first=True), Tokens(11), targets or StepClass(3), 8)
    network.chunking = Chunking(16)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01, fused=True)
    plain, capture, notes = Stepper(network, optimizer, schedule), buffered(network), dict[str, str]()
    training = Training.model_validate({"schedule": schedule, **settings})
    step = CapturedStep(plain, network, optimizer, settings=training, capture=capture, notes=notes)
    return Made(network, optimizer, plain, notes, step, capture)


def batches(number: int, targets: TargetKind, steps: int = 20) -> list[Batch]:
    rng = torch.Generator().manual_seed(5)
    return [_batch(rng, targets, steps) for _ in range(number)]


def _batch(rng: torch.Generator, targets: TargetKind, steps: int) -> Batch:
    # Rows of one length are read at their last step in another way.
    lengths = torch.tensor([steps, steps - (not isinstance(targets, Forecast)), steps, steps])
    every = torch.arange(steps) % 3 > 0
    classes = torch.randint(3, (ROWS, steps), generator=rng)
    values = torch.randn(ROWS, steps, 3, generator=rng)
    of = {
        "SequenceClass": classes[:, 0],
        "StepClass": classes.masked_fill(every, UNSCORED),
        "StepLabels": (values > 0).long().masked_fill(every[:, None], UNSCORED),
        "Forecast": values[:, :2],
        "StepValues": values.masked_fill(every[:, None], torch.nan),
        "Transcript": classes[:, : steps // 4],
    }
    return Batch(
        torch.randint(11, (ROWS, steps), generator=rng),
        of[type(targets).__name__.replace("Doubled", "StepClass")],
        lengths,
    )


def losses(one: Made, given: list[Batch]) -> Tensor:
    return torch.stack([one.step(batch) for batch in given])


@pytest.mark.parametrize("schedule", ["constant", "linear"])
@pytest.mark.parametrize(
    "targets", [SequenceClass(3), StepClass(3), StepLabels(3), Forecast(2, 3), StepValues(3)], ids=str
)
def test_captured_steps_have_the_losses_norms_and_weights_of_plain_ones(
    targets: TargetKind, schedule: str
) -> None:
    given = batches(STEPS_BEFORE + 4, targets)
    captured, plain = made(targets, schedule=schedule), made(targets, schedule=schedule, capture=False)
    assert torch.equal(losses(captured, given), losses(plain, given))
    assert captured.state().difference(plain.state()) is None
    assert torch.equal(torch.stack(captured.plain.norms), torch.stack(plain.plain.norms))
    # Two of a check, and the four after it.
    assert (captured.capture.replays, plain.capture.replays) == (6, 0)
    assert (captured.notes, plain.notes) == ({}, {})


class StaleInputs(Buffered):
    def fill(self, inputs: Tensor, kept: ItemPlaces, batch: Batch, places: ItemPlaces) -> None:
        super().fill(inputs.clone(), kept, batch, places)


class StaleAnswers(Buffered):
    def fill(self, inputs: Tensor, kept: ItemPlaces, batch: Batch, places: ItemPlaces) -> None:
        super().fill(inputs, {at: each.mapped(torch.clone) for at, each in kept.items()}, batch, places)


class StaleRate(Buffered):
    """Keeps the learning rate at which it was captured."""

    def captured(self, compute: Compute, batch: Batch, places: ItemPlaces) -> Replay:
        made_by = super().captured(compute, batch, places)
        baked = self.network_optimizer.param_groups[0]["lr"].clone()

        def replay(batch: Batch, places: ItemPlaces) -> Result:
            group = self.network_optimizer.param_groups[0]
            before, group["lr"] = group["lr"], baked
            found = made_by(batch, places)
            group["lr"] = before
            return found

        return replay

    network_optimizer: torch.optim.Optimizer


class WrongBit(Buffered):
    def captured(self, compute: Compute, batch: Batch, places: ItemPlaces) -> Replay:
        made_by = super().captured(compute, batch, places)

        def replay(batch: Batch, places: ItemPlaces) -> Result:
            found = made_by(batch, places)
            self.network.head.bias.data.view(torch.int32)[0] ^= 1
            return found

        return replay


class Refusing(Buffered):
    def captured(self, compute: Compute, batch: Batch, places: ItemPlaces) -> Replay:
        # What a failed capture leaves behind is undone too.
        compute(batch)
        raise RuntimeError("operation not permitted\nwhen stream is capturing")


class FailingLater(Buffered):
    def captured(self, compute: Compute, batch: Batch, places: ItemPlaces) -> Replay:
        made_by = super().captured(compute, batch, places)

        def replay(batch: Batch, places: ItemPlaces) -> Result:
            if self.replays:
                raise RuntimeError("out of memory")
            return made_by(batch, places)

        return replay


@pytest.mark.parametrize(
    ("buffered", "said"),
    [
        (StaleInputs, "two captured steps differ from two plain ones in the loss or a gradient norm"),
        (StaleAnswers, "two captured steps differ from two plain ones in the loss or a gradient norm"),
        (StaleRate, "two captured steps differ from two plain ones in embedding.weight"),
        (WrongBit, "two captured steps differ from two plain ones in the loss or a gradient norm"),
        (FailingLater, "RuntimeError: out of memory"),
        (Refusing, "RuntimeError: operation not permitted when stream is capturing"),
    ],
)
def test_a_wrong_capture_is_caught_noted_and_leaves_no_trace(buffered: type[Buffered], said: str) -> None:
    given = batches(STEPS_BEFORE + 4, StepClass(3))
    wrong, plain = made(schedule="linear", buffered=buffered), made(schedule="linear", capture=False)
    wrong.capture.network_optimizer = wrong.optimizer  # type: ignore[attr-defined]
    assert torch.equal(losses(wrong, given), losses(plain, given))
    assert wrong.state().difference(plain.state()) is None
    assert wrong.notes == {NOTE: f"steps were not captured as a CUDA graph: {said}"}
    assert len(wrong.capture.captured_shapes) <= 1


def test_each_shape_is_captured_once_up_to_a_number_and_further_ones_are_noted() -> None:
    one, plain = made(), made(capture=False)
    lengths = range(10, 10 + MOST_SHAPES + 1)
    given = [batch for length in lengths for batch in batches(STEPS_BEFORE + 2, StepClass(3), length)]
    assert torch.equal(losses(one, given), losses(plain, given))
    assert one.state().difference(plain.state()) is None
    assert [shape[1] for shape in one.capture.captured_shapes] == list(lengths)[:MOST_SHAPES]
    assert one.notes == {NOTE: f"steps were captured for {MOST_SHAPES} shapes of a batch, and there are more"}
    again = batches(1, StepClass(3), lengths[0])
    before = one.capture.replays
    assert torch.equal(losses(one, again), losses(plain, again))
    assert one.capture.replays == before + 1


def test_a_few_items_more_or_less_are_one_shape_with_the_mean_loss_of_the_items() -> None:
    one, plain = made(), made(capture=False)
    given = batches(STEPS_BEFORE + 3, StepClass(3))
    for number, batch in enumerate(given):
        batch.targets[0, : 3 * (number % 3)] = UNSCORED
    few = given[0]._replace(targets=given[0].targets.clone())
    few.targets[:3] = UNSCORED
    found = losses(one, [*given, few])
    assert torch.equal(found, losses(plain, [*given, few]))
    assert (len(one.capture.captured_shapes), one.capture.replays) == (1, 5)
    usual = made().plain
    torch.testing.assert_close(found, torch.stack([usual.compute(batch)[0] for batch in [*given, few]]))


def test_the_step_of_a_training_is_captured_as_it_stands() -> None:
    given, found = batches(STEPS_BEFORE + 4, StepClass(3)), []
    for capture in ("auto", False):
        settings = Training.model_validate({"schedule": "cosine", "optimizer": "adamw", "capture": capture})
        torch.manual_seed(0)
        network = Network(nn.GRU(8, 6, batch_first=True), Tokens(11), StepClass(3), 8)
        optimizer, history = make_optimizer(network, settings), History(network, is_measuring=True)
        rates, notes = LearningRates(optimizer, settings), dict[str, str]()
        plain = TrainingStep(network, optimizer, rates=rates, norms=history.norms, settings=settings)
        buffered = Buffered(network)
        step = CapturedStep(plain, network, optimizer, settings=settings, capture=buffered, notes=notes)
        losses = torch.stack([step(batch) for batch in given])
        found.append((losses, StepState.of(network, optimizer), torch.tensor(history.norms.steps)))
        assert (notes, buffered.replays) == ({}, 6 if capture else 0)
    captured, uncaptured = found
    assert captured[1].difference(uncaptured[1]) is None
    assert torch.equal(captured[0], uncaptured[0])
    assert torch.equal(captured[2], uncaptured[2])


def test_empty_group_of_parameters_has_a_rate_too() -> None:
    network = Network(nn.GRU(8, 6, batch_first=True), Tokens(11), StepClass(3), 8)
    groups = [{"params": []}, {"params": list(network.parameters())}]
    optimizer, settings = torch.optim.Adam(groups, lr=0.01, fused=True), Training(schedule="linear")
    plain, notes = Stepper(network, optimizer, "linear"), dict[str, str]()
    step = CapturedStep(plain, network, optimizer, settings=settings, capture=Buffered(network), notes=notes)
    for batch in batches(2, StepClass(3)):
        step(batch)
    assert [group["lr"] for group in optimizer.param_groups] == [pytest.approx(0.0099)] * 2


class Dropping(nn.GRU):
    """Drops out by torch's own generator."""

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        hidden, state = super().forward(inputs, state)
        return nn.functional.dropout(hidden, 0.5, self.training), state


def test_layer_that_draws_on_the_processor_is_taken_step_by_step_with_the_same_numbers() -> None:
    layer = Dropping(8, 6, batch_first=True)
    one, plain = made(layer=copy.deepcopy(layer)), made(layer=layer, capture=False)
    given = batches(STEPS_BEFORE + 3, StepClass(3))
    found = []
    for each in (one, plain):
        torch.manual_seed(7)
        found.append(losses(each, given))
    assert torch.equal(*found)
    assert one.notes[NOTE].endswith("a step draws random numbers on the processor")


class Doubled(StepClass):
    """Changes the losses of a kind, and not what it says of them apart."""

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        found, rows = super().losses(hidden, batch, head, start)
        return 2 * found, rows


def test_cells_that_cannot_be_captured_are_named_before_the_first_step() -> None:
    def said(network: Network, optimizer: torch.optim.Optimizer, **settings: Any) -> str | None:
        return why_not_captured(network, optimizer, Training.model_validate(settings))

    good = made()
    adam = good.optimizer
    ahead = Network(BiLSTM().build(8), Tokens(11), StepClass(3), 8, BiLSTM())
    recomputed, dropping = made(), made(layer=nn.LSTM(8, 6, 2, batch_first=True, dropout=0.1))
    recomputed.network.chunking = Chunking(16, recompute=True)
    assert said(good.network, adam) is None
    assert "looks ahead" in str(said(ahead, adam))
    assert "run again" in str(said(recomputed.network, recomputed.optimizer))
    assert "cuDNN's generator" in str(said(dropping.network, dropping.optimizer))
    assert "fewer than" in str(said(good.network, adam, steps=20))
    slow = torch.optim.RMSprop(good.network.parameters(), foreach=True)
    assert "no fused RMSprop" in str(said(good.network, slow))
    for kind in (Transcript(3), Doubled(3)):
        one, usual = made(kind), made(kind).plain
        given = batches(2, kind)
        assert torch.equal(losses(one, given), torch.stack([usual.compute(batch)[0] for batch in given]))
        assert "kind of target" in one.notes[NOTE]
