"""Tests cells on a GPU: the numbers of the CPU, no waiting within a step, several at a time, and the record.

Modules: seqbench.executors.devices.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from seqbench import Batch, Experiment, SequenceClass, StepClass, TargetKind, Tokens, load_catalog, run
from seqbench.base.environment import describe
from seqbench.base.machines import is_same_kind
from seqbench.board.check.agreement import Agreement, agreement
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Training
from seqbench.gradients.measure import measure_flow
from seqbench.network.chunks import CHUNK_STEPS, Chunking
from seqbench.network.network import Network, build_network
from seqbench.plugins.grid import expand
from seqbench.plugins.parameters import make
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.training.captured_step import NOTE as CAPTURE
from seqbench.training.captured_step import CapturedStep
from seqbench.training.cell import run_cell
from seqbench.training.checkpoints import Checkpoints
from seqbench.training.cuda_graphs import CudaCapture
from seqbench.training.determinism import NOTE as SAME_BITS
from seqbench.training.determinism import same_bits
from seqbench.training.precision import arithmetic
from tests.lookahead import BiLSTM
from tests.training.test_captured_step import Stepper

MODELS = ["rnn", "lstm", "gru"]

pytestmark = pytest.mark.gpu


@pytest.fixture(autouse=True)
def gpu() -> None:
    """Skip where torch sees no GPU."""
    if not torch.cuda.is_available():
        pytest.skip("no GPU: torch.cuda.is_available() is False")


@contextmanager
def no_waiting() -> Iterator[None]:
    """Make everything an error that waits for the GPU."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def network(model: str, targets: TargetKind) -> Network:
    torch.manual_seed(0)
    layer = make(load_catalog().model(model), {"hidden_size": 16}).build(8)
    return Network(layer, Tokens(11), targets, 8)


def batch(steps: int, targets: TargetKind) -> Batch:
    rng = torch.Generator().manual_seed(1)
    shape = (4, steps) if isinstance(targets, StepClass) else (4,)
    lengths = torch.tensor([steps, steps, steps - 5, steps // 2])
    return Batch(torch.randint(11, (4, steps), generator=rng), torch.randint(3, shape, generator=rng), lengths)


def cell(model: str, **training: Any) -> Cell:
    fields = {"steps": 20, "batch_size": 16, "validate_every": 10, **training}
    experiment = {"tasks": ["copy"], "models": [model], "lengths": [64], "training": fields}
    return expand(Experiment.model_validate(experiment), load_catalog())[0]


@pytest.mark.parametrize("model", MODELS)
def test_gradient_flow_on_a_gpu_is_that_on_the_cpu(model: str) -> None:
    targets = StepClass(3)
    here = measure_flow(network(model, targets), batch(200, targets))
    there = measure_flow(network(model, targets).cuda(), Batch(*(part.cuda() for part in batch(200, targets))))
    for mine, other in zip(here.curves, there.curves, strict=True):
        assert (mine.quantity, mine.part, mine.lags, mine.n) == (other.quantity, other.part, other.lags, other.n)
        assert other.ln_median == pytest.approx(mine.ln_median, abs=1e-8)


def test_layer_that_looks_ahead_gets_lengths_on_the_processor_and_gives_the_numbers_of_the_cpu() -> None:
    def both_ways() -> Network:
        torch.manual_seed(0)
        return build_network(BiLSTM(), Tokens(11), SequenceClass(3), 8)

    given, here, there = batch(60, SequenceClass(3)), both_ways(), both_ways().cuda()
    moved = Batch(*(part.cuda() for part in given))
    torch.testing.assert_close(there(moved).cpu(), here(given), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(
        there.loss(given._replace(inputs=moved.inputs)).cpu(), here.loss(given), rtol=1e-3, atol=1e-4
    )
    inputs = [measure_flow(net, part).curve("input").ln_median for net, part in ((here, given), (there, moved))]
    assert inputs[1] == pytest.approx(inputs[0], abs=1e-8)


@pytest.mark.parametrize("targets", [StepClass(3), SequenceClass(3)], ids=lambda kind: type(kind).__name__)
@pytest.mark.parametrize("model", MODELS)
def test_gradients_on_a_gpu_are_those_on_the_cpu_run_again_or_not(model: str, targets: TargetKind) -> None:
    here, there = network(model, targets), network(model, targets).cuda()
    wanted = torch.autograd.grad(here.loss(batch(CHUNK_STEPS + 90, targets)), list(here.parameters()))
    # As in training: targets and lengths stay on the processor.
    given = batch(CHUNK_STEPS + 90, targets)
    given = given._replace(inputs=given.inputs.cuda())
    for recompute in (False, True):
        there.chunking = Chunking(CHUNK_STEPS, recompute)
        with arithmetic("float32"):
            found = torch.autograd.grad(there.loss(given), list(there.parameters()))
        for mine, other in zip(wanted, found, strict=True):
            torch.testing.assert_close(other.cpu(), mine, rtol=1e-3, atol=1e-5)


def test_dropout_is_drawn_again_where_pieces_are_run_again() -> None:
    parameters = {"nonlinearity": "identity", "layers": 2, "dropout": 0.3, "hidden_size": 16}
    torch.manual_seed(0)
    net = Network(make(load_catalog().model("rnn"), parameters).build(8), Tokens(11), StepClass(3), 8).cuda()
    given = batch(CHUNK_STEPS + 90, StepClass(3))
    given = given._replace(inputs=given.inputs.cuda())
    found = []
    for recompute in (False, True):
        torch.manual_seed(1)
        net.chunking = Chunking(CHUNK_STEPS, recompute)
        found.append([*torch.autograd.grad(net.loss(given), list(net.parameters())), torch.rand(3, device="cuda")])
    for kept, again in zip(*found, strict=True):
        torch.testing.assert_close(again, kept)


def test_dropout_of_cudnn_is_kept_and_asking_to_run_it_again_is_refused() -> None:
    settings = {"steps": 1, "batch_size": 4}
    grid = {"tasks": ["copy"], "models": ["lstm"], "lengths": [2 * CHUNK_STEPS]}
    grid["parameters"] = {"lstm": {"layers": 2, "dropout": 0.1}, "copy": {"train_examples": 8}}

    def record(recompute: Any) -> Record:
        training = {**settings, "recompute": recompute}
        return run_cell(
            expand(Experiment.model_validate({**grid, "training": training}), load_catalog())[0], load_catalog()
        )

    assert record("auto").costs.is_recomputed is False
    assert "which cannot draw it again" in str(record(True).reason)


@pytest.mark.parametrize("targets", [StepClass(3), SequenceClass(3)], ids=lambda kind: type(kind).__name__)
@pytest.mark.filterwarnings("ignore:Synchronization debug mode")
def test_forward_and_backward_do_not_wait_for_the_gpu(targets: TargetKind) -> None:
    net, given = network("lstm", targets).cuda(), batch(64, targets)
    given = given._replace(inputs=given.inputs.cuda())
    net.loss(given).backward()
    with no_waiting():
        # The mode is in force: what does wait is an error.
        with pytest.raises(RuntimeError, match="synchronizing"):
            given.inputs.sum().item()
        net.loss(given).backward()
    assert all(bool(weights.grad.isfinite().all()) for weights in net.parameters() if weights.grad is not None)


@pytest.mark.parametrize("precision", ["float32", "tf32", "bf16"])
def test_cell_on_a_gpu_learns_as_on_the_cpu_and_its_record_names_the_gpu(
    precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = run_cell(cell("gru", precision=precision), load_catalog())
    assert there.status == "ok", there.reason
    assert there.environment["device"] == torch.cuda.get_device_name(0)
    assert (there.costs.peak_gpu_memory_bytes or 0) > 0
    assert there.gradients is not None
    assert there.gradients.problems == ()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    here = run_cell(cell("gru"), load_catalog())
    assert here.environment["device"] == "cpu"
    assert here.costs.peak_gpu_memory_bytes is None
    tolerance = {"float32": 1e-3, "tf32": 1e-2, "bf16": 5e-2}[precision]
    losses = zip(here.course.losses, there.course.losses, strict=True)
    assert all(other == pytest.approx(mine, rel=tolerance) for (_, mine), (_, other) in losses)


@pytest.mark.parametrize("steps_before", [5, 40])
def test_stopped_cell_goes_on_on_the_gpu_and_ends_with_the_same_losses(tmp_path: Path, steps_before: int) -> None:
    settings = {"steps": 80, "schedule": "cosine"}
    whole = run_cell(cell("lstm", **settings), load_catalog())
    looks = iter([False] * steps_before + [True] * 1000)
    kept = Checkpoints(tmp_path / "cell.ckpt", 60.0)
    stopped = run_cell(cell("lstm", **settings), load_catalog(), checkpoints=kept, should_stop=lambda: next(looks))
    assert stopped.status == "interrupted", stopped.reason
    rest = run_cell(cell("lstm", **settings), load_catalog(), checkpoints=kept)
    assert rest.status == "ok", rest.reason
    assert rest.course.losses == whole.course.losses
    assert rest.test == whole.test


@pytest.mark.parametrize("settings", [{"jobs": 4}, {"jobs": 4, "gpus": 0.25}, {"gpus": 0}])
def test_cells_share_a_gpu(tmp_path: Path, settings: dict[str, Any]) -> None:
    fields = {"tasks": ["copy"], "models": MODELS, "lengths": [16], "seeds": [0, 1], "training": {"steps": 10}}
    run(Experiment.model_validate({**fields, "executor": settings}), tmp_path)
    records: list[Record] = list(Store(tmp_path).each())
    assert [record.status for record in records] == ["ok"] * 6
    on_gpu = {record.environment["device"] != "cpu" for record in records}
    assert on_gpu == {settings.get("gpus") != 0}


def compared(one: Record, other: Record) -> Agreement:
    """Compare as ``board verify`` does, where the machines are of one kind."""
    assert (one.status, other.status) == ("ok", "ok"), (one.reason, other.reason)
    assert is_same_kind({**describe(), **one.environment}, {**describe(), **other.environment}) is True
    return agreement(one, other)


# Beyond some 3,000 tokens in a batch the gradient of the embedding has a deterministic form only on request.
@pytest.mark.parametrize("batch_size", [16, 128])
@pytest.mark.parametrize("model", MODELS)
def test_cell_has_the_same_bits_twice(model: str, batch_size: int) -> None:
    given = cell(model, batch_size=batch_size, steps=60)
    one, other = (run_cell(given, load_catalog(), describe()) for _ in range(2))
    found = compared(one, other)
    assert found.has_same_bits, found.text
    assert SAME_BITS not in one.notes


def test_setting_of_cublas_changes_nothing_in_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    fields = {"tasks": ["copy"], "models": MODELS, "lengths": [64], "training": {"steps": 60, "batch_size": 128}}
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        run(Experiment.model_validate(fields), folder)
    one, other = ({record.key: record for record in Store(folder).each()} for folder in folders)
    assert one.keys() == other.keys()
    assert all(compared(one[key], other[key]).has_same_bits for key in one)


@pytest.mark.parametrize(
    ("length", "training"),
    [
        (16, {}),
        (64, {"schedule": "cosine", "optimizer": "adamw", "weight_decay": 0.01}),
        (64, {"precision": "bf16"}),
        (64, {"optimizer": "sgd", "schedule": "linear", "gradient_clip": None}),
        # Two chunks, the second of which is shorter.
        (CHUNK_STEPS + 90, {"batch_size": 8}),
    ],
)
@pytest.mark.parametrize("model", MODELS)
def test_captured_cell_has_the_bits_of_the_plain_one(model: str, length: int, training: dict[str, Any]) -> None:
    def record(capture: Any) -> Record:
        fields = {"steps": 60, "batch_size": 16, "validate_every": 20, "capture": capture, **training}
        grid = {"tasks": ["copy"], "models": [model], "lengths": [length], "training": fields}
        return run_cell(expand(Experiment.model_validate(grid), load_catalog())[0], load_catalog(), describe())

    captured, plain = record("auto"), record(False)
    assert CAPTURE not in captured.notes, captured.notes
    found = compared(captured, plain)
    assert found.has_same_bits, found.text


@pytest.mark.parametrize("task", ["adding", "word-order", "brackets", "echo"])
def test_tasks_of_other_kinds_have_the_bits_of_plain_steps_too(task: str) -> None:
    found = []
    for capture in ("auto", False):
        fields = {"steps": 60, "batch_size": 16, "validate_every": 20, "capture": capture}
        grid = {"tasks": [task], "models": ["gru"], "lengths": [64], "training": fields}
        given = expand(Experiment.model_validate(grid), load_catalog())[0]
        found.append(run_cell(given, load_catalog(), describe()))
    assert compared(*found).has_same_bits


class Reading(torch.nn.GRU):
    """Waits for the GPU in each step, as no capture can."""

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        hidden, state = super().forward(inputs, state)
        return (hidden if float(hidden.detach().sum()) < 1e9 else -hidden), state


class Dropping(torch.nn.GRU):
    """Drops out by torch's own generator."""

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        hidden, state = super().forward(inputs, state)
        return torch.nn.functional.dropout(hidden, 0.5, self.training), state


def losses_of(layer: type[torch.nn.Module], capture: Any) -> tuple[Tensor, Tensor, dict[str, str]]:
    """Return the losses of 20 steps, random numbers drawn after them, and the notes."""
    torch.manual_seed(0)
    net = Network(layer(8, 16, batch_first=True), Tokens(11), StepClass(3), 8).cuda()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01, fused=True)
    plain, notes = Stepper(net, optimizer, "linear"), dict[str, str]()
    settings = Training.model_validate({"schedule": "linear", "capture": capture})
    graphs = CudaCapture(net, optimizer)
    step = CapturedStep(plain, net, optimizer, settings=settings, capture=graphs, notes=notes)
    given = batch(64, StepClass(3))
    given = given._replace(inputs=given.inputs.cuda())
    with same_bits():
        losses = torch.stack([step(given) for _ in range(20)])
    return losses, torch.rand(3, device="cuda"), notes


def test_dropout_of_torch_is_captured_with_the_numbers_of_plain_steps() -> None:
    captured, plain = losses_of(Dropping, "auto"), losses_of(Dropping, False)
    assert captured[2] == {}
    assert torch.equal(captured[0], plain[0])
    assert torch.equal(captured[1], plain[1])


def test_layer_that_waits_is_taken_step_by_step_and_captures_of_others_go_on() -> None:
    refused, plain = losses_of(Reading, "auto"), losses_of(Reading, False)
    assert "not captured" in refused[2][CAPTURE]
    assert torch.equal(refused[0], plain[0])
    assert torch.equal(refused[1], plain[1])
    # The failure left no stream, allocator or generator behind that thinks it still captures.
    assert losses_of(Dropping, "auto")[2] == {}
