"""Holds what a worker can be asked to do: functions that can be pickled, called in a fresh process."""

from __future__ import annotations

from collections.abc import Callable

from seqbench.executors.work import Told, check_assignment, run_assignment
from seqbench.jobs.assignment import Assignment
from seqbench.records.schema import Record


def train(assignment: Assignment, told: Told, should_stop: Callable[[], bool]) -> Record:
    """Train one cell and return its record."""
    return run_assignment(assignment, told, should_stop)


def check(assignment: Assignment, told: Told, should_stop: Callable[[], bool]) -> str | None:
    """Load the data of one cell; return what is wrong with them."""
    try:
        return check_assignment(assignment)
    except Exception:
        # A plugin's own fault is a failed cell with a traceback, not bad input.
        return None


def gpu_memories(argument: None, told: Told, should_stop: Callable[[], bool]) -> list[int]:
    """Return the bytes that are free on each GPU that is there; 0 on one that does not say."""
    import torch

    return [_free(number) for number in range(torch.cuda.device_count())]


def _free(number: int) -> int:
    import torch

    try:
        return int(torch.cuda.mem_get_info(number)[0])
    except RuntimeError:
        # For example a GPU that is already full: CUDA cannot even start there.
        return 0
