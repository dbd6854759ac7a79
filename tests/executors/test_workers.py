"""Tests that a worker ends with its parent, and writes its record when the system ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from seqbench.base.portable import portable_faults
from seqbench.executors.processes import Processes
from seqbench.executors.work import Tell
from seqbench.executors.workers import Done, start
from seqbench.jobs.events import Event, Progressed
from tests.base.here import IS_X86
from tests.executors.desk import ENDLESS, Desk, cells, lives, records, youngest_child


@pytest.mark.slow
def test_worker_of_a_parent_that_was_killed_ends_by_itself() -> None:
    script = "from tests.executors.test_workers import *\nfor event in endless(): print(event, flush=True)"
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


def _faults(argument: None, told: Tell, should_stop: Callable[[], bool]) -> list[str]:
    return list(portable_faults(os.environ))


@pytest.mark.skipif(not IS_X86, reason="portable arithmetic is that of x86-64 processors")
def test_process_has_the_arithmetic_that_is_asked_for_whatever_the_server_was_started_with() -> None:
    found = {}
    for asked in (False, True, False):
        worker = start(_faults, None, is_portable=asked)
        said = worker.result(60)
        worker.end()
        assert isinstance(said, Done), said
        found[asked] = said.value
    assert found[True] == []
    assert found[False] != []
