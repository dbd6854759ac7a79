"""How long will a cell train, and how much memory will it take? Measured on short sequences, then extrapolated.

Time and memory of a recurrent layer grow linearly with the number of steps; so do these estimates. For
``--dry-run``. Stands on network and cells.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil
import torch
from torch import Tensor, nn

from seqbench.cells import Cell
from seqbench.parameters import make
from seqbench.plugins import Catalog
from seqbench.training import load_task, one_quiet_thread

SHORT, LONG = 16, 64
"""Time steps of the two measurements."""
REPEATS = 3


@dataclass(frozen=True)
class Estimate:
    """What one cell is expected to take.

    Attributes:
        train_seconds: forward and backward passes of the layer over all steps; validation, test, embedding
            and head come on top.
        memory_bytes: this process as it is now, and what the backward pass needs.
    """

    train_seconds: float
    memory_bytes: float


@dataclass(frozen=True)
class _Line:
    """seconds = at_zero + slope * time steps; bytes likewise, through 0."""

    at_zero: float
    slope: float
    bytes_per_step: float


def estimate(cells: Sequence[Cell], catalog: Catalog) -> list[Estimate]:
    """Return an estimate for each cell; every distinct model is measured once, in well under a second."""
    base = psutil.Process().memory_info().rss
    lines: dict[str, _Line] = {}
    estimates = []
    for cell in cells:
        setting = repr((cell.model, cell.training.batch_size, cell.training.embedding_size))
        if setting not in lines:
            lines[setting] = _measured(cell, catalog)
        line, steps = lines[setting], load_task(cell, catalog).time_steps(cell.length)
        seconds = cell.training.steps * (line.at_zero + line.slope * steps)
        estimates.append(Estimate(seconds, base + line.bytes_per_step * steps))
    return estimates


def _measured(cell: Cell, catalog: Catalog) -> _Line:
    model = make(catalog.model(cell.model.name), cell.model.parameters)
    size, batch = cell.training.embedding_size, cell.training.batch_size
    with one_quiet_thread(), torch.random.fork_rng():
        layer = model.build(size)
        short, long = (torch.zeros(batch, steps, size, requires_grad=True) for steps in (SHORT, LONG))
        seconds = [_median_seconds(lambda x=x: layer(x)[0].sum().backward()) for x in (short, long)]  # type: ignore[misc]
        slope = max(0.0, (seconds[1] - seconds[0]) / (LONG - SHORT))
        return _Line(max(0.0, seconds[0] - slope * SHORT), slope, _saved_bytes(layer, long) / LONG)


def _median_seconds(run: Callable[[], None]) -> float:
    run()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _saved_bytes(layer: nn.Module, inputs: Tensor) -> int:
    """Return the bytes that autograd keeps for the backward pass, each storage once."""
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        layer(inputs)
    return sum(kept.values())
