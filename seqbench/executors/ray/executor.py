"""Runs cells on a cluster of machines with Ray.

A Ray task watches over one cell, which runs in a fresh process beside it. Ray's own retries are off: a death is
reported and costs its cell one retry. Ray is imported when it runs.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from seqbench.executors.crew import Crew, Run, Said, Workplace
from seqbench.executors.launches import Launch
from seqbench.executors.ray.cluster import Cluster, cluster
from seqbench.executors.ray.tasks import Board, attend
from seqbench.executors.work import check, train
from seqbench.executors.workers import SECONDS_TO_STOP, Died, Done
from seqbench.experiment.schema import Execution
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Event
from seqbench.jobs.executor import Executor, Job
from seqbench.training.memory import Memory, guess

log = logging.getLogger(__name__)

_SECONDS_TO_ANSWER = 10.0
"""Time that a task may take beyond its cell to end."""


class Ray(Executor):
    """Runs each cell in a fresh process on a machine of a Ray cluster."""

    name = "ray"

    def __init__(self) -> None:
        self._connection = ExitStack()
        self._cluster: Cluster | None = None

    def run(self, job: Job) -> Generator[Event]:
        """Yield events until every cell has finished, then leave the cluster.

        Raises:
            ExperimentError: Ray is not installed, or no cluster answers.
        """
        with self._connection:
            tasks = _Tasks(job, self._connected(job.settings))
            crew = Crew(job, tasks)
            try:
                yield from crew.events()
            finally:
                crew.end()
                tasks.close()

    def check(self, assignments: Sequence[Assignment], settings: Execution, workers: int) -> Iterator[str]:
        """Load the data of every cell on the cluster and yield their faults.

        Without faults the connection is kept for `run`: a local cluster takes seconds to start.

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
                # A death is not bad input: the cell will die the same way, and its record will say so.
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


class _Tasks(Workplace[Any]):
    """The tasks of one sweep on a cluster; a worker is the handle of a task."""

    def __init__(self, job: Job, machines: Cluster) -> None:
        self._job = job
        self._machines = machines
        self._board = machines.actor(Board)
        self._submit = machines.task(attend)
        self._memory = Memory(job.settings)
        self._asked: float | None = None

    @property
    def most(self) -> int:
        return self._job.workers if self._job.settings.jobs else self._machines.room

    def start(self, launch: Launch, runs: Sequence[Run[Any]]) -> Any:
        submit = self._submit(self._bytes(launch))
        return submit.remote(train, launch.assignment, self._board, os.getcwd())

    def hear(self, runs: Sequence[Run[Any]], seconds: float) -> Iterator[tuple[Run[Any], Said]]:
        by_task = {run.worker: run for run in runs}
        for task in self._machines.ended(list(by_task), seconds):
            yield by_task[task], self._machines.result(task)
        by_key = {run.launch.cell.key: run for run in runs}
        for key, said in self._machines.get(self._board.news.remote()).items():
            if key in by_key:
                yield by_key[key], said

    def judge(self, run: Run[Any], done: Done) -> None:
        self._memory.learn(done.value)

    def stop(self, runs: Sequence[Run[Any]]) -> list[Run[Any]]:
        self._asked = self._asked or time.monotonic()
        # Repeated, because a board that died is restarted without this request.
        self._machines.get(self._board.stop.remote())
        is_overdue = time.monotonic() - self._asked > SECONDS_TO_STOP + _SECONDS_TO_ANSWER
        return list(runs) if is_overdue else []

    def end(self, run: Run[Any], *, is_dead: bool = False) -> None:
        if not is_dead:
            self._machines.cancel(run.worker)

    def close(self) -> None:
        """End everything of this sweep on the cluster."""
        self._machines.kill(self._board)

    def _bytes(self, launch: Launch) -> int:
        known = self._job.memory(launch.cell) or self._memory(launch.cell) or guess(launch.cell)
        return 2 * known if launch.is_alone else known
