"""Forecasts numbers: the task ``forecasting``."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Task, hookimpl
from seqbench_forecasting.task import Forecasting


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the forecasting task."""
    yield Forecasting
