"""Measures how much memory a long sequence takes, with activations recomputed in the backward pass or kept.

    python -m benchmarks.memory [--models rnn,lstm,gru] [--lengths 1024,4096,16384,65536] [--steps 3] [--no-times]

One process for each line, on one thread: a whole cell of the task copy, statistics at default, batch 8, hidden
size 64. The peak is the largest resident set; torch and Lightning alone take some 430 MiB of it. Then the time of
a training step with recomputation over the time without, alternated in one process, at 8,192 steps.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

BATCH, HIDDEN = 8, 64
TIMED_LENGTH, REPEATS = 8192, 7
FITS = 0.5
"""Share of the free memory that a cell without recomputation may be expected to take."""


def main() -> None:
    """Measure and print; with ``--one`` be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="rnn,lstm,gru")
    parser.add_argument("--lengths", default="1024,4096,16384,65536")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--no-times", action="store_true")
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        kind, model, *rest = asked.one
        print(json.dumps(_times(model) if kind == "times" else _cell(model, int(rest[0]), rest[1], asked.steps)))
        return
    print("| model | T | peak MiB, again | peak MiB, kept | again / kept |")
    print("|---|---|---|---|---|")
    for model in asked.models.split(","):
        for length in asked.lengths.split(","):
            _print_peaks(model, length, str(asked.steps))
    if not asked.no_times:
        print("\n| model | ms a step at T = 8192, again | kept | again / kept |")
        print("|---|---|---|---|")
        for model in asked.models.split(","):
            again, kept = _process("times", model)
            print(f"| {model} | {1e3 * again:.0f} | {1e3 * kept:.0f} | {again / kept:.2f} |", flush=True)


def _print_peaks(model: str, length: str, steps: str) -> None:
    again, needed = _process("cell", model, length, "true", "--steps", steps)
    if needed > FITS * _free():
        print(f"| {model} | {length} | {again >> 20} | does not fit | - |", flush=True)
        return
    kept, _ = _process("cell", model, length, "false", "--steps", steps)
    print(f"| {model} | {length} | {again >> 20} | {kept >> 20} | {again / kept:.2f} |", flush=True)


def _process(*words: str) -> list[int]:
    command = [sys.executable, __file__, *words[4:], "--one", *words[:4]]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
    return list(json.loads(done.stdout))


def _cell(model: str, length: int, recompute: str, steps: int) -> list[int]:
    """Run one cell; return its peak, and the bytes that the backward pass over all pieces would keep."""
    import torch

    from seqbench.experiment.schema import Experiment
    from seqbench.network.chunks import kept_bytes
    from seqbench.plugins.grid import expand
    from seqbench.plugins.load import load_catalog
    from seqbench.plugins.parameters import make
    from seqbench.training.cell import run_cell

    catalog = load_catalog()
    few = {"train_examples": BATCH, "validation_examples": BATCH, "test_examples": BATCH}
    experiment = Experiment(
        tasks=["copy"],
        models=[model],
        lengths=[length],
        parameters={"copy": few, model: {"hidden_size": HIDDEN}},
        training={"steps": steps, "batch_size": BATCH, "recompute": recompute == "true"},
    )
    cell = expand(experiment, catalog)[0]
    record = run_cell(cell, catalog)
    if record.status != "ok" or record.gradients is None or record.gradients.problems:
        raise SystemExit(f"{cell}: {record.status}, {record.reason}")
    size = cell.training.embedding_size
    layer = make(catalog.model(model), cell.model.parameters).build(size)
    kept = kept_bytes(layer, torch.zeros(BATCH, 64, size, requires_grad=True)) * length // 64
    return [record.costs.peak_memory_bytes or 0, kept]


def _times(model: str) -> list[float]:
    """Return the median seconds of a forward and backward pass: run again, kept."""
    import torch

    from seqbench import Batch, StepClass, Tokens, load_catalog
    from seqbench.network.chunks import CHUNK_STEPS, Chunking
    from seqbench.network.network import Network
    from seqbench.plugins.parameters import make
    from seqbench.training.one_thread import one_quiet_thread

    layer = make(load_catalog().model(model), {"hidden_size": HIDDEN}).build(32)
    network = Network(layer, Tokens(10), StepClass(10), 32)
    inputs = torch.randint(10, (BATCH, TIMED_LENGTH))
    batch = Batch(inputs, inputs.roll(1, 1), torch.full((BATCH,), TIMED_LENGTH))
    times: dict[bool, list[float]] = {True: [], False: []}
    with one_quiet_thread():
        for _ in range(1 + REPEATS):
            for recompute, found in times.items():
                network.chunking = Chunking(CHUNK_STEPS, recompute)
                began = time.perf_counter()
                network.loss(batch).backward()
                found.append(time.perf_counter() - began)
    return [statistics.median(times[recompute][1:]) for recompute in (True, False)]


def _free() -> int:
    from seqbench.training.memory import available_bytes

    return available_bytes()


if __name__ == "__main__":
    main()
