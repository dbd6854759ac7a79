"""Holds what runs on the machines of a Ray cluster: a task for each cell, and a board that all of them read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seqbench.base.environment import describe
from seqbench.executors.workers import POLL_SECONDS, Died, Done, Progress, Work, Worker, start
from seqbench.jobs.assignment import Assignment


class Board:
    """Holds the request to stop, and the progress of the cells."""

    def __init__(self) -> None:
        self._is_stopping = False
        self._news: dict[str, Progress] = {}

    def stop(self) -> None:
        """Request that cells stop from now on."""
        self._is_stopping = True

    def tell(self, key: str, progress: Progress | None) -> bool:
        """Store a cell's progress, if it is new, and return whether the cell must stop."""
        if progress is not None:
            self._news[key] = progress
        return self._is_stopping

    def news(self) -> Mapping[str, Progress]:
        """Return the progress of the cells that reported something new."""
        news, self._news = self._news, {}
        return news


def attend(work: Work, assignment: Assignment, board: Any, folder: str) -> Done | Died | None:
    """Do one piece of work in a fresh process, and wait for it.

    Args:
        work: one of `seqbench.executors.work`.
        assignment: its argument.
        board: the handle of a `Board`.
        folder: where relative paths start, if it is there on this machine.

    Returns:
        The result; None if the sweep was stopped before the work began.
    """
    import ray

    def is_stopping(progress: Progress | None = None) -> bool:
        return bool(ray.get(board.tell.remote(assignment.cell.key, progress)))

    if is_stopping():
        return None
    here = replace(assignment, environment=describe())
    devices = os.environ.get("CUDA_VISIBLE_DEVICES")
    worker = start(work, here, devices=devices, folder=folder, is_portable=here.is_portable)
    try:
        return _attended(worker, assignment.cell.training.time_limit, is_stopping)
    finally:
        worker.end()


def _attended(worker: Worker, limit: float | None, is_stopping: Any) -> Done | Died:
    while not worker.is_overdue:
        said = worker.receive() if worker.connection.poll(POLL_SECONDS) else worker.hung(limit)
        if isinstance(said, Done | Died):
            return said
        if is_stopping(said if isinstance(said, Progress) else None):
            worker.ask_to_stop()
    return Died("after it ignored a request to stop")
