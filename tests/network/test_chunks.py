"""Tests long sequences in chunks: recomputed bits, truncation as by hand, memory, and which keys change."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench import (
    Batch,
    Catalog,
    Experiment,
    Forecast,
    Model,
    SequenceClass,
    StepClass,
    TargetKind,
    Tokens,
    Values,
    load_catalog,
)
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Training
from seqbench.network.chunks import CHUNK_STEPS, Chunking, feed
from seqbench.network.network import Network
from seqbench.plugins.grid import expand
from seqbench.plugins.parameters import make
from seqbench.records.making import cell_data
from seqbench.records.schema import Costs, Record
from seqbench.records.variants import model_names
from seqbench.training.cell import run_cell
from seqbench.training.chunk_policy import chunking_of
from seqbench.training.memory import Memory, fair_share
from tests.toys import CATALOG, Last, toy_cell

FEATURES = 5
LAYERS = [
    pytest.param(name, parameters, id=f"{name}-{len(parameters)}")
    for name in ("rnn", "lstm", "gru")
    for parameters in ({}, {"layers": 2, "dropout": 0.3})
] + [pytest.param("rnn", {"nonlinearity": "identity"}, id="rnn-identity")]


def network(model: str, parameters: dict[str, Any], targets: Any) -> Network:
    torch.manual_seed(0)
    layer = make(load_catalog().model(model), {"hidden_size": 7} | parameters).build(FEATURES)
    return Network(layer, Tokens(11), targets, FEATURES)


def ragged(steps: int) -> Batch:
    """Return four rows of which the shortest ends in the first chunk; a third of the steps is scored."""
    rng = torch.Generator().manual_seed(1)
    lengths = torch.tensor([steps, steps - 3, 200, 70])
    real = torch.arange(steps) < lengths[:, None]
    scored = real & (torch.rand(4, steps, generator=rng) < 0.3)
    targets = torch.randint(3, (4, steps), generator=rng).masked_fill(~scored, -100)
    return Batch(torch.randint(11, (4, steps), generator=rng) * real, targets, lengths)


def gradients(net: Network, chunking: Chunking, batch: Batch) -> list[Tensor]:
    torch.manual_seed(2)
    net.chunking = chunking
    loss = net.loss(batch)
    found = torch.autograd.grad(loss, list(net.parameters()))
    # What is drawn next must not depend on what was run again.
    return [loss.detach(), *found, torch.rand(3)]


def fed(layer: nn.Module, inputs: Tensor, chunking: Chunking) -> Tensor:
    """Return the outputs at all steps: [batch, time, output_size]."""
    chunks = feed(lambda chunk, start, state: layer(chunk, state), inputs, chunking)
    return torch.cat(list(chunks), dim=1)


@pytest.mark.parametrize("truncate", [None, 150])
@pytest.mark.parametrize(("model", "parameters"), LAYERS)
def test_gradients_when_pieces_are_run_again_are_the_same_to_the_bit(
    model: str, parameters: dict[str, Any], truncate: int | None
) -> None:
    net, batch = network(model, parameters, StepClass(3)), ragged(300)
    kept = gradients(net, Chunking(128, False, truncate), batch)
    again = gradients(net, Chunking(128, True, truncate), batch)
    assert all(torch.equal(one, other) for one, other in zip(kept, again, strict=True))
    assert all(bool(gradient.abs().sum() > 0) for gradient in kept)


@pytest.mark.parametrize(
    "targets", [StepClass(3), SequenceClass(3), Forecast(2, 2)], ids=lambda kind: type(kind).__name__
)
@pytest.mark.parametrize("model", ["rnn", "lstm", "gru"])
def test_gradients_in_pieces_are_those_of_the_whole_sequence(model: str, targets: TargetKind) -> None:
    net, batch = network(model, {"layers": 2}, targets).double(), ragged(300)
    rng = torch.Generator().manual_seed(5)
    if isinstance(targets, SequenceClass):
        batch = batch._replace(targets=torch.randint(3, (4,), generator=rng))
    elif isinstance(targets, Forecast):
        batch = batch._replace(targets=torch.randn(4, 2, 2, dtype=torch.float64, generator=rng))
    whole, chunks = (gradients(net, chunking, batch) for chunking in (Chunking(), Chunking(128, True)))
    for one, other in zip(whole, chunks, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize(("model", "cells"), [("rnn", nn.RNNCell), ("lstm", nn.LSTMCell), ("gru", nn.GRUCell)])
def test_truncated_gradients_are_those_of_steps_that_detach_the_state_by_hand(
    model: str, cells: Any, recompute: bool
) -> None:
    layer = make(load_catalog().model(model), {"hidden_size": 4}).build(FEATURES).double()
    inputs = torch.randn(2, 23, FEATURES, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    weights = torch.randn(23, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    cell = cells(FEATURES, 4).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    state: Any = None
    loss = torch.zeros((), dtype=torch.float64)
    for step in range(23):
        if step and step % 5 == 0:
            state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        state = cell(inputs[:, step], state)
        h = state[0] if isinstance(state, tuple) else state
        loss = loss + weights[step] * h.square().sum()
    expected = torch.autograd.grad(loss, list(cell.parameters()))
    outputs = fed(layer, inputs, Chunking(8, recompute, truncate=5))
    found = torch.autograd.grad((outputs.square().sum((0, 2)) * weights).sum(), list(layer.parameters()))
    whole = torch.autograd.grad(
        (fed(layer, inputs, Chunking()).square().sum((0, 2)) * weights).sum(), list(layer.parameters())
    )
    for mine, by_hand, untruncated in zip(found, expected, whole, strict=True):
        torch.testing.assert_close(mine, by_hand, rtol=1e-11, atol=1e-12)
        assert not torch.allclose(mine, untruncated, rtol=1e-3)


def test_truncated_state_in_lists_dicts_and_named_tuples_is_carried_in_them() -> None:
    class Nested(nn.Module):
        def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
            before = state["sums"][0][0] if state else inputs.new_zeros(len(inputs), 1, inputs.shape[2])
            steps = state["steps"] if state else 0
            sums = before + inputs.cumsum(1)
            return sums, {"sums": [(sums[:, -1:],)], "steps": steps + inputs.shape[1]}

    inputs = torch.ones(1, 10, 1, requires_grad=True)
    outputs = fed(Nested(), inputs, Chunking(truncate=4))
    assert outputs.flatten().tolist() == list(range(1, 11))
    outputs[:, -1].sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.flatten().tolist() == [0.0] * 8 + [1.0] * 2


@dataclass(frozen=True)
class Stateless(Model):
    """A convolution over one step."""

    name = "stateless"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        class Layer(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.mix = nn.Linear(input_size, 4)

            def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
                assert inputs.shape[1] in (1, 6)
                return self.mix(inputs), None

        return Layer()


def test_layer_without_a_state_is_fed_whole_and_cannot_be_truncated() -> None:
    catalog = Catalog(tasks={"last": Last}, models={"small": Stateless})

    def record(**training: Any) -> Record:
        cell = toy_cell(steps=3, **training)
        return run_cell(replace(cell, model=replace(cell.model, parameters={})), catalog)

    assert record(recompute=True).status == "ok"
    refused = record(truncate=3)
    assert refused.status == "failed"
    assert "the layer carries no state from step to step: there is nothing to truncate" in str(refused.reason)


def test_auto_runs_pieces_again_only_where_a_cell_would_take_more_than_half_of_its_share() -> None:
    net = Network(nn.LSTM(4, 16, batch_first=True), Values(4), Forecast(1, 1), 4)
    state = torch.random.get_rng_state()

    def is_recomputed(steps: int, recompute: Any = "auto") -> bool:
        return chunking_of(net, Training(batch_size=8, recompute=recompute), 4, steps).recompute

    assert fair_share() > 2**28
    assert not is_recomputed(CHUNK_STEPS)
    assert not is_recomputed(2 * CHUNK_STEPS)
    assert is_recomputed(2**30)
    assert is_recomputed(CHUNK_STEPS, True)
    assert not is_recomputed(2**30, False)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_key_is_that_of_published_records_and_moves_with_truncate_alone() -> None:
    folder = Path(__file__).parents[2] / "results" / "published" / "quick" / "records"
    paths = sorted(folder.glob("*_T1024_*.json"))
    assert len(paths) == 15
    for path in paths:
        known = Record.from_json(path.read_text(), str(path))
        plugins = {
            kind: replace(toy_cell().task, name=used.name, version=used.version, parameters=used.parameters)
            for kind, used in (("task", known.cell.task), ("model", known.cell.model))
        }
        training = Training.model_validate(known.cell.training)
        told, version = known.cell, known.cell.key_version
        cell = Cell(**plugins, length=1024, seed=told.seed, training=training, data=told.data, key_version=version)
        assert cell.key == known.key
        for same in ({"recompute": True}, {"recompute": False}):
            assert replace(cell, training=training.model_copy(update=same)).key == known.key
        assert replace(cell, training=training.model_copy(update={"truncate": 2000})).key != known.key


def test_truncated_cells_say_so_in_every_name_and_the_others_do_not() -> None:
    def record(**training: Any) -> Record:
        cell = toy_cell(**training)
        return Record(key=cell.key, status="ok", cell=cell_data(cell))

    whole, short = record(), record(truncate=3, recompute=True)
    old = {name: value for name, value in whole.cell.training.items() if name not in ("truncate", "recompute")}
    before = whole.model_copy(update={"key": "old", "cell": whole.cell.model_copy(update={"training": old})})
    assert model_names([short]) == {short.key: "small (training.truncate=3)"}
    assert set(model_names([before, whole]).values()) == {"small"}
    assert set(model_names([before, short]).values()) == {"small", "small (training.truncate=3)"}


def test_truncation_changes_training_and_running_again_does_not() -> None:
    def course(**training: Any) -> Any:
        record = run_cell(toy_cell(steps=10, gradient_clip=None, optimizer="sgd", **training), CATALOG)
        assert record.status == "ok", record.reason
        return record.course.losses

    assert course(recompute=True) == course(recompute=False) == course(truncate=6)
    assert course(truncate=2) != course()


def test_memory_expected_of_auto_is_never_more_than_a_share_beyond_what_was_taken() -> None:
    experiment = {"tasks": ["copy"], "models": ["lstm"], "lengths": [16, 2**20]}

    def expected(recompute: Any) -> int:
        short, long = expand(Experiment(**experiment, training={"recompute": recompute}), load_catalog())
        memory = Memory(Experiment(**experiment).executor)
        costs = Costs(peak_memory_bytes=2**30, state_size=256)
        memory.learn(Record(key="a", status="ok", cell=cell_data(short), costs=costs))
        return memory(long)

    assert expected("auto") == fair_share() < expected(False)


PROGRAM = r"""
import json, re, sys
from pathlib import Path
from seqbench import Experiment, load_catalog
from seqbench.plugins.grid import expand
from seqbench.training.cell import run_cell
model, length, recompute = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "true"
cell = expand(Experiment(
    tasks=["adding"], models=[model], lengths=[length], gradients={"measure": False}, parameters={
        "adding": {"train_examples": 8, "validation_examples": 1, "test_examples": 1}, model: {"hidden_size": 64}},
    training={"steps": 1, "batch_size": 8, "recompute": recompute},
), load_catalog())[0]
record = run_cell(cell, load_catalog())
# Not ru_maxrss, which begins at what the process that started this one held.
peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps([record.status, peak, record.course.losses]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell a process's own peak")
@pytest.mark.parametrize("model", ["rnn", "lstm", "gru"])
def test_memory_of_a_whole_cell_is_far_smaller_when_pieces_are_run_again(model: str) -> None:
    length, saved = {"rnn": (65536, 75), "lstm": (32768, 400), "gru": (32768, 200)}[model]

    def run(recompute: str) -> Any:
        command = [sys.executable, "-c", PROGRAM, model, str(length), recompute]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)
        return json.loads(done.stdout)

    (status, on, losses), (_, off, same) = run("true"), run("false")
    assert (status, losses) == ("ok", same)
    # MiB: torch and Lightning take some 450 of both; the outputs of all steps with their gradients would be 128.
    assert on < 560
    # An rnn keeps its outputs only (105 measured at twice the length: at 32,768 its 34 are close to the noise of a
    # process, 480 to 517), a gru four more numbers for each unit (244).
    assert off - on > saved, (on, off)
