"""Turns the cells of a plan into records: an executor runs them, and every outcome is recorded.

Several sweeps into one store share the cells by leases. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from seqbench.base.environment import available_cores, describe
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Execution
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.cell_logs import log_path
from seqbench.jobs.events import Event, Progressed
from seqbench.jobs.executor import Job
from seqbench.plugins.catalog import Catalog
from seqbench.records.store import Store
from seqbench.running.journal import noted
from seqbench.running.leases import Claims, drop_stale
from seqbench.running.plan import Plan
from seqbench.running.preflight import check
from seqbench.running.queue import Backlog, Waiting
from seqbench.running.recorder import Keeper
from seqbench.training.loggers import check_loggers, prepare_loggers
from seqbench.training.memory import Memory


def sweep(
    todo: Plan,
    store: Store,
    catalog: Catalog,
    settings: Execution | None = None,
    stopping: Callable[[], bool] = lambda: False,
    told: Callable[[Progressed], None] = lambda event: None,
) -> Generator[Event | Waiting]:
    """Run what is pending, write each record as it comes, and yield what happens.

    Cells that another sweep into the same store has claimed are left to it; at the end this one waits for them
    and takes over those whose sweep has died; a shard waits for nobody that lives. A KeyboardInterrupt ends the
    running cells at once, each with a record that says ``interrupted``.

    Args:
        todo: from `seqbench.running.plan.plan`.
        store: where records go.
        catalog: where the executor is found; workers load a cell's plugins from where it has them.
        settings: executor, and cells at a time; by default a process for each core.
        stopping: true once somebody asked for the end: running cells end as ``interrupted``, with checkpoints.
        told: called with how a cell goes that runs in this very process, where nothing can be yielded meanwhile.

    Raises:
        ExperimentError: no executor has this name, or a logger cannot be used.
        DataError: the data of a cell are unfit; found before anything is trained or written.
        StoreError: nothing can be written any more, or the folder was removed; running cells end as above.
    """
    settings = settings or Execution()
    executor = catalog.executor(settings.name)()
    check_loggers(settings.loggers)
    if not todo.pending:
        return
    assign = _Assign(store, settings, describe(), catalog)
    workers = min(settings.jobs or available_cores(), len(todo.pending))
    check(executor, [assign(cell) for cell in todo.pending], settings, workers)
    store.prepare()
    prepare_loggers(settings.loggers, store.path)
    with (
        Claims(store.claims, settings.claim_seconds) as claims,
        noted(store.path, todo.cells, todo.pending, catalog, workers, settings.claim_seconds, stopping) as note,
    ):
        drop_stale(claims, store.claims, {cell.key for cell in todo.pending})
        backlog = Backlog(todo, store, claims)
        keeper = Keeper(store, catalog, backlog, assign.environment)

        def is_ending() -> bool:
            return keeper.problem is not None or stopping()

        take, tell = partial(_next, keeper, assign, is_ending), partial(_tell, note, told)
        job = Job(take, workers, settings, Memory(settings, store.whole), is_ending, tell)
        while True:
            yield from keeper.kept(executor.run(job), note)
            if keeper.problem is not None:
                raise keeper.problem
            yield from backlog.wait(is_ending, leaves_living=todo.is_shard)
            if not backlog.is_ready:
                return


def _next(keeper: Keeper, assign: _Assign, is_ending: Callable[[], bool]) -> Assignment | None:
    """Return the next cell as an assignment; None if there is none at the moment."""
    cell = None if is_ending() else keeper.take()
    return None if cell is None else assign(cell)


def _tell(note: Callable[[Event], None], told: Callable[[Progressed], None], event: Progressed) -> None:
    note(event)
    told(event)


@dataclass(frozen=True)
class _Assign:
    """Makes assignments of cells."""

    store: Store
    settings: Execution
    environment: Mapping[str, Any]
    catalog: Catalog

    def __call__(self, cell: Cell) -> Assignment:
        return Assignment(
            cell,
            self.environment,
            self.catalog.sources_of(cell.task.name, cell.model.name),
            log=log_path(self.store.path, cell),
            checkpoint=self.store.checkpoint(cell),
            checkpoint_seconds=self.settings.checkpoint_seconds,
            loggers=self.settings.loggers,
            folder=self.store.path,
        )
