"""Offers speech: name a spoken word, or transcribe an utterance, from log mel energies."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Task, hookimpl
from seqbench_speech.task import Speech


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield Speech
