"""Measures the recurrent layers against each other, and against those of another checkout.

    python -m benchmarks.layers [--against ROOT] [--network] [--double] [--products]

A forward and backward pass on one thread, in CPU microseconds for each time step, denormal numbers as 0, freed
memory kept, in chunks of 512 steps. Models and checkouts are alternated, each checkout in a process of its own,
five passes at a time; medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.layers_products import PRODUCTS, product_seconds

MODELS = ("lstm", "gru", "rnn")
HERE = Path(__file__).resolve().parents[1]
KEEPS_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 62)}
"""Lets a process keep what it frees, as the harness does."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="root of another checkout")
    parser.add_argument("--lengths", default="16,64,256,1024")
    parser.add_argument("--sizes", default="64x16,64x32,128x16,128x32", help="hidden x batch")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--network", action="store_true", help="with embedding, head and cross entropy")
    parser.add_argument("--double", action="store_true", help="in float64")
    parser.add_argument("--products", action="store_true", help="add the time of the matrix products alone")
    asked = parser.parse_args()
    roots = {"": HERE} | ({"old ": asked.against.resolve()} if asked.against else {})
    workers = {name: _start(root) for name, root in roots.items()}
    names = [name + model for name in roots for model in MODELS]
    ratios = ["gru/lstm", "rnn/lstm", *(f"{model}/old {model}" for model in MODELS if asked.against)]
    _print_row(["H", "B", "T", *names, *ratios, *(PRODUCTS if asked.products else ())], is_head=True)
    for hidden, batch in (map(int, size.split("x")) for size in asked.sizes.split(",")):
        for length in map(int, asked.lengths.split(",")):
            case = {"hidden": hidden, "batch": batch, "length": length}
            case |= {"double": asked.double, "network": asked.network}
            found = _medians(workers, case, asked.repeats)
            products = product_seconds(hidden, batch) if asked.products else []
            values = [f"{found[name]:.1f}" for name in names]
            values += [
                f"{found[above] / found[below]:.2f}" for above, below in (each.split("/") for each in ratios)
            ]
            _print_row(
                [str(hidden), str(batch), str(length), *values, *(f"{each * 1e6:.1f}" for each in products)]
            )
    for worker in workers.values():
        worker.communicate()


def _start(root: Path) -> subprocess.Popen[str]:
    paths = os.pathsep.join(map(str, (root, root / "plugins")))
    return subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name("layers_worker.py"))],
        env=os.environ | {"PYTHONPATH": paths} | KEEPS_MEMORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )


def _medians(
    workers: Mapping[str, subprocess.Popen[str]], case: Mapping[str, Any], repeats: int
) -> dict[str, float]:
    """Return the CPU microseconds of a time step for each checkout and model."""
    times = defaultdict(list)
    for _ in range(1 + repeats):
        for model in MODELS:
            for name, worker in workers.items():
                times[name + model].append(_seconds(worker, {**case, "model": model}))
    return {name: statistics.median(found[1:]) / case["length"] * 1e6 for name, found in times.items()}


def _seconds(worker: subprocess.Popen[str], case: Mapping[str, Any]) -> float:
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write(json.dumps(case) + "\n")
    worker.stdin.flush()
    return float(worker.stdout.readline())


def _print_row(cells: list[str], *, is_head: bool = False) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)
    if is_head:
        print("|" + "---:|" * len(cells), flush=True)


if __name__ == "__main__":
    main()
