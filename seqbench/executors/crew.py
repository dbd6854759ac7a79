"""Runs the cells of a sweep in workers: queues, starts, retries and stops them.

A `Workplace` starts the workers, as processes of this machine or of a cluster.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from seqbench.executors.launches import NOT_BEGUN, OVERDUE, Launch
from seqbench.executors.workers import POLL_SECONDS, Alive, Died, Done, Progress
from seqbench.jobs.events import Event, Finished, Progressed, Started
from seqbench.jobs.executor import Job

W = TypeVar("W")
Said = Progress | Alive | Done | Died | None
"""A message of a worker; None if the sweep was stopped before the worker began its cell."""


@dataclass(frozen=True, eq=False)
class Run(Generic[W]):
    """A cell, and the worker that runs it."""

    launch: Launch
    worker: W


class Workplace(ABC, Generic[W]):
    """The place that starts, listens to and ends workers."""

    @property
    @abstractmethod
    def most(self) -> int:
        """Largest number of cells taken at a time."""

    @abstractmethod
    def start(self, launch: Launch, runs: Sequence[Run[W]]) -> W | None:
        """Start a worker; None if it must wait until a running one has ended."""

    @abstractmethod
    def hear(self, runs: Sequence[Run[W]], seconds: float) -> Iterator[tuple[Run[W], Said]]:
        """Yield messages of workers and their deaths; wait for the first at most ``seconds``.

        ``runs`` changes meanwhile: workers whose end was reported are removed.
        """

    @abstractmethod
    def judge(self, run: Run[W], done: Done) -> Died | None:
        """Learn from the result of a cell; return why it must still run again, or None."""

    @abstractmethod
    def stop(self, runs: Sequence[Run[W]]) -> list[Run[W]]:
        """Ask all workers to stop, at every call; return those whose time to stop is over."""

    @abstractmethod
    def end(self, run: Run[W], *, is_dead: bool = False) -> None:
        """End a worker: at once, or soon if it has sent its last message."""


class Crew(Generic[W]):
    """The waiting and the running cells of one sweep.

    Args:
        job: gives the cells.
        workplace: starts their workers.
    """

    def __init__(self, job: Job, workplace: Workplace[W]) -> None:
        self._job = job
        self._workplace = workplace
        self._waiting: deque[Launch] = deque()
        self._runs: list[Run[W]] = []

    def events(self) -> Iterator[Event]:
        """Yield events until every cell has finished."""
        while True:
            if self._job.stopping():
                yield from self._stop()
            else:
                yield from self._take()
                yield from self._begin()
            if not self._runs and not self._waiting:
                return
            for run, said in self._workplace.hear(self._runs, POLL_SECONDS):
                yield from self._next(run, said)

    def end(self) -> None:
        """End all running workers at once."""
        for run in self._runs:
            self._workplace.end(run)

    def _take(self) -> Iterator[Event]:
        most = self._workplace.most
        while len(self._runs) + len(self._waiting) < most:
            assignment = self._job.take()
            if assignment is None:
                return
            self._waiting.append(Launch(assignment))
            yield Started(assignment.cell)

    def _begin(self) -> Iterator[Event]:
        while self._waiting:
            worker = self._workplace.start(self._waiting[0], self._runs)
            if worker is None:
                return
            launch = self._waiting.popleft()
            self._runs.append(Run(launch, worker))
            if launch.is_again:
                yield Started(launch.cell)

    def _next(self, run: Run[W], said: Said) -> Iterator[Event]:
        if isinstance(said, Alive):
            return
        if isinstance(said, Progress):
            yield Progressed(run.launch.cell, said.step, said.loss, said.steps_per_second)
            return
        self._runs.remove(run)
        self._workplace.end(run, is_dead=True)
        if said is None:
            yield run.launch.interrupted(NOT_BEGUN)
            return
        if isinstance(said, Done):
            death = self._workplace.judge(run, said)
            if death is None:
                yield Finished(run.launch.cell, said.value)
                return
            said = death
        event, following = run.launch.after(said, is_stopping=self._job.stopping())
        if following is not None:
            self._waiting.appendleft(following)
        yield event

    def _stop(self) -> Iterator[Event]:
        while self._waiting:
            yield self._waiting.popleft().interrupted(NOT_BEGUN)
        for run in self._workplace.stop(self._runs):
            self._runs.remove(run)
            self._workplace.end(run)
            yield run.launch.interrupted(OVERDUE)
