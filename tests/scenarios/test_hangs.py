"""Tests that nothing hangs: a silent process is ended, and threads that a plugin leaves keep no process alive.

Modules: seqbench.running.progress.live.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from seqbench import Execution, Experiment, load_catalog
from seqbench.executors.processes import Processes
from seqbench.executors.workers import Done, start
from seqbench.experiment.cells import Cell
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Finished
from seqbench.jobs.executor import Executor, Job
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.grid import expand
from seqbench.records.schema import Record

HANGING = '''
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from torch import nn

from seqbench import Model, hookimpl

POOL = ThreadPoolExecutor()


class Layer(nn.Module):
    def __init__(self, input_size, where):
        super().__init__()
        self.state = nn.GRU(input_size, 4, batch_first=True)
        self.where = where

    def forward(self, inputs, state=None):
        if self.where == "step" and self.training:
            while True:
                pass
        if self.where == "evaluation" and not self.training:
            threading.Lock().acquire() and threading.Event().wait()
        return self.state(inputs, state)


@dataclass(frozen=True)
class Hangs(Model):
    """Never comes back."""

    name = "hangs"
    version = 1
    where: str = "step"

    def build(self, input_size):
        if self.where == "build":
            lock = threading.Lock()
            lock.acquire()
            lock.acquire()
        if self.where == "thread":
            threading.Thread(target=threading.Event().wait, name="left by a plugin").start()
        if self.where == "pool":
            POOL.submit(len, "").result()
        return Layer(input_size, self.where)


@hookimpl
def seqbench_models():
    yield Hangs
'''


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    path = tmp_path_factory.mktemp("plugin") / "hangs.py"
    path.write_text(HANGING)
    return load_catalog(files=[path])


def cell(catalog: Catalog, where: str, **training: Any) -> Cell:
    fields = {
        "tasks": ["copy"],
        "models": ["hangs"],
        "lengths": [8],
        "training": {"steps": 2, "batch_size": 4, **training},
        "parameters": {"copy": {"train_examples": 64}, "hangs": {"where": where}},
        "gradients": {"measure": False},
    }
    return expand(Experiment.model_validate(fields), catalog)[0]


def outcome(executor: Executor, wanted: Cell, catalog: Catalog, folder: Path) -> Record:
    sources = catalog.sources_of(wanted.task.name, wanted.model.name)
    left = [Assignment(wanted, {}, sources, folder / "a.log", folder / "a.ckpt", folder=folder)]
    job = Job(lambda: left.pop() if left else None, 1, Execution(), lambda cell: 2**20, lambda: False)
    (finished,) = [event for event in executor.run(job) if isinstance(event, Finished)]
    return finished.record


@pytest.mark.parametrize(
    "where",
    [pytest.param("build", marks=pytest.mark.slow), "step", pytest.param("evaluation", marks=pytest.mark.slow)],
)
def test_cell_that_gives_no_sign_of_life_is_ended_after_its_limit_and_its_log_says_where_it_was(
    where: str, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqbench.executors.silence.SECONDS_OF_SILENCE", 1.0)
    record = outcome(Processes(), cell(catalog, where, time_limit=1.0), catalog, tmp_path)
    assert record.status == "timeout"
    assert "no sign of life" in str(record.reason)
    assert "its time limit is 1 s" in str(record.reason)
    log = (tmp_path / "a.log").read_text()
    assert "Fatal Python error: Aborted" in log
    assert re.search(rf'hangs\.py", line \d+ in {"build" if where == "build" else "forward"}\n', log)


def test_data_that_never_come_are_not_waited_for_beyond_the_limit(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqbench.executors.silence.SECONDS_OF_SILENCE", 0.5)
    monkeypatch.setattr("seqbench.executors.processes.check", never)
    began = time.monotonic()
    assert list(Processes().check([Assignment(cell(catalog, "step", time_limit=0.5), {})], Execution(), 1)) == []
    assert time.monotonic() - began < 15


def never(argument: Any, told: Any, should_stop: Any) -> None:
    threading.Event().wait()


def leaves_a_thread(argument: Any, told: Any, should_stop: Any) -> int:
    threading.Thread(target=threading.Event().wait).start()
    return 7


def test_thread_that_is_left_running_in_a_worker_costs_no_time() -> None:
    worker = start(leaves_a_thread, None)
    assert worker.result(60.0) == Done(7)
    began = time.monotonic()
    worker.end(10.0)
    assert time.monotonic() - began < 5


@pytest.mark.slow
def test_command_ends_though_a_plugin_left_a_thread_running(tmp_path: Path) -> None:
    (tmp_path / "hangs.py").write_text(HANGING)
    command = [sys.executable, "-m", "seqbench", "show", "hangs", "--set", "where=thread", "--plugin", "hangs.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "threads that a plugin started still run and are ended: left by a plugin" in ended.stderr


@pytest.mark.slow
def test_pool_of_threads_that_has_nothing_to_do_is_no_thread_left_running(tmp_path: Path) -> None:
    (tmp_path / "hangs.py").write_text(HANGING)
    command = [sys.executable, "-m", "seqbench", "show", "hangs", "--set", "where=pool", "--plugin", "hangs.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "threads that a plugin started" not in ended.stderr


HUNG_UP = """
import os, pty, signal, sys
child, terminal = pty.fork()
if not child:
    # As in a terminal, also where these tests run under nohup.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-m", "seqbench", *sys.argv[1:]])
seen = b""
while b"steps/s" not in seen:
    seen += os.read(terminal, 10_000)
# As a window that is closed: the kernel sends SIGHUP, and every write to the terminal fails.
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.slow
def test_terminal_that_is_closed_leaves_checkpoint_and_record_and_status_129(tmp_path: Path) -> None:
    endless = ["run", "smoke", "--tasks", "copy", "--models", "rnn", "--lengths", "64", "--set",
               "training.steps=1000000", "--set", "gradients=off", "--output", "out"]  # fmt: skip
    command = [sys.executable, "-c", HUNG_UP, *endless]
    # Schedulers give such folders; sockets do not fit into them.
    (tmp_path / ("x" * 100)).mkdir()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "TMPDIR": str(tmp_path / ("x" * 100))}
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert ended.stdout.strip() == str(128 + signal.SIGHUP), ended.stderr
    (record,) = (tmp_path / "out" / "records").iterdir()
    assert '"status": "interrupted"' in record.read_text()
    assert "it was asked to stop after step" in record.read_text()
    assert len(list((tmp_path / "out" / "checkpoints").iterdir())) == 1
    assert list((tmp_path / "out" / "claims").iterdir()) == []
