"""Measures what it costs to load data, and what a batch costs beside a training step.

    python -m benchmarks.loading [--sequences 10000] [--tokens 1000] [--repeats 5] [--tasks copy]

First: made-up texts in a csv.gz, loaded by the task ``sentiment`` up to the first batch, with an empty cache and
then from it. Second: batches of the bundled tasks at lengths 16 to 4096 beside training steps of the models of
suite ``quick``, alternated on one thread. Exit status 4 where a bound does not hold.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqbench.data.batches import TrainingBatches
    from seqbench.network.network import Network

LENGTHS = (16, 64, 256, 1024, 4096)
STEPS = {16: 20, 64: 20, 256: 8, 1024: 3, 4096: 1}
"""Training steps of one round, which uses every example once."""
ROUNDS = 3
FIRST_SECONDS, CACHED_SECONDS, SHARE = 10.0, 0.5, 0.02
"""Bounds: of loading from the file, from the cache, and of a batch in a training step."""


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--tokens", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tasks", default="", help="the batches of these only, with commas between")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first, cached = _loading(Path(folder), asked.sequences, asked.tokens, asked.repeats)
    print(f"{asked.sequences} sequences of {asked.tokens} tokens from csv.gz to the first batch:")
    print(f"  first time {first:.2f} s, from the cache {cached:.3f} s", flush=True)
    worst = 0.0
    print("task         model length     batch       step    share")
    for task, model, length, batch, step in _batches([name for name in asked.tasks.split(",") if name]):
        worst = max(worst, batch / step)
        print(
            f"{task:<12} {model:<5} {length:>6} {batch * 1e6:6.0f} us {step * 1e3:7.2f} ms {batch / step:8.2%}",
            flush=True,
        )
    return 0 if first < FIRST_SECONDS and cached < CACHED_SECONDS and worst < SHARE else 4


def _loading(folder: Path, sequences: int, tokens: int, repeats: int) -> tuple[float, float]:
    """Return the median seconds of loading with an empty cache, and from it."""
    data = folder / "texts.csv.gz"
    _write(data, sequences, tokens)
    pairs = []
    for number in range(repeats):
        cache = folder / f"cache{number}"
        pairs.append((_in_process(data, cache, tokens), _in_process(data, cache, tokens)))
    first, cached = zip(*pairs, strict=True)
    return statistics.median(first), statistics.median(cached)


def _write(path: Path, sequences: int, tokens: int) -> None:
    """Write texts in which words are as unequally common as in a language (Zipf's law)."""
    rng = random.Random(0)
    words = [f"word{number}" for number in range(30_000)]
    weights = [1 / (rank + 10) for rank in range(len(words))]
    with gzip.open(path, "wt", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        for number in range(sequences):
            rows.writerow([" ".join(rng.choices(words, weights, k=tokens)), ("ill", "well")[number % 2]])


def _in_process(data: Path, cache: Path, tokens: int) -> float:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_load, args=(theirs, str(data), str(cache), tokens))
    process.start()
    seconds: float = ours.recv()
    process.join()
    return seconds


def _load(connection: Connection, data: str, cache: str, tokens: int) -> None:
    """Send the seconds from a task's parameters to its first training batch."""
    os.environ["SEQBENCH_CACHE"] = cache
    import seqbench.training.cell  # noqa: F401
    from seqbench.data.batches import TrainingBatches
    from seqbench.plugins.load import load_catalog

    task = load_catalog().task("sentiment")
    began = time.perf_counter()
    loaded = task(data=data).load(tokens, 0)  # type: ignore[call-arg]
    batch = next(iter(TrainingBatches(loaded.train, 16, 1, 0)))
    seconds = time.perf_counter() - began
    if batch.inputs.shape != (16, tokens):
        raise RuntimeError(f"the first batch is {tuple(batch.inputs.shape)}")
    connection.send(seconds)


def _batches(tasks: list[str]) -> Iterator[tuple[str, str, int, float, float]]:
    """Yield task, model, length, and the median seconds of a batch and of a training step."""
    import torch

    from seqbench.data.batches import TrainingBatches
    from seqbench.experiment.cells import Cell
    from seqbench.experiment.schema import load
    from seqbench.network.network import build_network
    from seqbench.plugins.grid import expand
    from seqbench.plugins.load import load_catalog
    from seqbench.plugins.parameters import make
    from seqbench.training.cell_data import load_task

    # As cells are run: one thread, and numbers too small for 32 bits are 0.
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    catalog = load_catalog()
    # Long rows of the grammar's sentences need more of them than quick has.
    grid: dict[str, Any] = {"lengths": list(LENGTHS), "parameters": {"word-order": {"sentences": 30_000}}}
    grid |= {"tasks": tasks} if tasks else {}
    cells: dict[tuple[str, int], list[Cell]] = {}
    for cell in expand(load(catalog.suite("quick"), grid), catalog):
        cells.setdefault((cell.task.name, cell.length), []).append(cell)
    for (task, length), some in cells.items():
        data = load_task(some[0], catalog).load(length, 0)
        size = some[0].training.batch_size
        batches = TrainingBatches(data.train, size, -(-len(data.train) // size), 0)
        for cell in some:
            model = make(catalog.model(cell.model.name), cell.model.parameters)
            network = build_network(model, data.inputs, data.targets, cell.training.embedding_size)
            # The first round warms up.
            rounds = [(_per_batch(batches), _per_step(network, batches, STEPS[length])) for _ in range(ROUNDS + 1)]
            batch, step = (statistics.median(column) for column in zip(*rounds[1:], strict=True))
            yield task, cell.model.name, length, batch, step


def _per_batch(batches: TrainingBatches) -> float:
    """Return the seconds of making one batch."""
    began = time.perf_counter()
    for _ in batches:
        pass
    return (time.perf_counter() - began) / len(batches)


def _per_step(network: Network, batches: TrainingBatches, steps: int) -> float:
    """Return the seconds of one step: forward, backward, clipping and Adam, on batches that are there."""
    import torch

    optimizer = torch.optim.Adam(network.parameters())
    ready = list(islice(batches, steps))
    began = time.perf_counter()
    for batch in ready:
        optimizer.zero_grad()
        network.loss(batch).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    return (time.perf_counter() - began) / steps


if __name__ == "__main__":
    sys.exit(main())
