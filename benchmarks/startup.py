"""Measures how long seqbench takes before it does what was asked. Whole processes, alternated, medians.

    python -m benchmarks.startup [--repeats 5]

Prints the seconds of each command, and those of ``seqbench run`` up to the first optimiser step of its first cell,
over those of ``python -c "import torch, pytorch_lightning"``. Exit status 4 where a bound of `BOUNDS` does not
hold.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT / "results/published/quick"
CELLS = 50
IMPORT = "import torch, pytorch_lightning"
BOUNDS = {
    "--help": 0.2,
    "list --json": 0.8,
    "status": 0.8,
    "report": 0.8,
    "first step, one cell": 1.3,
    "first step, quick": 1.3,
}
"""Measurement -> bound in seconds; for a first step, in multiples of the import."""
_GIVEN_UP = 120.0


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        seconds = _measured(_measures(Path(folder)), repeats)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        spread = f"{min(values):.2f} to {max(values):.2f}"
        ratio = f" = {median[name] / median[IMPORT]:.2f} x import" if name.startswith("first step") else ""
        print(f"{name:<34}{median[name]:6.2f} s  ({spread}){ratio}")
    missed = [name for name, bound in BOUNDS.items() if _figure(name, median) > bound]
    print("missed: " + ", ".join(missed) if missed else "all bounds hold")
    return 4 if missed else 0


def _figure(name: str, median: dict[str, float]) -> float:
    return median[name] / median[IMPORT] if name.startswith("first step") else median[name]


def _measures(folder: Path) -> dict[str, Callable[[], float]]:
    """Return what is measured, in the order of one round; the import comes next to what it is compared with."""
    store = _store(folder / "store")
    one = ["--tasks", "copy", "--lengths", "256"]
    return {
        "--help": partial(_seconds, [*_seqbench(), "--help"]),
        "list --json": partial(_seconds, [*_seqbench(), "list", "--json"]),
        "status": partial(_seconds, [*_seqbench(), "status", str(store)]),
        "report": partial(_seconds, [*_seqbench(), "report", str(store)]),
        "first step, one cell": partial(_first_step, folder, one),
        IMPORT: partial(_seconds, [sys.executable, "-c", IMPORT]),
        "first step, quick": partial(_first_step, folder, []),
    }


def _measured(measures: dict[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """Return the seconds of each round; one round before them fills the system's caches."""
    seconds: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(repeats + 1):
        for name, measure in measures.items():
            took = measure()
            if number:
                seconds[name].append(took)
    return seconds


def _store(path: Path) -> Path:
    """Copy a store with the first records of the published one."""
    (path / "records").mkdir(parents=True)
    shutil.copy(PUBLISHED / "store.json", path)
    for record in sorted((PUBLISHED / "records").glob("*.json"))[:CELLS]:
        shutil.copy(record, path / "records")
    return path


def _seqbench() -> list[str]:
    # The console script of this very Python.
    return [str(Path(sys.executable).with_name("seqbench"))]


def _seconds(command: list[str]) -> float:
    """Return how long a command takes, from its call to its exit."""
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def _first_step(folder: Path, options: list[str]) -> float:
    """Return the seconds until ``seqbench run quick`` takes its first optimiser step, told by `first_step.py`."""
    told = Path(tempfile.mkdtemp(dir=folder))
    command = [*_seqbench(), "run", "quick", "--plugin", str(ROOT / "benchmarks/first_step.py")]
    command += ["--models", "first-step", *options, "--quiet", "--output", str(told / "store")]
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        env={**os.environ, "SEQBENCH_FIRST_STEP": str(told / "step")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return _told(told, process, began)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _told(told: Path, process: subprocess.Popen[bytes], began: float) -> float:
    while time.monotonic() - began < _GIVEN_UP and process.poll() is None:
        if steps := list(told.glob("step.*")):
            # Two cells may begin at once; the clock is the same in all processes of a machine.
            return min(float(step.read_text()) for step in steps) - began
        time.sleep(0.02)
    raise RuntimeError("seqbench run ended, or took two minutes, without a first step")


if __name__ == "__main__":
    sys.exit(main())
