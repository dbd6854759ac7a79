"""Measures on one GPU, in at most seven minutes, what docs/performance.md says about GPUs.

    python -m benchmarks.gpu [--against ROOT] [--json gpu.json] [--only steps,bits]

Steps of the bare loop and of the harness, one by one and captured; bits of two runs; quick, also by another
checkout (``--against``); networks side by side in one process; processes that share the GPU. Prints tables, writes
JSON, and says what the time was too short for. Without a GPU it ends with status 2.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

LENGTHS, MODELS = (16, 64, 256, 1024, 4096), ("lstm", "gru", "rnn")
ROOT = Path(__file__).parents[1]

Rows = Iterator[dict[str, Any]]


def main() -> None:
    """Measure each part, print and write."""
    asked = _options()
    if not torch.cuda.is_available():
        print(
            "torch sees no GPU here (torch.cuda.is_available() is False), and this measures one.", file=sys.stderr
        )
        sys.exit(2)
    end = time.monotonic() + asked.seconds
    found: dict[str, Any] = {
        "gpu": torch.cuda.get_device_name(0),
        "torch": torch.__version__,
        "cudnn": torch.backends.cudnn.version(),
        "cores": len(os.sched_getaffinity(0)),
    }
    print("  ".join(f"{name} {value}" for name, value in found.items()))
    for name in asked.only.split(","):
        print(f"\n{name}")
        found[name] = []
        for row in PARTS[name](asked, end):
            found[name].append(row)
            print("  ".join(f"{key} {_shown(value)}" for key, value in row.items()), flush=True)
        if time.monotonic() > end:
            print(f"the {asked.seconds:g} s are over: the rest of {name} is left out")
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="a checkout of another build, for quick")
    parser.add_argument("--json", type=Path, default=Path("gpu.json"))
    parser.add_argument("--only", default=",".join(PARTS), help="parts, in this order")
    parser.add_argument("--seconds", type=float, default=400, help="time after which nothing is begun")
    parser.add_argument("--quick-options", default="", help="further options of `seqbench run quick`")
    return parser.parse_args()


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _steps(asked: argparse.Namespace, end: float) -> Rows:
    from benchmarks.gpu_steps import KINDS, batches, made_step, median_ms, warm_up
    from seqbench.training.determinism import same_bits
    from seqbench.training.precision import arithmetic

    for model in MODELS:
        for length in LENGTHS:
            if time.monotonic() > end:
                return
            row: dict[str, Any] = {"model": model, "T": length}
            given = batches(length)
            with arithmetic("float32"), same_bits():
                for kind in KINDS:
                    step, notes = made_step(kind, model, length)
                    warm_up(step, given)
                    row[f"{kind} ms"] = median_ms(step, given)
                    row |= notes
            yield {**row, "captured / eager": row["captured ms"] / row["eager ms"]}


def _bits(asked: argparse.Namespace, end: float) -> Rows:
    from seqbench import Experiment, load_catalog
    from seqbench.base.environment import describe
    from seqbench.board.check.agreement import agreement
    from seqbench.plugins.grid import expand
    from seqbench.training.cell import run_cell

    for model in MODELS:
        if time.monotonic() > end:
            return
        runs = []
        for capture in ("auto", "auto", False):
            training = {"steps": 100, "batch_size": 128, "validate_every": 50, "capture": capture}
            grid = {"tasks": ["copy"], "models": [model], "lengths": [64], "training": training}
            cell = expand(Experiment.model_validate(grid), load_catalog())[0]
            runs.append(run_cell(cell, load_catalog(), describe()))
        twice, captured = agreement(runs[0], runs[1]), agreement(runs[0], runs[2])
        yield {"model": model, "twice": twice.text, "captured against not": captured.text, **runs[0].notes}


def _quick(asked: argparse.Namespace, end: float) -> Rows:
    for name, root in (("this build", ROOT), ("against", asked.against)):
        if root is not None and time.monotonic() < end:
            yield {"build": name, **_quick_of(root, asked.quick_options.split(), end + 60 - time.monotonic())}


def _quick_of(root: Path, options: list[str], limit: float) -> dict[str, Any]:
    """Run the suite in a folder that is removed afterwards; return its seconds and what it ended with."""
    paths = [str(root.resolve()), str(root.resolve() / "plugins")]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "seqbench", "run", "quick", "--output", f"{folder}/results", "--quiet"]
        began = time.perf_counter()
        try:
            done = subprocess.run(
                [*command, *options],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                cwd=folder,
                timeout=limit,
                check=False,
                capture_output=True,
                text=True,
            )
        except subprocess.TimeoutExpired:
            return {"seconds": None, "status": f"ended after {limit:.0f} s"}
        records = list(Path(folder).glob("results/**/*.json"))
        told = {"seconds": time.perf_counter() - began, "status": done.returncode, "files": len(records)}
        return told if done.returncode == 0 else {**told, "said": (done.stderr or done.stdout)[-300:]}


def _processes(asked: argparse.Namespace, end: float) -> Rows:
    asked_for = [(64, "captured", 1), (64, "captured", 8), (64, "eager", 16), (1024, "captured", 1)]
    for length, kind, number in [*asked_for, (1024, "captured", 8)]:
        if time.monotonic() > end:
            return
        rates = _together(kind, length, number)
        yield {"T": length, "kind": kind, "processes": len(rates), "steps/s in all": sum(rates)}


def _together(kind: str, length: int, number: int, seconds: float = 3.0) -> list[float]:
    """Return the steps a second of each of several processes that begin at one time."""
    options = ["--kind", kind, "--length", str(length), "--seconds", str(seconds), "--at", str(time.time() + 15)]
    command = [sys.executable, "-m", "benchmarks.gpu_steps", *options]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    env = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    started = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    told = [process.communicate(timeout=120)[0] for process in started]
    return [json.loads(text.splitlines()[-1])["steps_per_second"] for text in told if text.strip()]


def _streams(asked: argparse.Namespace, end: float) -> Rows:
    from benchmarks.gpu_steps import beside_each_other
    from seqbench.training.determinism import same_bits
    from seqbench.training.precision import arithmetic

    for length in (64, 1024):
        for cells in (1, 4, 8):
            if time.monotonic() > end:
                return
            with arithmetic("float32"), same_bits():
                rate = beside_each_other("captured", "lstm", length, cells, seconds=2.0)
            yield {"T": length, "cells": cells, "steps/s in all": rate}


PARTS: dict[str, Callable[[argparse.Namespace, float], Rows]] = {
    "steps": _steps,
    "bits": _bits,
    "quick": _quick,
    "streams": _streams,
    "processes": _processes,
}


if __name__ == "__main__":
    main()
