"""Predicts each next token of running text: the task ``next-token``."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Task, hookimpl
from seqbench_next_token.task import NextToken


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Offer the next-token task."""
    yield NextToken
