"""Measures a whole suite with two workers, in this build and in another checkout, by turns.

    python -m benchmarks.quick --against ROOT [--suite quick] [--jobs 2] [--repeats 3]

Whole commands, from start-up to the last record, each into a new folder. Prints the seconds of each run, the
medians and their ratio. ROOT is run from its sources; its dependencies are those of this environment.
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

_HERE = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run both by turns and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, required=True, help="another checkout")
    parser.add_argument("--suite", default="quick")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    sides = {"this": _HERE, "other": asked.against.resolve()}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(asked.repeats):
        for name, root in sides.items():
            seconds[name].append(_run(root, asked.suite, asked.jobs))
            print(f"{name:>5} {seconds[name][-1]:.1f} s", flush=True)
    this, other = (statistics.median(seconds[name]) for name in sides)
    print(f"medians: {this:.1f} s and {other:.1f} s, ratio {this / other:.3f}")


def _run(root: Path, suite: str, jobs: int) -> float:
    """Run a suite by the sources of a checkout and return its seconds.

    Raises:
        subprocess.CalledProcessError: it failed, or a cell of it.
    """
    sources = os.pathsep.join([str(root), str(root / "plugins")])
    with tempfile.TemporaryDirectory() as folder:
        options = ["--jobs", str(jobs), "--output", f"{folder}/out", "--quiet"]
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "seqbench", "run", suite, *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": sources},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
