"""Tests that executors stop when asked, respect the memory, and change no bit.

Modules: seqbench.executors.devices.
"""

from __future__ import annotations

import time
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from seqbench import Experiment
from seqbench.executors.processes import Processes
from seqbench.executors.ray.executor import Ray
from seqbench.executors.serial import Serial
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Finished, Progressed, Retried, Started
from seqbench.jobs.executor import Executor
from seqbench.jobs.plugin_sources import PluginFile, PluginSources
from seqbench.plugins.grid import expand
from seqbench.plugins.load import load_sources
from seqbench.training.memory import available_bytes
from tests.executors.desk import ENDLESS, Desk, cells, records, youngest_child


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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


def scores(desk: Desk, executor: Executor) -> dict[str, Any]:
    """Return all of each record that no clock and no machine moves."""
    with warnings.catch_warnings():
        # Ray warns of what it will do in later versions.
        warnings.simplefilter("ignore", FutureWarning)
        found = records(list(executor.run(desk.job)))
    moves = {"costs", "environment", "finished"}
    return {record.key: record.model_dump(exclude=moves) for record in found if record.status == "ok"}


@pytest.mark.slow
def test_scores_and_gradients_are_the_same_to_the_last_bit_whatever_runs_them() -> None:
    wanted = cells(["rnn", "lstm"], [0, 1], gradients=True)
    alone = scores(Desk(*wanted), Serial())
    assert len(alone) == 4
    for workers in (1, 2, 4):
        assert scores(Desk(*reversed(wanted), workers=workers), Processes()) == alone
    pytest.importorskip("ray")
    assert scores(Desk(*wanted, workers=2), Ray()) == alone
