"""Runs cells on a cluster of machines with Ray.

A Ray task watches over one cell, which runs in a fresh process beside it. Ray's own retries are off: a death is
reported and costs its cell one retry. Ray is imported when it runs.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from seqbench.executors.duties import check, train
from seqbench.executors.ray.cluster import Cluster, cluster
from seqbench.executors.ray.tasks import Board, attend
from seqbench.executors.waiting import NOT_BEGUN, OVERDUE, Waiting
from seqbench.executors.workers import POLL_SECONDS, SECONDS_TO_STOP, Died, Done
from seqbench.experiment.schema import Execution
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Event, Finished, Progressed, Started
from seqbench.jobs.executor import Executor, Job
from seqbench.training.memory import Memory, guess

log = logging.getLogger(__name__)

_SECONDS_TO_ANSWER = 10.0
"""How much longer than a cell itself its task may take to end."""


class Ray(Executor):
    """Runs each cell in a fresh process on a machine of a Ray cluster."""

    name = "ray"

    def __init__(self) -> None:
        self._connection = ExitStack()
        self._cluster: Cluster | None = None

    def run(self, job: Job) -> Generator[Event]:
        """Yield what happens until every cell has finished, and leave the cluster.

        Raises:
            ExperimentError: Ray is not installed, or no cluster answers.
        """
        with self._connection:
            crew = _Crew(job, self._connected(job.settings))
            try:
                yield from crew.events()
            finally:
                crew.end()

    def check(self, assignments: Sequence[Assignment], settings: Execution, workers: int) -> Iterator[str]:
        """Load the data of every cell on the cluster and yield what is wrong with them.

        Where nothing is wrong the connection is kept for `run`: a local cluster takes seconds to start.

        Raises:
            ExperimentError: Ray is not installed, or no cluster answers.
        """
        with self._connection:
            yield from (problems := list(self._problems(assignments, settings)))
            if not problems:
                self._connection = self._connection.pop_all()

    def _problems(self, assignments: Sequence[Assignment], settings: Execution) -> Iterator[str]:
        machines = self._connected(settings)
        board, submit = machines.actor(Board), machines.task(attend)
        tasks = [(each, submit(0).remote(check, each, board, os.getcwd())) for each in assignments]
        for assignment, task in tasks:
            said = machines.result(task)
            if isinstance(said, Died):
                # Not bad input: what kills it will kill the cell, which has a record for that.
                log.info("%s: the process that loads the data died, %s", assignment.cell, said.reason)
            elif isinstance(said, Done) and said.value is not None:
                yield said.value
        machines.kill(board)

    def _connected(self, settings: Execution) -> Cluster:
        if self._cluster is None:
            self._cluster = self._connection.enter_context(cluster(settings))
            self._connection.callback(self._forget)
        return self._cluster

    def _forget(self) -> None:
        self._cluster = None


class _Crew:
    """The tasks of one sweep, and the cells that wait to become one."""

    def __init__(self, job: Job, machines: Cluster) -> None:
        self._job = job
        self._machines = machines
        self._board = machines.actor(Board)
        self._submit = machines.task(attend)
        self._waiting: deque[Waiting] = deque()
        self._runs: dict[Any, Waiting] = {}
        self._memory = Memory(job.settings)
        self._asked: float | None = None

    def events(self) -> Iterator[Event]:
        """Yield what happens until every cell has finished."""
        while True:
            if self._job.stopping():
                yield from self._stop()
            else:
                yield from self._begin()
            if not self._runs:
                return
            for task in self._machines.ended(list(self._runs), POLL_SECONDS):
                yield self._next(task)
            yield from self._progress()

    def end(self) -> None:
        """End at once what still runs."""
        for task in self._runs:
            self._machines.cancel(task)
        self._machines.kill(self._board)

    def _begin(self) -> Iterator[Event]:
        limit = self._job.workers if self._job.settings.jobs else self._machines.room
        while len(self._runs) < limit and (attempt := self._following()) is not None:
            task = self._submit(self._bytes(attempt)).remote(train, attempt.assignment, self._board, os.getcwd())
            self._runs[task] = attempt
            yield Started(attempt.assignment.cell)

    def _following(self) -> Waiting | None:
        if self._waiting:
            return self._waiting.popleft()
        assignment = self._job.take()
        return None if assignment is None else Waiting(assignment)

    def _bytes(self, attempt: Waiting) -> int:
        cell = attempt.assignment.cell
        known = self._job.memory(cell) or self._memory(cell) or guess(cell)
        return 2 * known if attempt.is_alone else known

    def _next(self, task: Any) -> Event:
        attempt, said = self._runs.pop(task), self._machines.result(task)
        if said is None:
            return attempt.interrupted(NOT_BEGUN)
        if isinstance(said, Done):
            self._memory.learn(said.value)
            return Finished(attempt.assignment.cell, said.value)
        event, following = attempt.after(said, is_stopping=self._job.stopping())
        if following is not None:
            self._waiting.append(following)
        return event

    def _progress(self) -> Iterator[Event]:
        cells = {attempt.assignment.cell.key: attempt.assignment.cell for attempt in self._runs.values()}
        for key, said in self._machines.get(self._board.news.remote()).items():
            if key in cells:
                yield Progressed(cells[key], said.step, said.loss, said.steps_per_second)

    def _stop(self) -> Iterator[Event]:
        self._asked = self._asked or time.monotonic()
        # Repeated, because a board that died is restarted without this request.
        self._machines.get(self._board.stop.remote())
        while self._waiting:
            yield self._waiting.popleft().interrupted(NOT_BEGUN)
        if time.monotonic() - self._asked > SECONDS_TO_STOP + _SECONDS_TO_ANSWER:
            for task, attempt in list(self._runs.items()):
                self._machines.cancel(task)
                del self._runs[task]
                yield attempt.interrupted(OVERDUE)
