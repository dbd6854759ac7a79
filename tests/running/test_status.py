"""Tests the status of a store's sweeps: while one runs, after it was killed, and when all is done.

Modules: seqbench.cli.status.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from seqbench import Experiment, load_catalog
from seqbench.base.process_identity import Holder, this_process
from seqbench.experiment.cells import Cell
from seqbench.plugins.grid import expand
from seqbench.records.making import unfinished
from seqbench.records.store import Store
from seqbench.running.journal import CellNote, LiveNote, SweepNote
from seqbench.running.status import look

GRID = """
tasks: [copy]
models: [rnn]
lengths: [8]
seeds: [0, 1, 2]
training: {steps: 20000, batch_size: 4, validate_every: 20000}
gradients: off
"""


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "seqbench", *map(str, arguments)]


def status(folder: Path) -> dict[str, Any]:
    said = subprocess.run(command("status", folder, "--json"), capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    return found


@pytest.mark.slow
def test_status_of_a_sweep_that_runs_is_killed_and_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "grid.yaml").write_text(GRID)
    out = tmp_path / "out"
    sweep = subprocess.Popen(
        command("run", tmp_path / "grid.yaml", "--output", out, "--jobs", 1, "-q"), start_new_session=True
    )
    try:
        deadline = time.monotonic() + 240
        # The time left is known from a twentieth of a cell's steps on.
        while not (out / "store.json").exists() or (seen := status(out))["seconds_left"] is None:
            assert time.monotonic() < deadline, "no cell began, or nothing is known of what is left"
            time.sleep(0.3)
    finally:
        os.kill(sweep.pid, signal.SIGKILL)
        sweep.wait()
    assert seen["states"] == {"running": 1, "waiting": 2}
    assert seen["cells"] == 3
    (running,) = seen["running"]
    assert running["pid"] == sweep.pid
    assert running["host"] == this_process().host
    assert (running["steps"], running["stale"], running["attempt"]) == (20000, None, 1)
    assert 0.05 * 20000 <= running["step"] < 20000
    assert Path(running["log"]).read_text().startswith(f"==== {running['cell']}, attempt 1\n")
    (state,) = seen["sweeps"]
    assert (state["state"], state["cells"]) == ("running", 3)
    # Two cells like it wait.
    done = running["step"] / running["steps"]
    assert seen["seconds_left"] == pytest.approx(running["seconds"] * (3 - done) / done, rel=1e-3)
    after = status(out)
    assert after["states"] == {"missing": 3}
    assert after["running"][0]["stale"] == "its process has died"
    assert after["sweeps"][0]["state"] == "killed"
    assert after["seconds_left"] is None


@pytest.mark.slow
def test_status_of_a_sweep_that_is_through_names_failures_and_their_logs(tmp_path: Path) -> None:
    (tmp_path / "grid.yaml").write_text(GRID)
    # With a limit of no time at all, every cell is out of it.
    small = ["--set", "training.time_limit=1e-9", "--executor", "serial", "-q"]
    ran = subprocess.run(
        command("run", tmp_path / "grid.yaml", *small, "--output", tmp_path / "out"),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 3, ran.stderr
    seen = status(tmp_path / "out")
    assert seen["states"] == {"timeout": 3}
    assert seen["running"] == []
    assert seen["sweeps"][0]["state"] == "finished"
    assert len({failure["key"] for failure in seen["failures"]}) == 3
    for failure in seen["failures"]:
        assert failure["status"] == "timeout"
        assert failure["key"] in failure["log"]
        assert f"==== timeout: {failure['reason']}" in Path(failure["log"]).read_text()
    shown = subprocess.run(command("status", tmp_path / "out"), capture_output=True, text=True)
    assert "3 cells: 3 timeout" in shown.stdout
    assert shown.stdout.count("  log: ") == 3


def leave_note(folder: Path, pid: int, cells: list[Cell], ended: str | None, claim_seconds: float = 60.0) -> None:
    """Write what a sweep on another machine would leave; a higher process began later."""
    notes = [
        CellNote(key=c.key, task="copy", model="rnn", length=8, seed=c.seed, steps=5, work=40.0) for c in cells
    ]
    note = SweepNote(
        command=("seqbench", str(pid)),
        holder=Holder("far", "far", pid, 0.0),
        started=f"2026-01-01T00:00:{pid:02d}+00:00",
        workers=1,
        cells=tuple(notes),
        claim_seconds=claim_seconds,
    )
    (folder / "sweeps").mkdir(exist_ok=True)
    (folder / "sweeps" / f"{pid}.json").write_text(note.model_dump_json())
    live = LiveNote(updated=note.started, ended=ended)
    (folder / "sweeps" / f"{pid}.live.json").write_text(live.model_dump_json())


def test_sweeps_that_have_ended_are_told_while_they_are_the_latest_or_left_cells_that_no_later_one_has(
    tmp_path: Path,
) -> None:
    grid = {"tasks": ["copy"], "models": ["rnn"], "lengths": [8], "seeds": [0, 1, 2, 3]}
    catalog = load_catalog()
    done, stopped, left, last = expand(Experiment.model_validate(grid), catalog)
    store = Store(tmp_path)
    store.prepare()
    store.write(unfinished(done, "ok", "", {}))
    store.write(unfinished(stopped, "interrupted", "", {}))
    leave_note(tmp_path, 1, [done], "finished")
    leave_note(tmp_path, 2, [done, stopped], "interrupted")
    leave_note(tmp_path, 3, [left], "interrupted")
    leave_note(tmp_path, 4, [done, left], "StoreError: no space")
    leave_note(tmp_path, 5, [last], None, claim_seconds=300)
    leave_note(tmp_path, 6, [done], "finished")
    holder = {"host": "far", "machine": "far", "pid": 5, "started": 0.0}
    claim = store.layout.leases / f"{last.key}.json"
    claim.write_text(json.dumps({"cell": str(last), "token": "t", **holder}))
    for age, state in ((100, "running"), (400, "killed")):
        os.utime(claim, (time.time() - age,) * 2)
        seen = look(tmp_path)
        assert [(sweep.pid, sweep.state) for sweep in seen.sweeps] == [
            (2, "interrupted"),
            (4, "StoreError: no space"),
            (5, state),
            (6, "finished"),
        ]
        (running,) = seen.running
        assert (running.stale is None) == (state == "running")


def test_folder_that_is_no_store_ends_with_status_2_and_a_sentence(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        said = subprocess.run(command("status", folder), capture_output=True, text=True)
        assert said.returncode == 2
        assert str(folder) in said.stderr
        assert "is no folder of results" in said.stderr
        assert "Traceback" not in said.stderr


@pytest.mark.parametrize("heavy", ["torch", "pandas", "scipy", "numpy"])
def test_status_imports_nothing_heavy(heavy: str) -> None:
    code = f"import sys, seqbench.cli.status; print({heavy!r} in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
