"""Offers pixels: name the class of an image that is read pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Task, hookimpl
from seqbench_pixels.task import Pixels


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield Pixels
