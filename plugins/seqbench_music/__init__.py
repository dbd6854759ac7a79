"""Predicts the notes of each next step of a piece of music: the task ``music``."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Task, hookimpl
from seqbench_music.task import Music


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Offer the music task."""
    yield Music
