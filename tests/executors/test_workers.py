"""Tests that a worker ends with its parent, and writes its record when the system ends it.

Modules: seqbench.executors.uncollected.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from seqbench.executors.processes import Processes
from seqbench.jobs.events import Event, Progressed
from tests.executors.desk import ENDLESS, Desk, cells, lives, records, youngest_child


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
