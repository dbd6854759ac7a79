"""Offers series-class: name the class of a whole time series."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Task, hookimpl
from seqbench_series_class.task import SeriesClass


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield SeriesClass
