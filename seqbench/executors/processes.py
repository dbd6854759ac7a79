"""Runs cells side by side, each in a fresh process.

A process that dies costs its cell one retry and never ends the sweep. A cell starts when the machine, and a GPU if
there are any, has memory for it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait

from seqbench.errors import ExperimentError
from seqbench.executors.crew import Crew, Run, Workplace
from seqbench.executors.devices import Devices, Gpu, GpuPlace, named
from seqbench.executors.expected import Expected
from seqbench.executors.launches import Launch
from seqbench.executors.work import check, gpu_memories, train
from seqbench.executors.workers import Alive, Died, Done, Progress, Worker, start
from seqbench.experiment.schema import Execution
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Event
from seqbench.jobs.executor import Executor, Job
from seqbench.training.memory import is_out_of_gpu_memory, resident_bytes

log = logging.getLogger(__name__)

_SECONDS_FOR_CUDA = 60.0


class Processes(Executor):
    """Runs each cell in a fresh process, several side by side."""

    name = "processes"

    def run(self, job: Job) -> Generator[Event]:
        """Yield events until every cell has finished.

        Closing the iterator ends the processes that still run.

        Raises:
            ExperimentError: there are GPUs, and CUDA does not answer.
        """
        settings = job.settings
        crew = Crew(job, _Machine(job, Devices([] if settings.gpus == 0 else _gpus(), settings.gpus)))
        try:
            yield from crew.events()
        finally:
            crew.end()

    def check(self, assignments: Sequence[Assignment], settings: Execution, workers: int) -> Iterator[str]:
        """Load the data of every cell and yield their faults, in the order of the cells.

        Raises:
            ExperimentError: GPUs are requested, and there are none.
        """
        if settings.gpus and not _gpus():
            raise ExperimentError(
                f"executor.gpus is {settings.gpus:g}, and torch sees no GPU here; leave it out, or set it to 0"
            )
        for first in range(0, len(assignments), workers):
            some = assignments[first : first + workers]
            started = [start(check, each, is_portable=each.is_portable) for each in some]
            try:
                for assignment, worker in zip(some, started, strict=True):
                    said = worker.result(assignment.cell.training.time_limit)
                    if isinstance(said, Died):
                        # A death is not bad input: the cell will die the same way, and its record will say so.
                        log.info("%s: the process that loads the data died, %s", assignment.cell, said.reason)
                    elif said.value is not None:
                        yield said.value
            finally:
                for worker in started:
                    worker.end(0)


@dataclass(frozen=True, eq=False)
class _Placed:
    """A process and its GPU."""

    process: Worker
    place: GpuPlace


class _Machine(Workplace[_Placed]):
    """This machine: cells share its memory and its GPUs."""

    def __init__(self, job: Job, devices: Devices) -> None:
        self._devices = devices
        self._most = devices.cells(job.workers, is_limited=job.settings.jobs is not None)
        self._crowded: set[str] = set()
        self._expected = Expected(job)

    @property
    def most(self) -> int:
        return self._most

    def start(self, launch: Launch, runs: Sequence[Run[_Placed]]) -> _Placed | None:
        place = self._place(launch, runs) if self._fits(launch, runs) else None
        if place is None:
            return None
        assignment = launch.assignment
        process = start(train, assignment, devices=place.devices, is_portable=assignment.is_portable)
        if beside := [run for run in runs if run.worker.place == place]:
            self._crowded |= {run.launch.cell.key for run in beside}
            self._crowded.add(launch.cell.key)
        return _Placed(process, place)

    def hear(
        self, runs: Sequence[Run[_Placed]], seconds: float
    ) -> Iterator[tuple[Run[_Placed], Progress | Alive | Done | Died]]:
        ready = wait([run.worker.process.connection for run in runs], seconds)
        for run in [run for run in runs if run.worker.process.connection in ready]:
            yield run, run.worker.process.receive()
        for run in list(runs):
            hung = run.worker.process.hung(run.launch.cell.training.time_limit)
            if hung is not None:
                yield run, hung

    def judge(self, run: Run[_Placed], done: Done) -> Died | None:
        self._expected.learn(done.value)
        # A cell that already ran alone will not find more memory.
        is_crowded = run.launch.cell.key in self._crowded and not run.launch.is_alone
        if not is_out_of_gpu_memory(done.value) or not is_crowded:
            return None
        return Died("beside other cells", of_memory=True, what="its GPU had no memory left")

    def stop(self, runs: Sequence[Run[_Placed]]) -> list[Run[_Placed]]:
        for run in runs:
            run.worker.process.ask_to_stop()
        return [run for run in runs if run.worker.process.is_overdue]

    def end(self, run: Run[_Placed], *, is_dead: bool = False) -> None:
        if is_dead:
            run.worker.process.end()
        else:
            run.worker.process.end(0)

    def _fits(self, launch: Launch, runs: Sequence[Run[_Placed]]) -> bool:
        """Say whether there is memory for one more cell; a cell alone always fits."""
        if not runs:
            return True
        if launch.is_alone or any(run.launch.is_alone for run in runs):
            return False
        beside = [(run.launch.assignment, resident_bytes(run.worker.process.pid)) for run in runs]
        return self._expected.fits(launch.assignment, beside)

    def _place(self, launch: Launch, runs: Sequence[Run[_Placed]]) -> GpuPlace | None:
        """Return the place for one more cell; None if no GPU has room for it."""
        beside = [(run.worker.place, self._expected.on_gpu(run.launch.assignment)) for run in runs]
        return self._devices.place(self._expected.on_gpu(launch.assignment), beside)


def _gpus() -> list[Gpu]:
    """Return the GPUs of this machine.

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
            " to the CPU: set executor.gpus to 0"
        )
    return named(said.value, os.environ.get("CUDA_VISIBLE_DEVICES"))
