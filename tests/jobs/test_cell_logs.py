"""Tests that all output of a cell is in its log, whoever writes it and however the cell ends, and nowhere else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seqbench.jobs.cell_logs import begin, end, spoken_into
from seqbench.training.cell import run_cell
from tests.toys import CATALOG, toy_cell

LOUD = '''
import ctypes, logging, os, sys, warnings
from dataclasses import dataclass
from seqbench import Model, hookimpl

print("said at import")


@dataclass(frozen=True)
class Loud(Model):
    """Says a word on every road, then fails or dies if asked to."""

    name = "loud"
    version = 1
    ends: str = "well"

    def build(self, input_size):
        from torch import nn

        print("said on stdout")
        print("said on stderr", file=sys.stderr)
        os.write(1, b"said on descriptor 1\\n")
        os.write(2, b"said on descriptor 2\\n")
        ctypes.CDLL(None).puts(b"said by libc")
        logging.getLogger("seqbench.loud").info("said to the logger of seqbench")
        logging.getLogger("stranger").warning("said to a logger of its own")
        warnings.warn("said as a warning", stacklevel=1)
        if self.ends == "badly":
            raise RuntimeError("the plugin's own fault")
        if self.ends == "by signal":
            ctypes.string_at(0)
        return nn.GRU(input_size, 4, batch_first=True)


@hookimpl
def seqbench_models():
    yield Loud


@hookimpl
def seqbench_cell_finished(record):
    print("said by an observer")
'''
PYTHON_WORDS = [
    "said on stdout",
    "said on stderr",
    "said to the logger of seqbench",
    "said to a logger of its own",
    "said as a warning",
]
C_WORDS = ["said on descriptor 1", "said on descriptor 2", "said by libc"]


def run(folder: Path, executor: str, ends: str) -> subprocess.CompletedProcess[str]:
    """Run one cell of the loud model, from an installed plugin, with JSON lines on stdout."""
    (folder / "seqbench_loud.py").write_text(LOUD)
    entry = folder / "seqbench_loud-1.0.dist-info"
    entry.mkdir(exist_ok=True)
    (entry / "METADATA").write_text("Metadata-Version: 2.1\nName: seqbench-loud\nVersion: 1.0\n")
    (entry / "entry_points.txt").write_text("[seqbench]\nloud = seqbench_loud\n")
    small = ["--set", "copy.train_examples=32", "--set", "training.steps=2", "--set", f"loud.ends={ends}"]
    grid = ["--tasks", "copy", "--models", "loud", "--lengths", "4", "--executor", executor]
    return subprocess.run(
        [sys.executable, "-m", "seqbench", "run", "smoke", *grid, *small, "--json", "--output", "out"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.parametrize("executor", ["processes", pytest.param("serial", marks=pytest.mark.slow)])
def test_all_that_a_cell_says_stands_in_its_log_and_json_stays_json(tmp_path: Path, executor: str) -> None:
    for _ in range(2):
        said = run(tmp_path, executor, "badly")
        assert said.returncode == 3, said.stderr
        events = [json.loads(line) for line in said.stdout.splitlines()]
    assert [event["event"] for event in events] == ["started", "finished", "summary"]
    key = events[0]["key"]
    (path,) = (tmp_path / "out" / "logs").iterdir()
    assert path.name.endswith(f"{key}.log")
    lines = path.read_text().splitlines()
    assert lines[0] == "==== copy loud T=4 seed 0, attempt 1"
    assert f"key {key}, host " in lines[1]
    first, second = path.read_text().split("==== copy loud T=4 seed 0, attempt 2")
    for words in PYTHON_WORDS + (C_WORDS if executor == "processes" else []):
        assert words in first
        assert words in second
    for attempt in (first, second):
        assert "RuntimeError: the plugin's own fault" in attempt
        assert attempt.rstrip().endswith("==== failed: RuntimeError: the plugin's own fault")


@pytest.mark.slow
def test_crash_of_the_interpreter_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    said = run(tmp_path, "processes", "by signal")
    assert said.returncode == 3, said.stderr
    (path,) = (tmp_path / "out" / "logs").iterdir()
    log = path.read_text()
    assert "attempt 2" in log
    assert log.count("Segmentation fault") == 2
    assert len(re.findall(r'loud\.py", line \d+ in build\n', log)) == 2
    assert log.count("died, by signal SIGSEGV") == 2


def test_log_that_cannot_be_written_costs_nothing_and_makes_no_folder_anew(tmp_path: Path) -> None:
    cell = toy_cell(steps=2)
    for folder in (tmp_path, tmp_path / "removed"):
        with spoken_into(folder / "logs" / "x.log", owns_process=False) as stream:
            begin(stream, cell, folder / "logs" / "x.log")
            print("said")  # noqa: T201
            end(stream, run_cell(cell, CATALOG))
    lines = (tmp_path / "logs" / "x.log").read_text().splitlines()
    assert [lines[0], lines[2]] == ["==== last small T=6 seed 0, attempt 1", "said"]
    assert lines[-1].startswith("==== ok: accuracy ")
    assert not (tmp_path / "removed").exists()
