"""Tests that executors stop when asked, leave no orphan, respect the memory, and change no bit."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from seqbench import Execution, Experiment, ExperimentError, load_catalog
from seqbench.executors.expected import Expected
from seqbench.executors.processes import Processes
from seqbench.executors.ray.addresses import check_address
from seqbench.executors.ray.executor import Ray
from seqbench.executors.serial import Serial
from seqbench.experiment.cells import Cell
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Event, Finished, Progressed, Retried, Started
from seqbench.jobs.executor import Executor, Job
from seqbench.jobs.plugin_sources import PluginFile, PluginSources
from seqbench.plugins.grid import expand
from seqbench.plugins.load import load_sources
from seqbench.records.making import unfinished
from seqbench.records.schema import Record
from seqbench.training.memory import Memory, available_bytes

ENDLESS = {"steps": 10**6, "batch_size": 4}


def cells(
    models: list[str], seeds: list[int], length: int = 8, gradients: bool = False, **training: Any
) -> list[Cell]:
    fields = {
        "tasks": ["copy"],
        "models": models,
        "lengths": [length],
        "seeds": seeds,
        "training": {"steps": 5, "batch_size": 4, "validate_every": 5, **training},
        "parameters": {"copy": {"train_examples": 64}},
        "gradients": {"measure": gradients},
    }
    return expand(Experiment.model_validate(fields), load_catalog())


class Desk:
    """Gives cells to an executor and can be closed, as a sweep does."""

    def __init__(
        self, *wanted: Cell, workers: int = 1, memory: Callable[[Cell], int] = lambda cell: 2**20
    ) -> None:
        self.left = [Assignment(cell, {}) for cell in wanted]
        self.is_stopping = False
        self.job = Job(
            lambda: self.left.pop(0) if self.left else None, workers, Execution(), memory, lambda: self.is_stopping
        )


def records(events: list[Event]) -> list[Record]:
    return [event.record for event in events if isinstance(event, Finished)]


def youngest_child() -> psutil.Process:
    # A worker is forked from the server and keeps its command line; a browser of other tests may live here too.
    below = (child for child in psutil.Process().children(recursive=True) if lives(child))
    children = [child for child in below if "forkserver" in " ".join(child.cmdline())]
    return max((child for child in children if not child.children()), key=lambda child: child.create_time())


def test_asked_to_stop_takes_no_more_and_ends_what_runs_as_interrupted() -> None:
    desk, events = Desk(*cells(["rnn"], [0, 1, 2], **ENDLESS), workers=2), []
    for event in Processes().run(desk.job):
        events.append(event)
        if {e.cell.seed for e in events if isinstance(e, Progressed)} == {0, 1} and not desk.is_stopping:
            desk.is_stopping, asked = True, time.monotonic()
    assert time.monotonic() - asked < 5
    assert [record.status for record in records(events)] == ["interrupted", "interrupted"]
    assert len(desk.left) == 1


def test_stop_is_heard_from_a_cell_that_says_nothing_and_from_one_that_never_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("seqbench.executors.workers.SECONDS_TO_STOP", 1.0)
    desk = Desk(*cells(["rnn"], [0], **ENDLESS))
    with closing(Processes().run(desk.job)) as events:
        assert isinstance(next(events), Started)
        # As if it hung: its process answers nothing any more.
        while not isinstance(next(events), Progressed):
            pass
        youngest_child().suspend()
        desk.is_stopping = True
        (record,) = records(list(events))
    assert record.status == "interrupted", record.reason
    assert "killed" in str(record.reason)


def test_memory_that_does_not_suffice_for_two_runs_one_after_the_other() -> None:
    desk = Desk(*cells(["rnn"], [0, 1], **ENDLESS), workers=2, memory=lambda cell: int(0.6 * available_bytes()))
    heard = []
    for event in Processes().run(desk.job):
        heard.append(event)
        desk.is_stopping = sum(isinstance(event, Progressed) for event in heard) >= 4
    assert {event.cell.seed for event in heard if isinstance(event, Progressed)} == {0}
    first, second = sorted(records(heard), key=lambda record: record.cell.seed)
    assert "asked to stop" in str(first.reason)
    assert "before it began" in str(second.reason)


def test_cell_that_needs_more_than_there_is_runs_alone() -> None:
    (record,) = records(list(Processes().run(Desk(*cells(["rnn"], [0]), workers=2, memory=lambda c: 2**50).job)))
    assert record.status == "ok"


HUNGRY = """
from dataclasses import dataclass
from pathlib import Path
import torch
from seqbench import Model, hookimpl

@dataclass(frozen=True)
class Hungry(Model):
    name = "hungry"
    version = 1
    marker: str = ""

    def build(self, input_size):
        if not Path(self.marker).exists():
            Path(self.marker).touch()
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return torch.nn.GRU(input_size, 4, batch_first=True)

@hookimpl
def seqbench_models():
    yield Hungry
"""


def hungry(folder: Path, marker: str = "marker") -> Assignment:
    """Return a cell that finds its GPU full the first time it is run."""
    (folder / "seqbench_hungry.py").write_text(HUNGRY)
    sources = PluginSources(files=(PluginFile(folder / "seqbench_hungry.py"),))
    fields = {"tasks": ["copy"], "models": ["hungry"], "lengths": [8], "training": {"steps": 5}}
    parameters = {"hungry": {"marker": str(folder / marker)}}
    experiment = Experiment.model_validate({**fields, "parameters": parameters})
    return Assignment(expand(experiment, load_sources(sources))[0], {}, sources)


def test_cell_that_finds_its_gpu_full_beside_another_is_run_again_by_itself(tmp_path: Path) -> None:
    desk = Desk(*cells(["rnn"], [0], steps=400), workers=2)
    desk.left.append(hungry(tmp_path))
    events = list(Processes().run(desk.job))
    (retried,) = (event for event in events if isinstance(event, Retried))
    assert retried.reason == "its GPU had no memory left, beside other cells"
    assert [(record.cell.model.name, record.status) for record in records(events)] == [
        ("rnn", "ok"),
        ("hungry", "ok"),
    ]
    # Not before the other had ended.
    kinds = [type(event) for event in events if not isinstance(event, Progressed)]
    assert kinds[-3:] == [Finished, Started, Finished]


def test_cells_that_crowd_each_other_out_are_run_again_one_after_the_other(tmp_path: Path) -> None:
    desk = Desk(workers=2)
    desk.left += [hungry(tmp_path, "one"), hungry(tmp_path, "other")]
    events = list(Processes().run(desk.job))
    assert sum(isinstance(event, Retried) for event in events) == 2
    assert [record.status for record in records(events)] == ["ok", "ok"]


def test_cell_that_finds_its_gpu_full_by_itself_fails_with_what_torch_says(tmp_path: Path) -> None:
    desk = Desk(workers=2)
    desk.left.append(hungry(tmp_path))
    (record,) = records(list(Processes().run(desk.job)))
    assert record.status == "failed"
    assert str(record.reason) == "OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."


def test_memory_of_a_gpu_is_expected_by_what_like_cells_took_of_it() -> None:
    short, long = *cells(["rnn"], [0]), *cells(["rnn"], [0], length=80)
    expected = Expected(Desk().job)
    assert expected.on_gpu(Assignment(long, {})) == 2**29 + 80 * 2**22
    blank = unfinished(short, "ok", "", {})
    costs = {"peak_memory_bytes": 2**40, "peak_gpu_memory_bytes": 100 * 2**20}
    expected.learn(blank.model_copy(update={"costs": blank.costs.model_copy(update=costs)}))
    # 300 MiB are CUDA, which does not grow.
    assert expected.on_gpu(Assignment(long, {})) == (300 + 1000) * 2**20


def test_memory_is_expected_by_what_like_cells_took() -> None:
    short, long, other = *cells(["rnn"], [0]), *cells(["rnn"], [3], length=80), *cells(["lstm"], [0])
    blank = unfinished(short, "ok", "", {})
    taken = blank.model_copy(update={"costs": blank.costs.model_copy(update={"peak_memory_bytes": 400 * 2**20})})
    memory = Memory(Execution(), lambda: [taken])
    # 300 MiB are torch, which does not grow: 100 MiB at length 8 are 1000 MiB at length 80.
    assert memory(short) == 400 * 2**20
    assert memory(long) == (300 + 1000) * 2**20
    assert memory(other) == 0
    assert Memory(Execution(memory=2))(long) == 2 * 2**30


def test_worker_of_a_parent_that_was_killed_ends_by_itself() -> None:
    script = "from tests.executors.test_processes import *\nfor event in endless(): print(event, flush=True)"
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        while not parent.stdout.readline().startswith("Progressed"):
            assert parent.poll() is None
        below = psutil.Process(parent.pid).children(recursive=True)
        parent.kill()
    assert len(below) >= 3  # a resource tracker, the server, the worker
    deadline = time.monotonic() + 5
    while left := [process for process in below if lives(process)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def lives(process: psutil.Process) -> bool:
    # If no process waits for orphans, an ended one stays as a zombie.
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def endless() -> Iterator[Event]:
    return Processes().run(Desk(*cells(["rnn"], [0], **ENDLESS)).job)


def test_worker_that_is_told_to_end_by_the_system_writes_its_record() -> None:
    events: list[Event] = []
    for event in endless():
        if isinstance(event, Progressed) and not any(isinstance(before, Progressed) for before in events):
            os.kill(youngest_child().pid, signal.SIGTERM)
        events.append(event)
    (record,) = records(events)
    assert record.status == "interrupted", record.reason


def scores(desk: Desk, executor: Executor) -> dict[str, Any]:
    """Return all of each record that no clock and no machine moves."""
    with warnings.catch_warnings():
        # Ray warns of what it will do in later versions.
        warnings.simplefilter("ignore", FutureWarning)
        found = records(list(executor.run(desk.job)))
    moves = {"costs", "environment", "finished"}
    return {record.key: record.model_dump(exclude=moves) for record in found if record.status == "ok"}


def test_scores_and_gradients_are_the_same_to_the_last_bit_whatever_runs_them() -> None:
    wanted = cells(["rnn", "lstm"], [0, 1], gradients=True)
    alone = scores(Desk(*wanted), Serial())
    assert len(alone) == 4
    for workers in (1, 2, 4):
        assert scores(Desk(*reversed(wanted), workers=workers), Processes()) == alone
    pytest.importorskip("ray")
    assert scores(Desk(*wanted, workers=2), Ray()) == alone


@pytest.mark.slow
def test_ray_ends_running_cells_when_asked_and_leaves_no_process() -> None:
    pytest.importorskip("ray")
    before = {process.pid for process in psutil.process_iter()}
    desk, told = Desk(*cells(["rnn"], [0, 1, 2], **ENDLESS), workers=2), []
    for event in Ray().run(desk.job):
        told.append(event)
        desk.is_stopping = {e.cell.seed for e in told if isinstance(e, Progressed)} == {0, 1}
    assert sorted(record.cell.seed for record in records(told) if record.status == "interrupted") == [0, 1]
    assert all("asked to stop" in str(record.reason) for record in records(told))
    left = [process for process in psutil.Process().children(recursive=True) if process.pid not in before]
    assert [process.name() for process in left if lives(process)] == []


def test_ray_that_is_not_installed_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ExperimentError, match=r"pip install 'seqbench\[ray\]'"):
        next(Ray().run(Desk(*cells(["rnn"], [0])).job))


def test_cluster_that_is_not_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", "ray://10.0.0.1:10001")
    with pytest.raises(ExperimentError, match="Ray client"):
        next(Ray().run(Desk(*cells(["rnn"], [0])).job))


@pytest.mark.parametrize("address", ["nonsense", "host:99999", "http://host:8265", "host:", ":6379"])
def test_address_that_is_none_says_how_to_write_one(address: str) -> None:
    with pytest.raises(ExperimentError, match="write HOST:PORT"):
        check_address(address)


def test_address_at_which_no_cluster_listens_is_refused_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqbench.executors.ray.addresses.SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ExperimentError, match=f"no Ray cluster at {address}: something else answers there"):
            check_address(address)
    with pytest.raises(ExperimentError, match=f"no Ray cluster at {address}: connection refused"):
        check_address(address)
    # What speaks HTTP/2, as a cluster does, begins with its settings.
    with socket.create_server(("127.0.0.1", 0)) as there:
        answering = threading.Thread(target=settings_to, args=[there])
        answering.start()
        check_address(f"127.0.0.1:{there.getsockname()[1]}")
        answering.join()


def settings_to(there: socket.socket) -> None:
    with there.accept()[0] as caller:
        caller.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
