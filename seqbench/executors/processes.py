"""Runs cells side by side, each in a fresh process.

A process that dies costs its cell one retry and never ends the sweep. A cell starts when there is memory for it,
on the machine and on a GPU where there are any.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait

from seqbench.errors import ExperimentError
from seqbench.executors.devices import Devices, Gpu, Place, named
from seqbench.executors.duties import check, gpu_memories, train
from seqbench.executors.expected import Expected
from seqbench.executors.waiting import NOT_BEGUN, OVERDUE, Waiting
from seqbench.executors.workers import POLL_SECONDS, Alive, Died, Done, Progress, Worker, start
from seqbench.experiment.schema import Execution
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Event, Finished, Progressed, Started
from seqbench.jobs.executor import Executor, Job
from seqbench.training.memory import is_out_of_gpu_memory, resident_bytes

log = logging.getLogger(__name__)

_SECONDS_FOR_CUDA = 60.0


@dataclass(frozen=True)
class _Run:
    """An attempt in its process."""

    attempt: Waiting
    worker: Worker
    place: Place


class Processes(Executor):
    """Runs each cell in a fresh process, several side by side."""

    name = "processes"

    def run(self, job: Job) -> Generator[Event]:
        """Yield what happens until every cell has finished.

        Closing the iterator ends the processes that still run.

        Raises:
            ExperimentError: there are GPUs, and CUDA does not answer.
        """
        settings = job.settings
        crew = _Crew(job, Devices([] if settings.gpus == 0 else _gpus(), settings.gpus))
        try:
            yield from crew.events()
        finally:
            crew.end()

    def check(self, assignments: Sequence[Assignment], settings: Execution, workers: int) -> Iterator[str]:
        """Load the data of every cell and yield what is wrong with them, in the order of the cells.

        Raises:
            ExperimentError: GPUs were asked for, and there are none.
        """
        if settings.gpus and not _gpus():
            raise ExperimentError(
                f"executor.gpus is {settings.gpus:g}, and torch sees no GPU here; leave it out, or set it to 0"
            )
        for first in range(0, len(assignments), workers):
            some = assignments[first : first + workers]
            started = [start(check, assignment) for assignment in some]
            try:
                for assignment, worker in zip(some, started, strict=True):
                    said = worker.result(assignment.cell.training.time_limit)
                    if isinstance(said, Died):
                        # Not bad input: what kills it will kill the cell, which has a record for that.
                        log.info("%s: the process that loads the data died, %s", assignment.cell, said.reason)
                    elif said.value is not None:
                        yield said.value
            finally:
                for worker in started:
                    worker.end(0)


class _Crew:
    """The processes of one sweep, and the cells that wait for one."""

    def __init__(self, job: Job, devices: Devices) -> None:
        self._job = job
        self._devices = devices
        self._most = devices.cells(job.workers, is_limited=job.settings.jobs is not None)
        self._waiting: deque[Waiting] = deque()
        self._runs: list[_Run] = []
        self._crowded: set[str] = set()
        self._expected = Expected(job)

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
            ready = wait([run.worker.connection for run in self._runs], POLL_SECONDS)
            for run in [run for run in self._runs if run.worker.connection in ready]:
                yield from self._next(run, run.worker.receive())
            for run in list(self._runs):
                hung = run.worker.hung(run.attempt.assignment.cell.training.time_limit)
                if hung is not None:
                    yield from self._next(run, hung)

    def end(self) -> None:
        """End at once what still runs."""
        for run in self._runs:
            run.worker.end(0)

    def _take(self) -> Iterator[Event]:
        while len(self._runs) + len(self._waiting) < self._most:
            assignment = self._job.take()
            if assignment is None:
                return
            self._waiting.append(Waiting(assignment))
            yield Started(assignment.cell)

    def _begin(self) -> Iterator[Event]:
        while self._waiting and self._fits(self._waiting[0]):
            place = self._place(self._waiting[0])
            if place is None:
                return
            attempt = self._waiting.popleft()
            worker = start(train, attempt.assignment, devices=place.devices)
            if beside := [run for run in self._runs if run.place == place]:
                self._crowded |= {run.attempt.assignment.cell.key for run in beside}
                self._crowded.add(attempt.assignment.cell.key)
            self._runs.append(_Run(attempt, worker, place))
            if attempt.number > 1:
                yield Started(attempt.assignment.cell)

    def _fits(self, attempt: Waiting) -> bool:
        """Say whether there is memory for one more; what runs by itself always fits."""
        if not self._runs:
            return True
        if attempt.is_alone or any(run.attempt.is_alone for run in self._runs):
            return False
        beside = [(run.attempt.assignment, resident_bytes(run.worker.pid)) for run in self._runs]
        return self._expected.fits(attempt.assignment, beside)

    def _place(self, attempt: Waiting) -> Place | None:
        """Return where one more can begin; None where no GPU has room for it."""
        beside = [(run.place, self._expected.on_gpu(run.attempt.assignment)) for run in self._runs]
        return self._devices.place(self._expected.on_gpu(attempt.assignment), beside)

    def _next(self, run: _Run, said: Progress | Alive | Done | Died) -> Iterator[Event]:
        cell = run.attempt.assignment.cell
        if isinstance(said, Alive):
            return
        if isinstance(said, Progress):
            yield Progressed(cell, said.step, said.loss, said.steps_per_second)
            return
        self._remove(run)
        if isinstance(said, Done):
            self._expected.learn(said.value)
            # A cell that ran by itself, or has just been run by itself, will not find more room.
            if not is_out_of_gpu_memory(said.value) or run.attempt.is_alone or cell.key not in self._crowded:
                yield Finished(cell, said.value)
                return
            said = Died("beside other cells", of_memory=True, what="its GPU had no memory left")
        event, following = run.attempt.after(said, is_stopping=self._job.stopping())
        if following is not None:
            self._waiting.appendleft(following)
        yield event

    def _stop(self) -> Iterator[Event]:
        while self._waiting:
            yield self._waiting.popleft().interrupted(NOT_BEGUN)
        for run in list(self._runs):
            run.worker.ask_to_stop()
            if run.worker.is_overdue:
                self._remove(run, 0)
                yield run.attempt.interrupted(OVERDUE)

    def _remove(self, run: _Run, *seconds: float) -> None:
        self._runs.remove(run)
        run.worker.end(*seconds)


def _gpus() -> list[Gpu]:
    """Return the GPUs that are there.

    Raises:
        ExperimentError: CUDA does not answer.
    """
    worker = start(gpu_memories, None)
    said = worker.result(_SECONDS_FOR_CUDA)
    worker.end()
    if isinstance(said, Died):
        how = "gave no answer" if said.of_time else f"died, {said.reason}"
        raise ExperimentError(
            f"the GPUs cannot be counted: the process that asked CUDA for them {how}; look at nvidia-smi, or keep"
            " to the CPU with --set executor.gpus=0"
        )
    return named(said.value, os.environ.get("CUDA_VISIBLE_DEVICES"))
