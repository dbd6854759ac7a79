"""Measures what one cell costs in the harness, statistics included, against a bare training loop.

    python -m benchmarks.cell [--models lstm] [--lengths 16,64,256,1024,4096] [--repeats 3]

Runs on one thread, each in its own process, alternated; loading data is not counted. Prints for each length the
median seconds of the harness, of the bare loop with and without denormal numbers counted as 0, and the ratios of
the harness to both, for the whole cell and for one training step.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

STEPS = {16: 1000, 64: 500, 256: 200, 1024: 50, 4096: 16}
"""Steps at each length, so that a run takes seconds; the standard suite takes 3000 at each."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="adding")
    parser.add_argument("--models", default="rnn,lstm,gru")
    parser.add_argument("--lengths", default=",".join(map(str, STEPS)))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--without-plain", action="store_true", help="leave out the slowest, the loop as it is")
    asked = parser.parse_args()
    bare = ["flushed"] if asked.without_plain else ["flushed", "plain"]
    ratios = [f"{what}/{name}" for what in ("cell", "step") for name in bare]
    print("model length steps ", " ".join(f"{name:>8}" for name in ("harness", *bare)), "", *ratios)
    for model in asked.models.split(","):
        for length in map(int, asked.lengths.split(",")):
            steps = STEPS[length]
            options = ["--tasks", asked.task, "--models", model, "--lengths", str(length), "--steps", str(steps)]
            options += ["--validate-every", str(steps // 2)]
            programs = [["harness_cell"], ["bare_loop", "--flush-denormal"], ["bare_loop"]][: 1 + len(bare)]
            runs = [[_run(program, options) for program in programs] for _ in range(asked.repeats)]
            print(_row(model, length, steps, runs), flush=True)


def _run(program: list[str], options: list[str]) -> dict[str, float]:
    name, *more = program
    command = [sys.executable, "-m", f"benchmarks.{name}", *options, *more]
    measured: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return measured


def _row(model: str, length: int, steps: int, runs: list[list[dict[str, float]]]) -> str:
    def medians(name: str) -> list[float]:
        return [statistics.median(run[name] for run in column) for column in zip(*runs, strict=True)]

    (ours, *bare), (our_step, *bare_steps) = medians("seconds"), medians("seconds_per_step")
    times = " ".join(f"{seconds:7.2f}s" for seconds in (ours, *bare))
    ratios = [ours / seconds for seconds in bare] + [our_step / seconds for seconds in bare_steps]
    return f"{model:5} {length:6} {steps:5} {times}   " + " ".join(f"{ratio:11.3f}" for ratio in ratios)


if __name__ == "__main__":
    main()
