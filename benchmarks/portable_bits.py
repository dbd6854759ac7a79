"""Shows what portable arithmetic costs, and whether another processor gives its bits.

    python -m benchmarks.portable_bits [--models rnn,lstm,gru] [--lengths 64,256] [--repeats 5]
    python -m benchmarks.portable_bits --digests [--through "qemu-x86_64 -cpu Nehalem"] [--keep]

The first prints the CPU time of a training step, native and portable by turns. The second compares digests of
fifteen cells with portable_bits.json, if the versions are the same; --through runs them under a program as well.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqbench import Experiment, load_catalog
from seqbench.base.environment import describe
from seqbench.base.machines import machine_differences, system
from seqbench.base.portable import portable_settings
from seqbench.plugins.grid import expand
from seqbench.training.cell import run_cell

FEW, MANY = 30, 130
"""Steps of the two cells whose difference is the cost of a step."""
TASKS = ("copy", "adding", "word-order", "sentiment", "forecasting")
MODELS = ("rnn", "lstm", "gru")
KEPT = Path(__file__).with_suffix(".json")
"""Digests of these cells, with the processor and the versions that made them."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--lengths", default="64,256")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--digests", action="store_true", help="print a digest of each of fifteen cells")
    parser.add_argument("--through", default="", help="a program that runs the same cells once more")
    parser.add_argument("--keep", action="store_true", help=f"write the digests to {KEPT.name}")
    parser.add_argument("--once", choices=("native", "portable"), help="measure or digest in this process")
    asked = parser.parse_args()
    if asked.once:
        print(json.dumps(_digests() if asked.digests else _step(asked.models, int(asked.lengths), asked.once)))
    elif asked.digests:
        _show_digests(shlex.split(asked.through), is_kept=asked.keep)
    else:
        _show_costs(asked.models.split(","), asked.lengths.split(","), asked.repeats)


def _show_costs(models: Sequence[str], lengths: Sequence[str], repeats: int) -> None:
    print("model  length  native ms  portable ms  ratio, median and range")
    for length in lengths:
        for model in models:
            options = ("--models", model, "--lengths", length)
            pairs = [[_child(each, options) for each in ("native", "portable")] for _ in range(repeats)]
            ratios = sorted(portable / native for native, portable in pairs)
            native, portable = (1e3 * statistics.median(each) for each in zip(*pairs, strict=True))
            told = f"{statistics.median(ratios):.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f}"
            print(f"{model:5}  {length:>6}  {native:9.2f}  {portable:11.2f}  {told}")


def _show_digests(through: Sequence[str], *, is_kept: bool) -> None:
    here, versions = _child("portable", ("--digests",)), versions_here()
    kept = json.loads(KEPT.read_text())
    others: dict[str, Mapping[str, str]] = {}
    if is_kept:
        told = {"processor": describe()["processor"], "versions": versions, "digests": here}
        KEPT.write_text(json.dumps(told, indent=1) + "\n")
    elif differing := machine_differences(kept["versions"], versions):
        print(f"not compared with {KEPT.name}, which has digests of other versions: {'; '.join(differing)}")
    else:
        others[f"{kept['processor']}, as kept"] = kept["digests"]
    if through:
        others[shlex.join(through)] = _child("portable", ("--digests",), through)
    for line in compared(here, others):
        print(line)
    if wrong := sum(digest != other.get(cell) for other in others.values() for cell, digest in here.items()):
        sys.exit(f"{wrong} of {len(here) * len(others)} digests differ")


def compared(here: Mapping[str, str], others: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return a line for each cell: its digest, and whether each of the others has the same."""
    told = {
        cell: [f"{name}: {_verdict(digest, other.get(cell))}" for name, other in others.items()]
        for cell, digest in here.items()
    }
    return ["  ".join([f"{cell:20}", here[cell], *verdicts]) for cell, verdicts in told.items()]


def _verdict(digest: str, other: str | None) -> str:
    return "same" if digest == other else f"OTHER: {other or 'none'}"


def versions_here() -> dict[str, Any]:
    """Return the versions that fix the bits of portable arithmetic, as an environment of a record has them."""
    found = describe()
    packages = {**found["packages"], "scipy": importlib.metadata.version("scipy")}
    return {"python": found["python"], "packages": packages, "platform": system(found["platform"])}


def _child(arithmetic: str, options: Sequence[str], through: Sequence[str] = ()) -> Any:
    """Return what a fresh process with the settings of an arithmetic, and a cache of its own, prints."""
    settings: Mapping[str, str] = portable_settings() if arithmetic == "portable" else {}
    command = [*through, sys.executable, "-m", "benchmarks.portable_bits", "--once", arithmetic, *options]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, **settings, "SEQBENCH_CACHE": cache}
        ran = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(ran.stdout.splitlines()[-1])


def _step(model: str, length: int, arithmetic: str) -> float:
    """Return the seconds of CPU time of a training step."""
    catalog = load_catalog()

    def seconds(steps: int) -> float:
        training = {"steps": steps, "validate_every": steps, "arithmetic": arithmetic}
        (cell,) = expand(
            Experiment(tasks=["copy"], models=[model], lengths=[length], gradients="off", training=training),
            catalog,
        )
        begin = time.process_time()
        assert run_cell(cell, catalog).status == "ok"
        return time.process_time() - begin

    seconds(FEW)
    return (seconds(MANY) - seconds(FEW)) / (MANY - FEW)


def _digests() -> dict[str, str]:
    """Return the first digits of a hash of all that a cell computes."""
    catalog = load_catalog()
    training = {"steps": 30, "batch_size": 8, "validate_every": 10, "arithmetic": "portable"}
    experiment = Experiment(tasks=TASKS, models=MODELS, lengths=[16], training=training, gradients={"examples": 2})
    kept = {"course": {"losses", "validations"}, "test": True, "gradients": True, "data_fingerprint": True}
    found = {}
    for cell in expand(experiment, catalog):
        record = run_cell(cell, catalog)
        assert record.status == "ok", record.reason
        text = json.dumps(record.model_dump(mode="json", include=kept), sort_keys=True)
        found[f"{cell.task.name} {cell.model.name}"] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return found


if __name__ == "__main__":
    main()
