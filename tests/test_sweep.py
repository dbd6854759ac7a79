"""A sweep: what is done is not run again, a killed process costs a retry, and workers move no bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest

from seqbench import DataError, Execution, Experiment, ExperimentError, load_catalog, run
from seqbench.execution import Finished, Progressed, Retried, Started
from seqbench.store import Store
from seqbench.sweep import plan, sweep

EXACT = ["task", "model", "length", "seed", "status", "score", "skill", "validation_score", "steps", "key"]


def experiment(**changes: Any) -> Experiment:
    fields: dict[str, Any] = {
        "tasks": ["copy"],
        "models": ["rnn", "lstm"],
        "lengths": [8],
        "seeds": [0, 1],
        "training": {"steps": 5, "batch_size": 4, "validate_every": 5},
        "parameters": {"copy": {"train_examples": 64}, "lstm": {"hidden_size": 8}},
    }
    return Experiment.model_validate({**fields, **changes})


def test_scores_are_the_same_to_the_last_bit_whatever_the_executor_and_the_order(tmp_path: Path) -> None:
    together = run(experiment(), tmp_path / "a", jobs=2)
    alone = run(experiment(), tmp_path / "b", executor="serial")
    turned = run(experiment(models=["lstm", "rnn"], seeds=[1, 0]), tmp_path / "c", jobs=1)
    assert len(together) == 4
    pd.testing.assert_frame_equal(together[EXACT], alone[EXACT])
    by_key = turned.set_index("key").loc[together["key"]].reset_index()
    pd.testing.assert_frame_equal(together[EXACT], by_key[EXACT])


def test_cells_that_are_done_are_not_run_again_and_new_ones_are_added(tmp_path: Path) -> None:
    first = run(experiment(seeds=[0]), tmp_path)
    store = Store(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "records").iterdir()}
    todo = plan(experiment(), load_catalog(), store)
    assert [cell.seed for cell in todo.pending] == [1, 1]
    both = run(experiment(), tmp_path)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert set(first["key"]) < set(both["key"])
    assert plan(experiment(), load_catalog(), store).pending == ()


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
    with closing(sweep(plan(slow, load_catalog(), store), store, load_catalog(), Execution(jobs=1))) as happening:
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


@pytest.mark.parametrize("executor", ["processes", "serial"])
def test_interrupt_ends_the_workers_and_leaves_records_that_are_run_again(tmp_path: Path, executor: str) -> None:
    slow = experiment(models=["rnn"], seeds=[0], training={"steps": 10**6, "batch_size": 4})
    store = Store(tmp_path)
    stop = threading.Timer(3.0, signal.raise_signal, [signal.SIGINT])
    stop.start()
    with pytest.raises(KeyboardInterrupt):
        for _ in sweep(plan(slow, load_catalog(), store), store, load_catalog(), Execution(jobs=1, name=executor)):
            pass
    (record,) = store.read()
    assert record.status == "interrupted"
    assert len(plan(slow, load_catalog(), store).pending) == 1
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_interrupt_of_whoever_watches_leaves_the_same_record(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with closing(
        sweep(plan(experiment(), load_catalog(), store), store, load_catalog(), Execution(jobs=1))
    ) as events:
        assert isinstance(next(events), Started)
    (record,) = store.read()
    assert record.status == "interrupted"


def test_number_of_jobs_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="jobs is -1"):
        run(experiment(), tmp_path, jobs=-1)


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
