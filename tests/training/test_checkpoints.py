"""Tests that a cell that is killed or stopped anywhere resumes from its checkpoint and ends with the same bits.

Modules: seqbench.base.signal_handlers, seqbench.training.resume.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqbench import Catalog, Experiment, Model, Split, Task, TaskData, generator
from seqbench.contracts.examples import Ragged as Rows
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Gradients
from seqbench.plugins.grid import expand
from seqbench.records.store import Store
from seqbench.training.cell import run_cell
from seqbench.training.checkpoints import CheckpointFile, Checkpoints
from tests.toys import naming
from tests.training.test_cell import moves


@dataclass(frozen=True)
class Ragged(Task):
    """Name the first token of sequences of many lengths; several batches to an evaluation."""

    name = "ragged"
    version = 1

    def load(self, length: int, seed: int) -> TaskData:
        def split(part: str, examples: int) -> Split:
            rng = generator(seed, part, length)
            lengths = torch.randint(1, length + 1, (examples,), generator=rng)
            rows = [torch.randint(4, (int(n),), generator=rng) for n in lengths]
            return Split(Rows.from_rows(rows), torch.stack([row[0] for row in rows]))

        return naming(4, train=split("train", 70), validation=split("validation", 600), test=split("test", 600))


class Noisy(nn.Module):
    """A GRU whose training depends on every global generator there is, on a buffer and on extra state."""

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.gru = nn.GRU(input_size, 8, num_layers=2, dropout=0.3, batch_first=True)
        self.register_buffer("seen", torch.zeros(1))
        self.calls = 0

    def get_extra_state(self) -> dict[str, int]:
        return {"calls": self.calls}

    def set_extra_state(self, state: dict[str, int]) -> None:
        self.calls = state["calls"]

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if self.training and inputs.dtype == torch.float32:
            self.seen += 1
            self.calls += 1
            inputs = inputs * (
                1 + 0.01 * self.seen + 0.01 * self.calls + random.random() / 10 + float(np.random.rand()) / 10
            )
        outputs, state = self.gru(inputs, state)
        return outputs, state


@dataclass(frozen=True)
class Drifting(Model):
    """What makes a `Noisy`."""

    name = "drifting"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return Noisy(input_size)


CATALOG = Catalog(tasks={"ragged": Ragged}, models={"drifting": Drifting})


def cell_of(evaluate: tuple[int, ...] = (), **training: object) -> Cell:
    settings = {"steps": 23, "batch_size": 16, "validate_every": 5, "learning_rate": 0.03} | training
    fields = {"tasks": ["ragged"], "models": ["drifting"], "lengths": [7], "evaluate_lengths": evaluate}
    cell = expand(Experiment.model_validate({**fields, "training": settings}), CATALOG)[0]
    return replace(cell, gradients=Gradients(every=4, examples=2, draws=1))


def after(calls: int) -> Callable[[], bool]:
    """Return a request to stop that comes at one exact look, counted from the start of the attempt."""
    left = iter([False] * calls)
    return lambda: next(left, True)


LONG = cell_of(steps=200, validate_every=20, schedule="linear")
CELLS = {
    "cosine, steps off the grid of validations": cell_of(schedule="cosine"),
    "patience, other lengths": cell_of((3,), steps=60, patience=2, optimizer="rmsprop", learning_rate=0.3),
    "solved": cell_of(
        steps=60, validate_every=1, stop_when_solved=0.51, optimizer="adamw", gradient_clip=None, weight_decay=0.1
    ),
}


@pytest.mark.parametrize(
    "name", [next(iter(CELLS)), *(pytest.param(name, marks=pytest.mark.slow) for name in list(CELLS)[1:])]
)
def test_cell_when_stopped_at_any_look_ends_with_the_same_bits(name: str, tmp_path: Path) -> None:
    looks = []
    whole = run_cell(CELLS[name], CATALOG, should_stop=lambda: bool(looks.append(0)))
    assert whole.status == "ok", whole.traceback
    # The stride meets every place among the batches of a validation.
    for look in range(0, len(looks), 7):
        kept = Checkpoints(tmp_path / f"{look}.ckpt", 1e9)
        stopped = run_cell(CELLS[name], CATALOG, checkpoints=kept, should_stop=after(look))
        assert (stopped.status, stopped.test) == ("interrupted", None)
        assert moves(run_cell(CELLS[name], CATALOG, checkpoints=kept)) == moves(whole), stopped.reason


@pytest.mark.slow
def test_cell_when_stopped_again_and_again_ends_with_the_same_bits(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "c.ckpt", 1e9)
    cell = CELLS["patience, other lengths"]
    attempts = [run_cell(cell, CATALOG, checkpoints=kept, should_stop=after(7))]
    while attempts[-1].status == "interrupted":
        attempts.append(run_cell(cell, CATALOG, checkpoints=kept, should_stop=after(7)))
    assert len(attempts) > 4
    assert moves(attempts[-1]) == moves(run_cell(cell, CATALOG))


@pytest.mark.slow
def test_cell_when_killed_at_random_ends_with_the_same_bits(tmp_path: Path) -> None:
    path, rng = tmp_path / "c.ckpt", random.Random(0)
    for _ in range(4):
        before = written(path)
        process = started(path)
        while written(path) == before and process.is_alive():
            time.sleep(0.002)
        time.sleep(rng.random() / 10)
        assert process.is_alive(), "the cell was done before it could be killed: make it longer"
        process.kill()
        process.join()
    record = run_cell(LONG, CATALOG, checkpoints=Checkpoints(path))
    assert moves(record) == moves(run_cell(LONG, CATALOG))
    assert [file.name for file in tmp_path.iterdir() if file.name.endswith(".tmp")] == []


WRITER = """
import os, signal, sys
from pathlib import Path
from seqbench.training.checkpoints import CheckpointFile
os.replace = lambda old, new: os.kill(os.getpid(), signal.SIGKILL)
CheckpointFile(Path(sys.argv[1]), {}).save_checkpoint({"seqbench": {}}, None)
"""


@pytest.mark.slow
def test_half_of_a_killed_writer_is_removed_by_the_next_sweep_and_that_of_a_living_one_stays(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "checkpoints"
    killed = subprocess.run([sys.executable, "-c", WRITER, str(folder / "dead.ckpt")], check=False)
    assert killed.returncode == -signal.SIGKILL
    (dead,) = folder.iterdir()
    living = dead.with_name(dead.name.replace(dead.name.split("-")[1], str(os.getpid())))
    living.touch()
    Store(tmp_path).prepare()
    assert list(folder.iterdir()) == [living]
    # Its own cell removes it, whichever process wrote it: the lease keeps others away.
    assert CheckpointFile(folder / "dead.ckpt", {}).find({}) is None
    assert list(folder.iterdir()) == []


def test_sigterm_within_a_fit_is_heard_by_who_heard_it_before_and_not_by_lightning(tmp_path: Path) -> None:
    heard: list[int] = []
    looks: list[bool] = []

    def look() -> bool:
        looks.append(True)
        if len(looks) == 10:
            os.kill(os.getpid(), signal.SIGTERM)
        # One step after the signal: Lightning would have ended the fit by then.
        return bool(heard) and len(looks) > 10

    handler = lambda number, frame: heard.append(number)  # noqa: E731
    before = signal.signal(signal.SIGTERM, handler)
    try:
        record = run_cell(cell_of(validate_every=23), CATALOG, should_stop=look)
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (record.status, len(looks)) == ("interrupted", 11), record.traceback
    assert str(record.reason).startswith("it was asked to stop after step 10")


@pytest.mark.slow
def test_time_of_all_attempts_counts_and_a_higher_limit_goes_on(tmp_path: Path) -> None:
    def limited(seconds: float | None) -> Cell:
        return replace(LONG, training=LONG.training.model_copy(update={"time_limit": seconds}))

    kept = Checkpoints(tmp_path / "c.ckpt", 1e9)
    first = run_cell(limited(0.2), CATALOG, checkpoints=kept)
    assert first.status == "timeout"
    step = len(torch.load(kept.path, weights_only=True)["seqbench"]["fit"]["step_ends"])
    again = run_cell(limited(0.2), CATALOG, checkpoints=kept)
    assert again.status == "timeout"
    assert f"after step {step};" in str(again.reason)
    whole = run_cell(LONG, CATALOG)
    last = run_cell(limited(1e6), CATALOG, checkpoints=kept)
    assert (last.test, last.gradients) == (whole.test, whole.gradients)
    assert last.costs.train_seconds is not None
    assert last.costs.train_seconds > 0.2


def test_short_cell_writes_no_checkpoint(tmp_path: Path) -> None:
    run_cell(cell_of(), CATALOG, checkpoints=Checkpoints(tmp_path / "c.ckpt", 60))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        "half",
        "empty",
        "text",
        "flipped",
        "pipe",
        "folder",
        "foreign",
        "lacking",
        "other cell",
        "other code",
        "older",
        "other processor",
        "other weights",
    ],
)
def test_unfit_checkpoint_is_told_of_and_left_aside(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cell, kept = cell_of(steps=6), Checkpoints(tmp_path / "c.ckpt", 1e9)
    run_cell(cell, CATALOG, checkpoints=kept, should_stop=after(4))
    good = torch.load(kept.path, weights_only=True)
    if damage == "half":
        kept.path.write_bytes(kept.path.read_bytes()[:-500])
    elif damage == "empty":
        kept.path.write_bytes(b"")
    elif damage == "flipped":
        # In the middle of the weights: torch reads it without a word.
        whole = bytearray(kept.path.read_bytes())
        weights = next(iter(good["state_dict"].values())).numpy().tobytes()
        whole[whole.index(weights)] ^= 1
        kept.path.write_bytes(whole)
    elif damage in ("pipe", "folder"):
        kept.path.unlink()
        os.mkfifo(kept.path) if damage == "pipe" else kept.path.mkdir()
    elif damage == "lacking":
        lacking = {name: part for name, part in good["seqbench"].items() if name != "watcher"}
        torch.save({**good, "seqbench": lacking}, kept.path)
    elif damage == "text":
        kept.path.write_text("not a checkpoint")
    elif damage == "foreign":
        torch.save({"state_dict": good["state_dict"], "epoch": 3}, kept.path)
    elif damage == "other cell":
        run_cell(cell_of(steps=7), CATALOG, checkpoints=kept, should_stop=after(4))
    elif damage == "other code":
        # A plugin file was edited, and its version was not raised.
        torch.save({**good, "seqbench": {**good["seqbench"], "model's code": "file mine.py sha256:0"}}, kept.path)
    elif damage == "older":
        torch.save({**good, "seqbench": {**good["seqbench"], "format": 0}}, kept.path)
    elif damage == "other processor":
        # Half of the steps of one processor and half of another are the bits of neither.
        amd = {"vendor": "AuthenticAMD", "torch": "AVX2", "onednn": "AVX2", "mkl": "COMPATIBLE"}
        torch.save({**good, "seqbench": {**good["seqbench"], "processor_class": amd}}, kept.path)
    else:
        torch.save({**good, "state_dict": {"network.head.bias": torch.zeros(4)}}, kept.path)
    with caplog.at_level(logging.WARNING):
        record = run_cell(cell, CATALOG, checkpoints=kept)
    assert "is left aside, and the cell starts anew" in caplog.text
    assert moves(record) == moves(run_cell(cell, CATALOG))


def test_disk_that_takes_no_checkpoint_costs_the_cell_nothing_but_the_checkpoint(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Checkpoints(tmp_path / "c.ckpt", 1e-9)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Less than a checkpoint takes: it breaks off half-written.
    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, before[1]))
    try:
        record = run_cell(cell_of(), CATALOG, checkpoints=kept)
        stopped = run_cell(cell_of(), CATALOG, checkpoints=kept, should_stop=after(3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert moves(record) == moves(run_cell(cell_of(), CATALOG))
    assert "could not be written" in caplog.text
    assert stopped.status == "interrupted"
    assert "could not be written" in str(stopped.reason)
    assert list(tmp_path.iterdir()) == []


def written(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def started(path: Path) -> multiprocessing.process.BaseProcess:
    """Start `LONG` in a process of its own, as a worker does."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "pytorch_lightning", "seqbench.training.cell"])
    process = context.Process(target=run_long, args=(path,), daemon=True)
    process.start()
    return process


def run_long(path: Path) -> None:
    run_cell(LONG, CATALOG, checkpoints=Checkpoints(path, 1e-9))
