"""Measures how long a sweep of 24 cells takes, against the bare training loop, cell after cell.

    python -m benchmarks.sweep [--repeats 3]

Two tasks, three models, lengths 64 to 1024. Whole processes, alternated: ``seqbench run`` with a worker for each
core; the bare loop with torch's default threads, and with one, both counting denormal numbers as 0 (otherwise it
takes several times as long: see cell.py). Prints medians, and the harness over each.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_GRID = {"tasks": "adding,copy", "models": "rnn,lstm,gru", "lengths": "64,256,512,1024"}
_STEPS, _VALIDATE_EVERY, _BATCH_SIZE, _HIDDEN_SIZE = 100, 50, 16, 64


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    runs = []
    for _ in range(asked.repeats):
        runs.append((_harness(), _bare(threads=0), _bare(threads=1)))
        print("  ".join(f"{seconds:.1f} s" for seconds in runs[-1]), flush=True)
    harness, default, one = (statistics.median(times) for times in zip(*runs, strict=True))
    print(f"seqbench run                    {harness:7.1f} s")
    print(f"bare loop, default threads      {default:7.1f} s   {harness / default:.3f}")
    print(f"bare loop, one thread           {one:7.1f} s   {harness / one:.3f}")


def _harness() -> float:
    grid: dict[str, list[str]] = {name: values.split(",") for name, values in _GRID.items()}
    training = {
        "steps": _STEPS,
        "validate_every": _VALIDATE_EVERY,
        "batch_size": _BATCH_SIZE,
        "learning_rate": 1e-3,
    }
    parameters = {model: {"hidden_size": _HIDDEN_SIZE} for model in grid["models"]}
    # JSON is YAML.
    lengths = [int(length) for length in grid["lengths"]]
    text = json.dumps({**grid, "lengths": lengths, "seeds": [0], "training": training, "parameters": parameters})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sweep.yaml"
        file.write_text(text, encoding="utf-8")
        return _seconds(["seqbench", "run", str(file), "--output", folder + "/results", "--quiet"])


def _bare(threads: int) -> float:
    options = {
        **_GRID,
        "steps": _STEPS,
        "validate-every": _VALIDATE_EVERY,
        "batch-size": _BATCH_SIZE,
        "hidden-size": _HIDDEN_SIZE,
        "threads": threads,
    }
    pairs = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    return _seconds(["benchmarks.bare_loop", *pairs, "--flush-denormal"])


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", *command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
