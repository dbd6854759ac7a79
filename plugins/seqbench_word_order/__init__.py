"""Puts shuffled words back in order: the task ``word-order``."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Task, hookimpl
from seqbench_word_order.task import WordOrder


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Offer the word-order task."""
    yield WordOrder
