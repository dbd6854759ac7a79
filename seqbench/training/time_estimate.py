"""Estimates how long a cell will train, from measurements on short sequences. Used by ``--dry-run``.

The time of a recurrent layer grows linearly with the number of steps, and so do these estimates, unless the model
tells that its time grows faster: then a longer run shows how much is quadratic.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from seqbench.experiment.cells import Cell
from seqbench.network.chunks import CHUNK_STEPS
from seqbench.network.network import count_parameters, layer_sizes
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.faults import faults_told, owner
from seqbench.plugins.parameters import make
from seqbench.training.chunk_policy import is_recomputed
from seqbench.training.one_thread import one_quiet_thread

SHORT, LONG = 16, 64
"""Time steps of the two measurements."""
FAR = 512
"""Time steps of a third measurement, for a model whose ``time_exponent`` is above 1."""
REPEATS = 3


@dataclass(frozen=True)
class _Line:
    """seconds = at_zero + slope * time steps, plus again * time steps if the layer is recomputed.

    To the slope comes bend * time steps.
    """

    at_zero: float
    slope: float
    again: float
    bend: float = 0.0


def train_seconds(cells: Sequence[Cell], catalog: Catalog, time_steps: Callable[[Cell], int]) -> list[float]:
    """Return for each cell the seconds of its layer's forward and backward passes over all optimiser steps.

    Validation, test, embedding and head come on top. Every distinct model is measured once, in well under a
    second.

    Args:
        cells: the cells to run.
        catalog: finds their models.
        time_steps: the number of time steps in a cell's sequences.
    """
    lines: dict[str, _Line] = {}
    found = []
    for cell in cells:
        setting = repr((cell.model, cell.training.batch_size, cell.training.embedding_size))
        if setting not in lines:
            lines[setting] = _measured(cell, catalog)
        line, steps = lines[setting], time_steps(cell)
        slope = line.slope + line.bend * steps + line.again * _is_recomputed(cell, catalog, steps)
        found.append(cell.training.steps * (line.at_zero + slope * steps))
    return found


def _measured(cell: Cell, catalog: Catalog) -> _Line:
    model = make(catalog.model(cell.model.name), cell.model.parameters)
    size, batch = cell.training.embedding_size, cell.training.batch_size
    what = f"{owner('model', model.name, catalog.origins)} cannot be built and run"
    with faults_told(what), one_quiet_thread(), torch.random.fork_rng():
        layer = model.build(size)
        has_slope = model.trains_embedding
        short, long = (torch.zeros(batch, steps, size, requires_grad=has_slope) for steps in (SHORT, LONG))
        seconds = [_cpu_seconds(partial(_both_passes, layer, x)) for x in (short, long)]
        slope = (seconds[1] - seconds[0]) / (LONG - SHORT)
        if slope <= 0:
            # The machine is busy: use the whole time of the longer run, an overestimate, rather than return 0.
            slope = seconds[1] / LONG
        again = _cpu_seconds(lambda: layer(long)) / LONG
        line = _Line(max(0.0, seconds[0] - slope * SHORT), slope, again)
        if model.time_exponent <= 1:
            return line
        far = torch.zeros(batch, FAR, size, requires_grad=True)
        rest = _cpu_seconds(lambda: layer(far)[0].sum().backward()) - line.at_zero - slope * FAR
        return replace(line, bend=max(0.0, rest) / FAR**2)


def _both_passes(layer: nn.Module, inputs: Tensor) -> None:
    loss = layer(inputs)[0].sum()
    if loss.requires_grad:
        loss.backward()


def _is_recomputed(cell: Cell, catalog: Catalog, steps: int) -> bool:
    """Say whether the backward pass will recompute the layer's chunks."""
    size = cell.training.embedding_size
    with torch.random.fork_rng(devices=[]):
        model = make(catalog.model(cell.model.name), cell.model.parameters)
        layer = model.build(size)
        has_state = layer_sizes(layer, size)[1] > 0
        is_trained_through = model.trains_embedding or count_parameters(layer) > 0
        return (
            is_trained_through
            and has_state
            and steps > CHUNK_STEPS
            and is_recomputed(layer, cell.training, size, steps)
        )


def _cpu_seconds(run: Callable[[], None]) -> float:
    """Return the least of a few runs: on one thread, other load can only add to the time."""
    run()
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return min(times)
