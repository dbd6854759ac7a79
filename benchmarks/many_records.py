"""Measures reading thousands of records: as a table, as a report, and before a sweep goes on.

    python -m benchmarks.many_records [--copies 100] [--repeats 3] [--against ROOT] [--store FOLDER] [--only load,html]

Makes a store of the records of ``results/published/quick`` (``--source``) under other seeds and keys, 60 for each
copy, and runs each reader in a process of its own: once without the index, which it then makes, and once with it.
``--against`` is another checkout, whose readers run on the same records, alternated. Prints the median of the wall
seconds, largest resident set, and ratios. 100 copies are 6,000 records and 240 MB, 1,000 copies are 2.4 GB.
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
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
READERS = {
    "load": ["-c", "import sys, seqbench; print(len(seqbench.load_results(sys.argv[1])))"],
    "report": ["-m", "seqbench", "report"],
    "html": ["-m", "seqbench", "report", "--format", "html"],
    "resume": [
        "-c",
        "import sys; from seqbench.records.store import Store; print(len(Store(sys.argv[1]).seen()))",
    ],
    "status": ["-m", "seqbench", "status"],
}
"""Name -> arguments of Python before the folder. A sweep that goes on begins with `Store.seen`."""


def main() -> None:
    """Make the store, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--source", type=Path, default=ROOT / "results/published/quick", help="a folder of results"
    )
    parser.add_argument("--copies", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout of seqbench")
    parser.add_argument("--store", type=Path, help="kept; made if it does not exist, otherwise taken as it is")
    parser.add_argument("--only", default=",".join(READERS), help="these readers, with commas between")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = asked.store or Path(folder) / "store"
        if not store.exists():
            _in_process(ROOT, ["-m", "benchmarks.many_records_store", asked.source, store, asked.copies])
        print(f"{sum(1 for _ in (store / 'records').iterdir())} records in {store}")
        for name in asked.only.split(","):
            _measure(name, store, asked.repeats, asked.against)


def _measure(name: str, store: Path, repeats: int, against: Path | None) -> None:
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(repeats):
        if against is not None:
            found.setdefault("the other", []).append(_run(against, name, store))
        (store / "index.parquet").unlink(missing_ok=True)
        for state in ("index made", "index there"):
            found.setdefault(state, []).append(_run(ROOT, name, store))
    seconds = {state: statistics.median(first for first, _ in runs) for state, runs in found.items()}
    for state, runs in found.items():
        ratio = f"{seconds[state] / seconds['the other']:7.3f}" if against is not None else ""
        print(
            f"{name:7} {state:12}{seconds[state]:8.2f} s {max(mib for _, mib in runs):7.0f} MiB {ratio}",
            flush=True,
        )


def _run(root: Path, name: str, store: Path) -> tuple[float, float]:
    """Return the wall seconds and the MiB of one reader."""
    return _in_process(root, [*READERS[name], store])


def _in_process(root: Path, arguments: list[Any]) -> tuple[float, float]:
    environment = {**os.environ, "PYTHONPATH": f"{root}:{root / 'plugins'}"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *map(str, arguments)], cwd=root, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with exit status {process.returncode}")
    return time.perf_counter() - began, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
