"""Measures what one cell costs in the harness, statistics included, against a bare training loop.

    python -m benchmarks.cell [--models lstm] [--lengths 16,64,256,1024,4096] [--repeats 3] [--against ROOT]

Runs on one thread, each in its own process, alternated; loading data is not counted. Prints for each length the
median seconds of the harness, of the bare loop with and without denormal numbers counted as 0, and the ratios of
the harness to both, for the whole cell and for one training step. With ``--against`` the other side is the
harness of another checkout, run by its own benchmarks/harness_cell.py, instead of the bare loop.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
    parser.add_argument("--against", type=Path, help="another checkout, instead of the bare loop")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--hidden-size", type=int, default=128)
    asked = parser.parse_args()
    bare = ["other"] if asked.against else ["flushed"] if asked.without_plain else ["flushed", "plain"]
    sides = _other_build(asked.against) if asked.against else _BARE[: len(bare)]
    ratios = [f"{what}/{name}" for what in ("cell", "step") for name in bare]
    print("model length steps ", " ".join(f"{name:>8}" for name in ("harness", *bare)), "", *ratios)
    for model in asked.models.split(","):
        for length in map(int, asked.lengths.split(",")):
            steps = STEPS[length]
            options = ["--tasks", asked.task, "--models", model, "--lengths", str(length), "--steps", str(steps)]
            options += ["--validate-every", str(steps // 2), "--batch-size", str(asked.batch_size)]
            options += ["--hidden-size", str(asked.hidden_size)]
            runs = [[_run(side, options) for side in (_OURS, *sides)] for _ in range(asked.repeats)]
            print(_row(model, length, steps, runs), flush=True)


@dataclass(frozen=True)
class _Side:
    """A program of benchmarks/, its options, and the checkout that it is run from; None: as this one is."""

    program: str
    options: tuple[str, ...] = ()
    root: Path | None = None


_OURS = _Side("harness_cell")
_BARE = (_Side("bare_loop", ("--flush-denormal",)), _Side("bare_loop"))


def _other_build(root: Path) -> tuple[_Side, ...]:
    return (_Side("harness_cell", root=root.resolve()),)


def _run(side: _Side, options: Sequence[str]) -> dict[str, float]:
    command = [sys.executable, "-m", f"benchmarks.{side.program}", *options, *side.options]
    path = {} if side.root is None else {"PYTHONPATH": f"{side.root}{os.pathsep}{side.root / 'plugins'}"}
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=side.root, env={**os.environ, **path})
    measured: dict[str, float] = json.loads(ran.stdout)
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
