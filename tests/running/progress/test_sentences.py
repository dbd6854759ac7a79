"""Tests that the counts told before, during and after a stopped sweep add up to the cells of its plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench import Catalog, Experiment
from seqbench.jobs.events import Finished, Started
from seqbench.records.making import unfinished
from seqbench.records.schema import Status
from seqbench.records.store import Store
from seqbench.running.plan import Plan, plan
from seqbench.running.progress.plain import Plain
from seqbench.running.progress.sentences import Sentences, done_before, how_far
from seqbench.running.progress.tally import Tally
from tests.toys import Gru, Last

FOUR = Experiment(tasks=("last",), models=("small",), lengths=(6, 8), seeds=(0, 1))


def planned(store: Store, on_existing: str = "retry-failed") -> Plan:
    catalog = Catalog(tasks={"last": Last}, models={"small": Gru})
    return plan(FOUR, catalog, store, on_existing=on_existing)


def end(todo: Plan, store: Store, *statuses: Status) -> None:
    for cell, status in zip(todo.pending, statuses, strict=False):
        store.write(unfinished(cell, status, "as it is", {}))


def test_a_stopped_sweep_tells_what_is_done_failed_and_left_of_all_its_cells(tmp_path: Path) -> None:
    store = Store(tmp_path / "out")
    first = planned(store)
    assert done_before(first) == ""
    end(first, store, "ok", "failed", "interrupted")
    assert how_far(first, store.seen()) == "1 of 4 cells are done, 1 failed, 2 left; the same command goes on"
    second = planned(store)
    assert done_before(second) == "1 of 4 cells were done already; 3 left to run"
    end(second, store, "ok", "ok", "ok")
    assert how_far(second, store.seen()) == "4 of 4 cells are done; the same command shows the tables"
    assert done_before(planned(store)) == "4 of 4 cells were done already"
    assert done_before(planned(store, "only-report")) == ""


def test_failed_cells_that_stay_as_they_are_are_told_as_failed(tmp_path: Path) -> None:
    store = Store(tmp_path / "out")
    end(planned(store), store, "ok", "failed", "failed")
    rest = planned(store, "finish")
    assert done_before(rest) == "1 of 4 cells were done already, 2 failed; 1 left to run"
    end(rest, store, "ok")
    assert how_far(rest, store.seen()) == "2 of 4 cells are done, 2 failed; the same command shows the tables"


def test_of_a_sweep_that_runs_all_again_earlier_records_do_not_count(tmp_path: Path) -> None:
    store = Store(tmp_path / "out")
    end(planned(store), store, "ok", "ok", "ok", "ok")
    anew = planned(store, "fresh")
    assert done_before(anew) == ""
    told = "{} of 4 cells are done, {} left; the same command begins all again"
    assert how_far(anew, store.seen()) == told.format(0, 4)
    end(anew, store, "ok")
    assert how_far(anew, store.seen()) == told.format(1, 3)


@pytest.mark.parametrize("status", ["ok", "failed", "interrupted"])
def test_a_cell_that_was_interrupted_is_not_counted_among_those_that_ended(tmp_path: Path, status: Status) -> None:
    store = Store(tmp_path / "out")
    todo, lines = planned(store), list[str]()
    show = Plain(Tally(todo), Sentences(store.layout, is_shard=False), lines.append)
    cell = todo.pending[0]
    show(Started(cell))
    show(Finished(cell, unfinished(cell, status, "as it is", {})))
    assert lines == [f"{'' if status == 'interrupted' else '[1/4] '}{cell}: {status}: as it is"]
