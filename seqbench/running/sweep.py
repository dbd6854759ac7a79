"""Runs the cells of a plan with an executor, and records every outcome.

Several sweeps into one store share the cells by leases. Builds on recorder and queue; imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from seqbench.base.environment import available_cores, describe
from seqbench.base.stop import Stop
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Execution
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.events import Event, Progressed
from seqbench.jobs.executor import Executor, Job
from seqbench.plugins.catalog import Catalog
from seqbench.records.store import Store
from seqbench.running.interruption import Interruption
from seqbench.running.journal import journal
from seqbench.running.leases import Leases, drop_stale
from seqbench.running.plan import Plan
from seqbench.running.preflight import check
from seqbench.running.queue import Queue, Waiting
from seqbench.running.recorder import Recorder
from seqbench.training.loggers import check_loggers, prepare_loggers
from seqbench.training.memory import Memory


@contextmanager
def running_sweep(
    todo: Plan,
    store: Store,
    catalog: Catalog,
    settings: Execution,
    stop: Interruption | None = None,
    told: Callable[[Progressed], None] = lambda event: None,
) -> Iterator[Iterator[Event | Waiting]]:
    """Run the pending cells of a plan; the block must iterate over the events to their end.

    Args:
        todo, store, catalog, settings, told: as for `sweep`.
        stop: once requested, running cells write their checkpoints and end. A second signal ends them and the
            block at once; without ``stop`` a KeyboardInterrupt does so, and is raised.
    """
    stopping = stop.stop.is_asked if stop else lambda: False
    try:
        with closing(sweep(todo, store, catalog, settings, stopping=stopping, told=told)) as events:
            yield _gently(events, stop)
    except KeyboardInterrupt:
        # The signal that ends at once; the cells that it ended have records.
        if stop is None or not stop.is_asked():
            raise


def _gently(events: Iterator[Event | Waiting], stop: Interruption | None) -> Iterator[Event | Waiting]:
    for event in events:
        if stop:
            stop.be_gentle()
        yield event


def sweep(
    todo: Plan,
    store: Store,
    catalog: Catalog,
    settings: Execution | None = None,
    stopping: Callable[[], bool] = lambda: False,
    told: Callable[[Progressed], None] = lambda event: None,
) -> Generator[Event | Waiting]:
    """Run the pending cells, write each record at once, and yield the events.

    Cells of another sweep into the same store are left to it. At the end this sweep waits for them, and takes over
    those of dead sweeps; a shard does not wait for live sweeps. A KeyboardInterrupt ends the running cells at
    once, each with a record that says ``interrupted``.

    Args:
        todo: from `seqbench.running.plan.plan`.
        store: gets the records.
        catalog: finds the executor; workers load the plugins of a cell from its sources.
        settings: the executor and the number of cells at a time; by default one process for each core.
        stopping: returns True once a stop is requested: running cells then end as ``interrupted``, with
            checkpoints.
        told: called with the progress of a cell that runs in this process, which cannot yield events meanwhile.

    Raises:
        ExperimentError: no executor has this name, or a logger cannot be used.
        DataError: the data of a cell are unfit; found before anything is trained or written.
        StoreError: records can no longer be written, or the folder was removed; running cells end as above.
    """
    settings = settings or Execution()
    executor = catalog.executor(settings.name)()
    check_loggers(settings.loggers)
    if not todo.pending:
        return
    workers = min(settings.jobs or available_cores(), len(todo.pending))
    running = _Sweep(todo, store, catalog, settings, executor, workers, describe())
    check(executor, [running.assignment(cell) for cell in todo.pending], settings, workers)
    store.prepare()
    prepare_loggers(settings.loggers, store.path)
    yield from running.events(stopping, told)


@dataclass(frozen=True)
class _Sweep:
    """A sweep after its checks have passed."""

    todo: Plan
    store: Store
    catalog: Catalog
    settings: Execution
    executor: Executor
    workers: int
    environment: Mapping[str, Any]

    def assignment(self, cell: Cell) -> Assignment:
        """Return the assignment of a cell."""
        return Assignment(
            cell,
            self.environment,
            self.catalog.sources_of(cell.task.name, cell.model.name),
            log=self.store.layout.log(cell),
            checkpoint=self.store.layout.checkpoint(cell),
            checkpoint_seconds=self.settings.checkpoint_seconds,
            loggers=self.settings.loggers,
            folder=self.store.path,
            task=self.todo.expansion.tasks[cell.key],
            weights=self.store.layout.weights(cell.key) if self.settings.keep_weights else None,
        )

    def events(
        self, stopping: Callable[[], bool], told: Callable[[Progressed], None]
    ) -> Generator[Event | Waiting]:
        layout, seconds, ending = self.store.layout, self.settings.claim_seconds, Stop(stopping)
        with (
            Leases(layout.leases, seconds) as leases,
            journal(layout.journals, self.todo, self.workers, seconds, stopping) as note,
        ):
            drop_stale(leases, layout.leases, {cell.key for cell in self.todo.pending})
            queue = Queue(self.todo, self.store, leases)
            recorder = Recorder(self.store, self.catalog, queue, self.environment, ending)
            job = self._job(recorder, ending, partial(_tell, note, told))
            while True:
                yield from recorder.kept(self.executor.run(job), note)
                if recorder.problem is not None:
                    raise recorder.problem
                yield from queue.wait(ending.is_asked, leaves_living=self.todo.is_shard)
                if not queue.is_ready:
                    return

    def _job(self, recorder: Recorder, ending: Stop, tell: Callable[[Progressed], None]) -> Job:
        memory = Memory(self.settings, self.store.whole)
        return Job(partial(self._next, recorder), self.workers, self.settings, memory, ending.is_asked, tell)

    def _next(self, recorder: Recorder) -> Assignment | None:
        """Return the next cell as an assignment; None if there is none at the moment."""
        cell = recorder.take()
        return None if cell is None else self.assignment(cell)


def _tell(note: Callable[[Event], None], told: Callable[[Progressed], None], event: Progressed) -> None:
    note(event)
    told(event)
