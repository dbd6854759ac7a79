"""Measures what a training step costs beyond its forward and backward pass, in this build and in another checkout.

    python -m benchmarks.step_cost [--against ROOT] [--models lstm,gru,rnn] [--lengths 16,64] [--repeats 3]

Prints medians of milliseconds of CPU time, one thread, for each build: a step of the harness with its statistics
(the difference between a cell of 330 steps and one of 30, each with one validation), the forward and backward
pass of the same layer on the same batch without the harness, and what remains; for ROOT also the ratios of this
build to it. Both are measured by turns in one process for each build, and the builds by turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

# Public names only: this file also runs with the seqbench of another checkout.
from seqbench import Experiment, load_catalog, run

FEW, MANY = 30, 330
"""Steps of the two cells whose difference is the cost of a step."""
ROUNDS = 3
"""Alternations of the harness and of the bare pass in one process."""
_HERE = Path(__file__).resolve()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--models", default="lstm,gru,rnn")
    parser.add_argument("--lengths", default="16,64")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--hidden-size", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--once", action="store_true", help="measure one model at one length in this process")
    asked = parser.parse_args()
    if asked.once:
        print(json.dumps(_once(asked.models, int(asked.lengths), asked.batch_size, asked.hidden_size)))
        return
    roots = [_HERE.parents[1], *([asked.against.resolve()] if asked.against else [])]
    print("model length  build   step ms  forward and backward  beyond them")
    for length in asked.lengths.split(","):
        for model in asked.models.split(","):
            runs = [[_run(root, model, length, asked) for root in roots] for _ in range(asked.repeats)]
            found = [
                {name: statistics.median(each[name] for each in column) for name in column[0]}
                for column in zip(*runs, strict=True)
            ]
            _show(model, length, found)


def _show(model: str, length: str, found: list[dict[str, float]]) -> None:
    for build, each in zip(("this", "other"), found, strict=False):
        print(
            f"{model:5} {length:>6}  {build:5} {each['step']:9.3f} {each['passes']:21.3f} {each['beyond']:12.3f}"
        )
    if len(found) == 2:
        step, passes, beyond = (found[0][name] / found[1][name] for name in ("step", "passes", "beyond"))
        print(f"{model:5} {length:>6}  ratio {step:9.3f} {passes:21.3f} {beyond:12.3f}", flush=True)


def _run(root: Path, model: str, length: str, asked: argparse.Namespace) -> dict[str, float]:
    options = {
        "models": model,
        "lengths": length,
        "batch-size": asked.batch_size,
        "hidden-size": asked.hidden_size,
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'plugins'}", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as elsewhere:
        ran = subprocess.run(
            [sys.executable, str(_HERE), "--once", *words],
            env=environment,
            cwd=elsewhere,
            check=True,
            stdout=subprocess.PIPE,
        )
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _once(model: str, length: int, batch_size: int, hidden_size: int) -> dict[str, float]:
    """Return milliseconds of a step, of its passes alone, and of what is beyond them."""
    passes = _passes(model, length, batch_size, hidden_size)
    few, many = (_cell(model, length, steps, batch_size, hidden_size) for steps in (FEW, MANY))
    for warm_up in (passes, few):
        _seconds(warm_up)
    found = []
    for _ in range(ROUNDS):
        before = _seconds(passes)
        step = (_seconds(many) - _seconds(few)) / (MANY - FEW)
        found.append((step, (before + _seconds(passes)) / (2 * MANY)))
    step, alone = (1e3 * statistics.median(column) for column in zip(*found, strict=True))
    return {"step": step, "passes": alone, "beyond": step - alone}


def _seconds(work: Callable[[], None]) -> float:
    # A cell puts both back when it ends.
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    began = time.process_time()
    work()
    return time.process_time() - began


def _passes(model: str, length: int, batch_size: int, hidden_size: int) -> Callable[[], None]:
    """Return what runs forwards and backwards MANY times."""
    catalog = load_catalog()
    data = catalog.task("adding")().load(length, 0)
    embedding, features = data.inputs.embedding(32), data.inputs.features(32)
    layer = catalog.model(model)(hidden_size=hidden_size).build(features)  # type: ignore[call-arg]
    head = nn.Linear(hidden_size, data.targets.head_size)
    weights = [*embedding.parameters(), *layer.parameters(), *head.parameters()]
    batch = data.train.batch(torch.arange(batch_size))

    def passes() -> None:
        for _ in range(MANY):
            for parameter in weights:
                parameter.grad = None
            hidden, _ = layer(embedding(batch.inputs))
            data.targets.loss(hidden, batch, head).backward()

    return passes


def _cell(model: str, length: int, steps: int, batch_size: int, hidden_size: int) -> Callable[[], None]:
    """Return what runs a cell in this process."""
    experiment = Experiment.model_validate(
        {
            "tasks": ["adding"],
            "models": [model],
            "lengths": [length],
            "training": {"steps": steps, "validate_every": steps, "batch_size": batch_size, "learning_rate": 1e-3},
            "parameters": {model: {"hidden_size": hidden_size}},
            "gradients": {"examples": 1, "draws": 1, "lags": 2},
        }
    )

    def cell() -> None:
        with tempfile.TemporaryDirectory() as folder:
            (status,) = run(experiment, folder, executor="serial")["status"]
        if status != "ok":
            raise SystemExit(f"the cell ended as {status}")

    return cell


if __name__ == "__main__":
    main()
