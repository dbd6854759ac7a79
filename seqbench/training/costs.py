"""Tells what a cell cost: parameters, steps, seconds and the largest memory that its process has had."""

from __future__ import annotations

import resource
import statistics
import sys
from itertools import pairwise

import torch

from seqbench.network.network import Network, count_parameters
from seqbench.records.schema import Costs
from seqbench.training.clock import Clock


def costs(
    network: Network, clock: Clock, longest: int, *, load_seconds: float, train_seconds: float, test_seconds: float
) -> Costs:
    """Return what a cell cost.

    Args:
        network: the trained one.
        clock: of its training.
        longest: time steps of the longest training example.
        load_seconds: to load the data.
        train_seconds: to train, validations included, in all attempts.
        test_seconds: to test and to measure the trained network.
    """
    return Costs(
        parameters=count_parameters(network),
        layer_parameters=count_parameters(network.layer),
        state_size=network.state_size,
        steps=clock.steps_taken,
        load_seconds=load_seconds,
        train_seconds=train_seconds,
        test_seconds=test_seconds,
        seconds_per_step=seconds_per_step(clock.step_ends),
        peak_memory_bytes=peak_memory_bytes(),
        peak_gpu_memory_bytes=peak_gpu_memory_bytes(),
        is_recomputed=network.chunking.is_run_again(longest),
    )


def seconds_per_step(ends: list[float]) -> float | None:
    """Return the median time of a step; None where fewer than two were taken."""
    # From the end of one step to the end of the next; the few with a validation between do not move a median.
    return statistics.median(b - a for a, b in pairwise(ends)) if len(ends) > 1 else None


def peak_memory_bytes() -> int:
    """Return the largest resident set that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forget_gpu_peak() -> None:
    """Count the memory of a GPU from here on."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def peak_gpu_memory_bytes() -> int | None:
    """Return the most that torch has held of a GPU in this process; None where there is none."""
    return int(torch.cuda.max_memory_reserved()) if torch.cuda.is_available() else None
