"""Runs the cells of a sweep by workers: who waits, who runs, who is tried again, and how all are stopped.

How and where a worker is started is for a `Workplace`: processes of this machine, or a cluster's.
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
"""What is heard of a worker; None where the sweep was stopped before it began its cell."""


@dataclass(frozen=True, eq=False)
class Run(Generic[W]):
    """A cell, and the worker that runs it."""

    launch: Launch
    worker: W


class Workplace(ABC, Generic[W]):
    """Where workers are started, heard and ended."""

    @property
    @abstractmethod
    def most(self) -> int:
        """How many cells may be taken at a time."""

    @abstractmethod
    def start(self, launch: Launch, runs: Sequence[Run[W]]) -> W | None:
        """Start a worker; None where it has to wait until one of those that run has ended."""

    @abstractmethod
    def hear(self, runs: Sequence[Run[W]], seconds: float) -> Iterator[tuple[Run[W], Said]]:
        """Yield what workers say, or that they died; wait for a word so many seconds at most.

        ``runs`` changes meanwhile: a worker whose end was told is left out.
        """

    @abstractmethod
    def judge(self, run: Run[W], done: Done) -> Died | None:
        """Learn from what came of a cell; return why it is to be run again all the same, or None."""

    @abstractmethod
    def stop(self, runs: Sequence[Run[W]]) -> list[Run[W]]:
        """Ask all workers to end well, as often as it is called; return those that have had their time."""

    @abstractmethod
    def end(self, run: Run[W], *, is_dead: bool = False) -> None:
        """End a worker: at once, or where it has said its last word, soon."""


class Crew(Generic[W]):
    """The cells of one sweep that wait for a worker, and those that run.

    Args:
        job: where cells come from.
        workplace: where their workers are started.
    """

    def __init__(self, job: Job, workplace: Workplace[W]) -> None:
        self._job = job
        self._workplace = workplace
        self._waiting: deque[Launch] = deque()
        self._runs: list[Run[W]] = []

    def events(self) -> Iterator[Event]:
        """Yield what happens until every cell has finished."""
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
        """End at once what still runs."""
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
