"""Reports the costs of a cell: parameters, steps, seconds and the largest memory of its process."""

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
    """Return the costs of a cell.

    Args:
        network: the trained one.
        clock: the clock of its training.
        longest: time steps in the longest training example.
        load_seconds: to load the data.
        train_seconds: to train, validations included, in all attempts.
        test_seconds: to test and to measure the trained network.
    """
    return Costs(
        parameters=count_parameters(network),
        layer_parameters=count_parameters(network.layer),
        state_size=network.state_size,
        state_growth=network.state_growth or None,
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
    """Return the median time of a step; None if fewer than two were taken."""
    # From the end of one step to the end of the next; the few with a validation between do not move a median.
    return statistics.median(b - a for a, b in pairwise(ends)) if len(ends) > 1 else None


def peak_memory_bytes() -> int:
    """Return the largest resident set of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forget_gpu_peak() -> None:
    """Reset the peak of GPU memory."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def peak_gpu_memory_bytes() -> int | None:
    """Return the most GPU memory that torch has held in this process, in bytes; None without a GPU."""
    return int(torch.cuda.max_memory_reserved()) if torch.cuda.is_available() else None
