"""Tests that the executor ray leaves no process, and says when it is not installed or has no cluster.

Modules: seqbench.executors.ray.cluster, seqbench.executors.ray.tasks.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import psutil
import pytest

from seqbench import ExperimentError
from seqbench.executors.ray.executor import Ray
from seqbench.jobs.events import Progressed
from tests.executors.desk import ENDLESS, Desk, cells, lives, records


@pytest.mark.slow
def test_ray_ends_running_cells_when_asked_and_leaves_no_process() -> None:
    pytest.importorskip("ray")
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    desk, told = Desk(*cells(["rnn"], [0, 1, 2], **ENDLESS), workers=2), []
    for event in Ray().run(desk.job):
        told.append(event)
        desk.is_stopping = {e.cell.seed for e in told if isinstance(e, Progressed)} == {0, 1}
    assert sorted(record.cell.seed for record in records(told) if record.status == "interrupted") == [0, 1]
    assert all("asked to stop" in str(record.reason) for record in records(told))
    # A browser of other tests, which was there before, may start processes of its own meanwhile.
    assert [process.name() for process in _children_but_of(before) if lives(process)] == []


def _children_but_of(before: set[int]) -> list[psutil.Process]:
    """Return the children of this process that are none of these, and none of their children."""
    found = []
    for each in psutil.Process().children(recursive=True):
        # One that has ended meanwhile has no parents.
        with suppress(psutil.NoSuchProcess):
            if not before & {each.pid, *(parent.pid for parent in each.parents())}:
                found.append(each)
    return found


def test_ray_that_is_not_installed_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ExperimentError, match=r"pip install 'seqbench\[ray\]'"):
        next(Ray().run(Desk(*cells(["rnn"], [0])).job))


def test_cluster_that_is_not_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", "ray://10.0.0.1:10001")
    with pytest.raises(ExperimentError, match="Ray client"):
        next(Ray().run(Desk(*cells(["rnn"], [0])).job))
