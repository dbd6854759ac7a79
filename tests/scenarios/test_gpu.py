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

from seqbench import Batch, Experiment, SequenceClass, StepClass, TargetKind, Tokens, load_catalog, run
from seqbench.experiment.cells import Cell
from seqbench.gradients.measure import measure_flow
from seqbench.network.chunks import CHUNK_STEPS, Chunking
from seqbench.network.network import Network, build_network
from seqbench.plugins.grid import expand
from seqbench.plugins.parameters import make
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.training.cell import run_cell
from seqbench.training.checkpoints import Checkpoints
from seqbench.training.precision import arithmetic
from tests.lookahead import BiLSTM

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


def test_stopped_cell_goes_on_on_the_gpu_and_ends_with_the_same_losses(tmp_path: Path) -> None:
    whole = run_cell(cell("lstm"), load_catalog())
    looks = iter([False] * 12 + [True] * 1000)
    kept = Checkpoints(tmp_path / "cell.ckpt", 60.0)
    stopped = run_cell(cell("lstm"), load_catalog(), checkpoints=kept, should_stop=lambda: next(looks))
    assert stopped.status == "interrupted", stopped.reason
    rest = run_cell(cell("lstm"), load_catalog(), checkpoints=kept)
    assert rest.status == "ok", rest.reason
    for (_, mine), (_, other) in zip(whole.course.losses, rest.course.losses, strict=True):
        assert other == pytest.approx(mine, rel=1e-3)


@pytest.mark.parametrize("settings", [{"jobs": 4}, {"jobs": 4, "gpus": 0.25}, {"gpus": 0}])
def test_cells_share_a_gpu(tmp_path: Path, settings: dict[str, Any]) -> None:
    fields = {"tasks": ["copy"], "models": MODELS, "lengths": [16], "seeds": [0, 1], "training": {"steps": 10}}
    run(Experiment.model_validate({**fields, "executor": settings}), tmp_path)
    records: list[Record] = list(Store(tmp_path).each())
    assert [record.status for record in records] == ["ok"] * 6
    on_gpu = {record.environment["device"] != "cpu" for record in records}
    assert on_gpu == {settings.get("gpus") != 0}
