"""Measures reading thousands of records: as a table, as a report, and before a sweep goes on.

    python -m benchmarks.many_records [--copies 100] [--repeats 3] [--against ROOT] [--store FOLDER] [--only load]

Makes a store of the records of a small one (``--source``) under other seeds and keys: 60 in each copy, 240 MB in
100. Runs each reader in a process of its own, without an index, which it makes then, and with it; and in turn that
of another checkout (``--against``; ``--unsealed`` if it knows no checksums). Prints medians of wall and CPU
seconds, the largest resident set, and ratios; a table and `Store.seen` are timed without imports.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT / "results/published/quick"
_STORE = """
try:
    from seqbench.records.store import Store
except ImportError:
    from seqbench.store import Store
"""
_TIMED = """
import os, sys, time
began, used = time.perf_counter(), time.process_time()
found = {}
print(len(found), file=sys.stderr)
print(time.perf_counter() - began, time.process_time() - used)
"""
READERS = {
    "load": [
        "-c",
        "import pandas; from seqbench import load_results" + _TIMED.format("load_results(sys.argv[1])"),
    ],
    "report": ["-m", "seqbench", "report"],
    "html": ["-m", "seqbench", "report", "--format", "html"],
    "resume": ["-c", _STORE + _TIMED.format("Store(sys.argv[1]).seen()")],
    "status": ["-m", "seqbench", "status"],
}
"""Name -> arguments of Python before the folder. A sweep that goes on begins with `Store.seen`."""


class Cost(NamedTuple):
    """Wall and CPU seconds, and MiB, of one process."""

    wall: float
    cpu: float
    mib: float


def main() -> None:
    """Make the store, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=PUBLISHED, help="a folder of results")
    parser.add_argument("--copies", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--unsealed", action="store_true", help="the other checkout knows no checksums")
    parser.add_argument("--store", type=Path, help="made if it is not there, and kept")
    parser.add_argument("--only", default=",".join(READERS), help="these readers, with commas between")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = asked.store or Path(folder) / "store"
        other = store.with_name(f"{store.name}-unsealed") if asked.unsealed else store
        for each, options in ((store, []), (other, ["--unsealed"])):
            if not each.exists():
                _run(ROOT, ["-m", "benchmarks.many_records_store", asked.source, each, asked.copies, *options])
        print(f"{sum(1 for _ in (store / 'records').iterdir())} records; ratios are of wall and CPU seconds")
        for name in asked.only.split(","):
            _measure(name, store, other if asked.against else None, asked)


def _measure(name: str, store: Path, other: Path | None, asked: argparse.Namespace) -> None:
    found: dict[str, list[Cost]] = {}
    for _ in range(asked.repeats):
        if other is not None:
            found.setdefault("the other", []).append(_run(asked.against, [*READERS[name], other]))
        (store / "index.parquet").unlink(missing_ok=True)
        for state in ("index made", "index there"):
            found.setdefault(state, []).append(_run(ROOT, [*READERS[name], store]))
    median = {
        state: Cost(*(statistics.median(column) for column in zip(*runs, strict=True)))
        for state, runs in found.items()
    }
    for state, cost in median.items():
        to = median.get("the other")
        ratio = f"  x {cost.wall / to.wall:.3f} {cost.cpu / to.cpu:.3f}" if to else ""
        peak = max(run.mib for run in found[state])
        print(f"{name:7} {state:12}{cost.wall:8.2f} s {cost.cpu:8.2f} s {peak:6.0f} MiB{ratio}", flush=True)


def _run(root: Path, arguments: list[Any]) -> Cost:
    """Return what a process costs, by its own account if it prints two numbers."""
    environment = {**os.environ, "PYTHONPATH": f"{root}:{root / 'plugins'}"}
    command = [sys.executable, *map(str, arguments)]
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=output, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        wall, cpu = time.perf_counter() - began, used.ru_utime + used.ru_stime
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with exit status {process.returncode}")
        output.seek(0)
        if arguments[0] == "-c":
            wall, cpu = map(float, output.read().split())
    return Cost(wall, cpu, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
