"""Offers brackets: which bracket may close next, and whether a string of brackets is well formed."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Task, hookimpl
from seqbench_brackets.task import Brackets


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield Brackets
