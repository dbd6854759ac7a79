"""Forecasts the memory that each cell needs, and whether it fits beside those that run.

The forecast uses what similar cells took, in earlier sweeps and in this one. If nothing is known and a generous
guess does not fit, it measures two runs of one step on short sequences.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

from seqbench.executors.devices import NO_GPU
from seqbench.executors.work import train
from seqbench.executors.workers import POLL_SECONDS, Died, Done, Worker, start
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.executor import Job
from seqbench.records.schema import Record
from seqbench.training.memory import ON_GPU, Memory, available_bytes, guess

log = logging.getLogger(__name__)

SHORT = (16, 64)
"""The lengths at which an unknown kind of cell is measured."""


class Expected:
    """The forecast of the memory of cells, in bytes."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._own = Memory(job.settings)
        self._gpu = Memory(job.settings, kind=ON_GPU)
        self._tried: set[str] = set()

    def __call__(self, assignment: Assignment) -> int:
        """Return the expected peak memory of a cell's process."""
        return self._known(assignment) or guess(assignment.cell)

    def on_gpu(self, assignment: Assignment) -> int:
        """Return the expected peak GPU memory of a cell."""
        return self._gpu(assignment.cell) or guess(assignment.cell)

    def learn(self, record: Record) -> None:
        """Note the memory that a cell took."""
        self._own.learn(record)
        self._gpu.learn(record)

    def fits(self, assignment: Assignment, beside: Sequence[tuple[Assignment, int]]) -> bool:
        """Say whether there is memory for a cell.

        Args:
            assignment: the cell.
            beside: the cells that run, and the bytes that each holds already.
        """
        if self._left(assignment, beside) >= 0:
            return True
        for each in (assignment, *(running for running, _ in beside)):
            self._measure(each)
        return self._left(assignment, beside) >= 0

    def _left(self, assignment: Assignment, beside: Sequence[tuple[Assignment, int]]) -> int:
        growth = sum(max(0, self(running) - held) for running, held in beside)
        return available_bytes() - growth - self(assignment)

    def _known(self, assignment: Assignment) -> int:
        return self._job.memory(assignment.cell) or self._own(assignment.cell)

    def _measure(self, assignment: Assignment) -> None:
        kind = repr((assignment.cell.task, assignment.cell.model))
        if kind in self._tried or self._known(assignment):
            return
        self._tried.add(kind)
        for short in _shortened(assignment):
            devices = NO_GPU.devices if self._job.settings.gpus == 0 else None
            worker = start(train, short, devices=devices, is_portable=assignment.is_portable)
            try:
                said = self._awaited(worker, assignment.cell.training.time_limit)
            finally:
                worker.end(0)
            if said is not None:
                self._own.learn(said.value)
        log.info("%s is expected to need %d MiB", assignment.cell, self(assignment) >> 20)

    def _awaited(self, worker: Worker, limit: float | None) -> Done | None:
        while not self._job.stopping() and worker.hung(limit) is None:
            said = worker.receive() if worker.connection.poll(POLL_SECONDS) else None
            if isinstance(said, Done | Died):
                return said if isinstance(said, Done) else None
        return None


def _shortened(assignment: Assignment) -> Iterator[Assignment]:
    cell = assignment.cell
    training = cell.training.model_copy(update={"steps": 1, "time_limit": None})
    for length in SHORT:
        if length < cell.length:
            short = replace(cell, length=length, training=training, evaluate_lengths=())
            yield replace(assignment, cell=short, log=None, checkpoint=None, loggers=())
