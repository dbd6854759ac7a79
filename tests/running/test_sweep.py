"""Tests that a sweep skips finished cells, retries a killed process, and gives the same bits with any workers.

Modules: seqbench.base.stop, seqbench.executors.serial, seqbench.running.recorder.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench import DataError, Execution, Experiment, ExperimentError, StoreError, load_catalog, run
from seqbench.base.process_identity import this_process
from seqbench.experiment.shards import Shard
from seqbench.jobs.events import Finished, Progressed, Retried, Started
from seqbench.plugins.catalog import Observer
from seqbench.plugins.grid import expand, expansion
from seqbench.records.layout import Layout
from seqbench.records.making import unfinished
from seqbench.records.store import Store
from seqbench.running.interruption import interruption
from seqbench.running.plan import plan
from seqbench.running.queue import Waiting
from seqbench.running.sweep import sweep

CATALOG = load_catalog()
SERIAL = Execution(name="serial")
EXACT = ["task", "model", "length", "seed", "status", "score", "skill", "validation_score", "steps", "key"]


def experiment(**changes: Any) -> Experiment:
    fields: dict[str, Any] = {
        "tasks": ["copy"],
        "models": ["rnn", "lstm"],
        "lengths": [8],
        "seeds": [0, 1],
        "training": {"steps": 5, "batch_size": 4, "validate_every": 5},
        "parameters": {
            "copy": {"train_examples": 64, "test_examples": 64, "validation_examples": 64},
            "lstm": {"hidden_size": 8},
        },
        # They are half of the time of so small a cell.
        "gradients": {"measure": False},
    }
    return Experiment.model_validate({**fields, **changes})


def test_scores_are_the_same_to_the_last_bit_whatever_the_executor_and_the_order(tmp_path: Path) -> None:
    measured = {"gradients": {"measure": True}}
    together = run(experiment(**measured), tmp_path / "a", jobs=2)
    alone = run(experiment(**measured), tmp_path / "b", executor="serial")
    turned = run(experiment(models=["lstm", "rnn"], seeds=[1, 0], **measured), tmp_path / "c", jobs=1)
    assert len(together) == 4
    pd.testing.assert_frame_equal(together[EXACT], alone[EXACT])
    by_key = turned.set_index("key").loc[together["key"]].reset_index()
    pd.testing.assert_frame_equal(together[EXACT], by_key[EXACT])


def test_cells_that_are_done_are_not_run_again_and_new_ones_are_added(tmp_path: Path) -> None:
    first = run(experiment(seeds=[0]), tmp_path, executor="serial")
    store = Store(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "records").iterdir()}
    todo = plan(experiment(), CATALOG, store)
    assert [cell.seed for cell in todo.pending] == [1, 1]
    both = run(experiment(), tmp_path, executor="serial")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert set(first["key"]) < set(both["key"])
    assert plan(experiment(), CATALOG, store).pending == ()


def test_data_that_are_unfit_stop_the_sweep_before_anything_is_written(tmp_path: Path) -> None:
    data = tmp_path / "reviews.csv"
    data.write_text("text,label\n" + "good film,1\n" * 30)
    bad = experiment(tasks=["copy", "sentiment"], parameters={"sentiment": {"data": str(data)}})
    with pytest.raises(DataError, match="class"):
        run(bad, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_process_that_is_killed_costs_a_retry_and_then_the_cell(tmp_path: Path) -> None:
    slow = experiment(models=["rnn"], seeds=[0], training={"steps": 10**6, "batch_size": 4})
    store = Store(tmp_path)
    events = []
    with closing(sweep(plan(slow, CATALOG, store), store, CATALOG, Execution(jobs=1))) as happening:
        for event in happening:
            events.append(event)
            if isinstance(event, Progressed) and not isinstance(events[-2], Progressed):
                worker_of(os.getpid()).kill()
    kinds = [type(event) for event in events if not isinstance(event, Progressed)]
    assert kinds == [Started, Retried, Started, Finished]
    (record,) = store.read()
    assert record.status == "failed"
    assert "SIGKILL" in str(record.reason)


def worker_of(parent: int) -> psutil.Process:
    """Return the youngest process below this one: the cell's."""
    children = psutil.Process(parent).children(recursive=True)
    return max((child for child in children if not child.children()), key=lambda child: child.create_time())


LONG = {"steps": 10**6, "batch_size": 4}


@pytest.mark.parametrize("executor", ["processes", "serial"])
def test_interrupt_ends_the_workers_and_leaves_records_that_are_run_again(tmp_path: Path, executor: str) -> None:
    slow = experiment(models=["rnn"], seeds=[0], training=LONG)
    store = Store(tmp_path)
    # Libraries that are interrupted while they are imported stay broken for the tests that follow.
    importlib.import_module("seqbench.training.cell")
    stop = threading.Timer(2.0, signal.raise_signal, [signal.SIGINT])
    with pytest.raises(KeyboardInterrupt):
        for event in sweep(plan(slow, CATALOG, store), store, CATALOG, Execution(jobs=1, name=executor)):
            if isinstance(event, Started):
                stop.start()
    (record,) = store.read()
    assert record.status == "interrupted"
    assert len(plan(slow, CATALOG, store).pending) == 1
    assert list(store.layout.leases.iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_interrupt_of_whoever_watches_leaves_the_same_record(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with closing(sweep(plan(experiment(), CATALOG, store), store, CATALOG, Execution(jobs=1))) as events:
        assert isinstance(next(events), Started)
    (record,) = store.read()
    assert record.status == "interrupted"
    assert list(store.layout.leases.iterdir()) == []


@pytest.mark.slow
def test_run_that_is_interrupted_once_goes_on_from_its_checkpoint_to_the_same_bits(tmp_path: Path) -> None:
    small = experiment(models=["rnn"], seeds=[0], training={"steps": 300, "batch_size": 4, "validate_every": 100})
    undisturbed = run(small, tmp_path / "a", executor="serial")
    store = Store(tmp_path / "b")
    todo = plan(small, CATALOG, store)
    interrupt = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    told: list[str] = []
    with interruption(told.append) as stop:
        for event in sweep(todo, store, CATALOG, Execution(name="serial"), stopping=stop.is_asked):
            stop.be_gentle()
            if isinstance(event, Started):
                interrupt.start()
    assert (stop.status, len(told)) == (130, 1)
    assert "Ctrl-C again" in told[0]
    (record,) = store.read()
    assert record.status == "interrupted"
    assert store.layout.checkpoint(todo.cells[0]).exists()
    assert "goes on from step" not in store.layout.log(todo.cells[0]).read_text()
    resumed = run(small, tmp_path / "b", executor="serial")
    assert "goes on from step" in store.layout.log(todo.cells[0]).read_text()
    pd.testing.assert_frame_equal(resumed[EXACT], undisturbed[EXACT])
    assert list((tmp_path / "b" / "checkpoints").iterdir()) == []


def test_run_that_is_interrupted_raises_as_any_other_call_once_its_cells_have_ended_well(tmp_path: Path) -> None:
    endless = experiment(models=["rnn"], seeds=[0], training=LONG)
    log = Layout(tmp_path).log(expand(endless, CATALOG)[0])

    def interrupt() -> None:
        while not log.exists():
            time.sleep(0.05)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run(endless, tmp_path, executor="serial")
    (record,) = Store(tmp_path).read()
    assert "it was asked to stop" in str(record.reason)


@pytest.mark.parametrize(
    ("on_existing", "pending"),
    [
        ("retry-failed", {"failed", "timeout", "interrupted", "missing"}),
        ("finish", {"interrupted", "missing"}),
        ("fresh", {"ok", "diverged", "failed", "timeout", "interrupted", "missing"}),
        ("only-report", set()),
    ],
)
def test_existing_records_count_as_asked(tmp_path: Path, on_existing: str, pending: set[str]) -> None:
    statuses = ["ok", "diverged", "failed", "timeout", "interrupted", "missing"]
    store, six = Store(tmp_path), experiment(models=["rnn"], seeds=list(range(6)))
    for cell, status in zip(expand(six, CATALOG), statuses, strict=True):
        if status != "missing":
            store.write(unfinished(cell, status, "as the test says", {}))  # type: ignore[arg-type]
    todo = plan(six, CATALOG, store, on_existing=on_existing)
    assert {statuses[cell.seed] for cell in todo.pending} == pending
    assert len(todo.cells) == 6


def test_fresh_runs_all_again_and_an_old_result_stays_until_the_new_one_is_there(tmp_path: Path) -> None:
    two = experiment(models=["rnn"])
    run(two, tmp_path, executor="serial")
    store = Store(tmp_path)
    todo = plan(two, CATALOG, store, on_existing="fresh")
    for cell in todo.cells:
        store.layout.checkpoint(cell).write_text("of an earlier run")
    with closing(sweep(todo, store, CATALOG, SERIAL)) as events:
        assert isinstance(next(events), Started)
    assert store.seen() == todo.seen
    run(two, tmp_path, executor="serial", on_existing="fresh")
    again = store.seen()
    assert set(again) == {cell.key for cell in todo.cells}
    assert not any(seen == todo.seen[key] for key, seen in again.items())
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_two_sweeps_into_one_store_share_the_cells_and_wait_for_each_other(tmp_path: Path) -> None:
    store, todo = Store(tmp_path), plan(experiment(), CATALOG, Store(tmp_path))
    first = sweep(todo, store, CATALOG, SERIAL)
    second = sweep(todo, store, CATALOG, SERIAL)
    (held,) = [event.cell for event in [next(first)] if isinstance(event, Started)]
    ran = []
    for event in second:
        if isinstance(event, Waiting):
            break
        ran += [event.cell] if isinstance(event, Started) else []
    assert event == Waiting((held,), (this_process().host,))
    assert {cell.key for cell in ran} == {cell.key for cell in todo.cells} - {held.key}
    assert [type(event) for event in first] == [Finished]
    assert list(second) == []
    assert set(store.status().values()) == {"ok"}
    assert len(store.status()) == 4


def test_cell_that_another_sweep_has_failed_meanwhile_is_not_run_a_second_time(tmp_path: Path) -> None:
    store, todo = Store(tmp_path), plan(experiment(), CATALOG, Store(tmp_path))
    events = sweep(todo, store, CATALOG, SERIAL)
    (running,) = [event.cell for event in [next(events)] if isinstance(event, Started)]
    failed, interrupted, *_ = [cell for cell in todo.cells if cell != running]
    store.write(unfinished(failed, "failed", "elsewhere", {}))
    store.write(unfinished(interrupted, "interrupted", "elsewhere", {}))
    ran = [event.cell for event in events if isinstance(event, Started)]
    assert failed not in ran
    assert interrupted in ran
    assert plan(experiment(), CATALOG, store).pending == (failed,)


@pytest.mark.parametrize("shard", [None, pytest.param("1/1", marks=pytest.mark.slow)])
def test_cell_of_a_sweep_that_died_on_another_machine_is_taken_over_when_its_claim_expires(
    tmp_path: Path, shard: str | None
) -> None:
    one = experiment(models=["rnn"], seeds=[0])
    store, todo = Store(tmp_path), plan(one, CATALOG, Store(tmp_path), shard=shard)
    store.prepare()
    said = {"cell": "x", "token": "t", "host": "far", "machine": "far", "pid": 1, "started": 0.0}
    (store.layout.leases / f"{todo.cells[0].key}.json").write_text(json.dumps(said))
    settings = Execution(name="serial", claim_seconds=1.5)
    assert [type(event) for event in sweep(todo, store, CATALOG, settings)] == [Waiting, Started, Finished]


def test_shard_leaves_the_cells_of_a_sweep_that_lives(tmp_path: Path) -> None:
    settings = Execution(name="serial", claim_seconds=1.0)
    store, todo = Store(tmp_path), plan(experiment(), CATALOG, Store(tmp_path), shard="1/1")
    with closing(sweep(todo, store, CATALOG, settings)) as first:
        next(first)
        kinds = [type(event) for event in sweep(todo, store, CATALOG, settings)]
    assert kinds == [*[Started, Finished] * 3, Waiting]


@given(count=st.integers(1, 9), seeds=st.integers(1, 5))
def test_every_cell_is_in_one_shard_and_shards_have_like_work(count: int, seeds: int) -> None:
    grid = experiment(lengths=[8, 64, 16], seeds=list(range(seeds)))
    found = expansion(grid, CATALOG)
    cells, work = found.cells, {cell.key: found.work(cell) for cell in found.cells}
    shards = [Shard(i, count).of(cells, found.work) for i in range(1, count + 1)]
    assert sorted(cell.key for shard in shards for cell in shard) == sorted(cell.key for cell in cells)
    loads = [sum(work[cell.key] for cell in shard) for shard in shards]
    assert max(loads) - min(loads) <= max(work.values())


@pytest.mark.parametrize("text", ["0/3", "4/3", "2", "a/b", "1/0", "-1/2"])
def test_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ExperimentError, match="i/n"):
        Shard.read(text)


def test_a_short_cell_is_run_first_and_then_the_longest(tmp_path: Path) -> None:
    grid = experiment(models=["rnn"], seeds=[0], lengths=[8, 64, 16], task_training={"copy": {"steps": 2}})
    store = Store(tmp_path)
    events = list(sweep(plan(grid, CATALOG, store), store, CATALOG, SERIAL))
    assert [event.cell.length for event in events if isinstance(event, Started)] == [8, 64, 16]


def test_folder_that_is_removed_while_a_sweep_runs_is_a_clear_error_and_what_ends_after_it_is_kept(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "store")
    with pytest.raises(StoreError, match=r"store was removed while the sweep ran; the record of .* was written"):
        for event in sweep(plan(experiment(), CATALOG, store), store, CATALOG, SERIAL):
            if isinstance(event, Started):
                shutil.rmtree(store.path)
    (record,) = store.read()
    assert record.status == "ok"
    shutil.rmtree(store.path)
    with pytest.raises(StoreError, match="store was removed while the sweep ran; the same command"):
        for event in sweep(plan(experiment(), CATALOG, store), store, CATALOG, SERIAL):
            if isinstance(event, Finished):
                shutil.rmtree(store.path)


def test_observers_are_told_of_every_record_and_one_that_fails_is_a_warning(tmp_path: Path) -> None:
    seen: list[Any] = []

    def fails(record: Any) -> None:
        raise RuntimeError("no network")

    origin = next(iter(CATALOG.origins.values()))
    watched = replace(
        CATALOG, observers=(Observer(fails, origin), Observer(lambda record: seen.append(record), origin))
    )
    store = Store(tmp_path)
    two = experiment(models=["rnn"])
    with pytest.warns(UserWarning, match="seqbench_cell_finished.*no network"):
        list(sweep(plan(two, CATALOG, store), store, watched, SERIAL))
    assert sorted(record.key for record in seen) == sorted(store.status())


def test_number_of_jobs_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="jobs is -1"):
        run(experiment(), tmp_path, jobs=-1)


@pytest.mark.slow
def test_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import seqbench\n"
        "print('once')\n"
        "e = seqbench.Experiment(tasks=['copy'], models=['rnn'], lengths=[8], training={'steps': 1})\n"
        f"print(list(seqbench.run(e, {str(tmp_path / 'out')!r})['status']))\n"
    )
    said = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=100, check=True)
    assert said.stdout.splitlines() == ["once", "['ok']"]
    assert said.stderr == ""
