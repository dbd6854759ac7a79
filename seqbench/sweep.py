"""How does an experiment become records? Skip what the store has, run the rest, keep every outcome.

Stands on cells, store and executors; imports no torch.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.cells import Cell, expand, work
from seqbench.environment import describe
from seqbench.errors import DataError, ExperimentError
from seqbench.execution import Assignment, Event, Executor, Finished, Job, Started
from seqbench.experiment import Execution, Experiment, load
from seqbench.logs import log_path
from seqbench.plugins import Catalog, load_catalog
from seqbench.records import Record, unfinished
from seqbench.store import Store
from seqbench.sweeps import noted

if TYPE_CHECKING:
    import pandas as pd

FINAL = frozenset({"ok", "diverged"})
"""Outcomes that are not run again; failed, timeout and interrupted are."""


@dataclass(frozen=True)
class Plan:
    """Which cells of an experiment are still to be run.

    Attributes:
        cells: every cell, in the order of the grid.
        pending: those to be run, the longest first: then no long cell is left over for one worker at the end.
        status: key -> status of every record that the store holds.
    """

    cells: tuple[Cell, ...]
    pending: tuple[Cell, ...]
    status: Mapping[str, str] = field(default_factory=dict)


def plan(experiment: Experiment, catalog: Catalog, store: Store) -> Plan:
    """Look which cells of an experiment are done. Nothing is written.

    Raises:
        SeqbenchError: the experiment or the store is not fit.
    """
    cells, status = tuple(expand(experiment, catalog)), store.status()
    pending = [cell for cell in cells if status.get(cell.key) not in FINAL]
    return Plan(cells, tuple(sorted(pending, key=lambda cell: -work(cell, catalog))), status)


def sweep(
    plan: Plan, store: Store, catalog: Catalog, settings: Execution | None = None, plugins: str | None = None
) -> Iterator[Event]:
    """Run what is pending, write each record as it comes, and yield what happens.

    An interrupt (KeyboardInterrupt) ends the running cells and leaves a record with status ``interrupted``
    for each.

    Args:
        plan: from `plan`.
        store: where records go.
        catalog: where the executor is found.
        settings: executor, and cells at a time; by default a process for each core.
        plugins: the limit on plugins that ``catalog`` was loaded with.

    Raises:
        ExperimentError: no executor has this name.
        DataError: the data of a cell are unfit; found before anything is trained or written.
        StoreError: a record cannot be written.
    """
    settings = settings or Execution()
    executor = catalog.executor(settings.name)()
    if not plan.pending:
        return
    environment = describe()
    workers = min(settings.jobs or available_cores(), len(plan.pending))
    assignments = [Assignment(cell, environment, plugins, log=log_path(store.path, cell)) for cell in plan.pending]
    check(executor, assignments, settings, workers)
    store.prepare()
    waiting = iter(assignments)
    job = Job(lambda: next(waiting, None), workers, settings, lambda cell: 0, lambda: False)
    running: dict[str, Cell] = {}
    try:
        with noted(store.path, plan.cells, catalog, workers) as note, closing(executor.run(job)) as events:
            for event in events:
                if isinstance(event, Started):
                    running[event.cell.key] = event.cell
                if isinstance(event, Finished):
                    running.pop(event.cell.key)
                    store.write(event.record)
                    tell_observers(event.record, catalog)
                note(event)
                yield event
    except (KeyboardInterrupt, GeneratorExit):
        # GeneratorExit: whoever watches was interrupted, or has seen enough.
        for cell in running.values():
            store.write(unfinished(cell, "interrupted", "the sweep was interrupted", environment, catalog))
        raise


def tell_observers(record: Record, catalog: Catalog) -> None:
    """Call every plugin that watches; what goes wrong in one is a warning."""
    for observer in catalog.observers:
        try:
            observer.call(record=record)
        except Exception as error:
            warnings.warn(f"{observer.origin}, hook seqbench_cell_finished: {error!r}", stacklevel=2)


def check(executor: Executor, assignments: Sequence[Assignment], settings: Execution, workers: int) -> None:
    """Load the data of every task at every length once, before anything is trained.

    Raises:
        DataError: all that is wrong with them, each once.
    """
    first = {(a.cell.task.name, a.cell.length): a for a in reversed(assignments) if a.cell.data}
    # What the harness generates itself depends on the length alone: the ends tell.
    for assignment in sorted(assignments, key=lambda assignment: assignment.cell.length):
        if not assignment.cell.data:
            first.setdefault((assignment.cell.task.name, -1), assignment)
            first[assignment.cell.task.name, -2] = assignment
    distinct = list({assignment.cell.key: assignment for assignment in first.values()}.values())
    problems = list(dict.fromkeys(executor.check(distinct, settings, workers)))
    if problems:
        raise DataError("\n".join(problems))


def run(
    experiment: Experiment | str | Path,
    output: str | Path | None = None,
    *,
    jobs: int | None = None,
    executor: str | None = None,
) -> pd.DataFrame:
    """Run an experiment and return its results, as `seqbench run` does.

    Cells that the folder holds already are not run again.

    Args:
        experiment: what to run; a suite's name or a YAML file will do.
        output: folder of records; ``results/NAME`` by default.
        jobs: cells at a time; what the experiment says by default, else one for each core.
        executor: ``processes``, ``serial``, or another's name; what the experiment says by default.

    Returns:
        One row for each cell of the experiment, with the columns of `seqbench.load_results`.

    Raises:
        SeqbenchError: something in the experiment, its data or the folder is not fit.
    """
    from seqbench.results import frame

    catalog = load_catalog()
    if not isinstance(experiment, Experiment):
        experiment = load(experiment_file(str(experiment), catalog))
    store = Store(output or default_output(experiment))
    todo = plan(experiment, catalog, store)
    for _ in sweep(todo, store, catalog, execution(experiment, jobs, executor)):
        pass
    return frame(records_of(todo, store))


def execution(experiment: Experiment, jobs: int | None, executor: str | None) -> Execution:
    """Return how to run an experiment: its own section, and over it what was asked for beside it.

    Raises:
        ExperimentError: ``jobs`` is below 1.
    """
    if jobs is not None and jobs < 1:
        raise ExperimentError(f"jobs is {jobs}; it is the number of cells at a time, 1 or more (None: one a core)")
    own = experiment.executor
    return own.model_copy(update={"jobs": jobs or own.jobs, "name": executor or own.name})


def experiment_file(name: str, catalog: Catalog) -> Path:
    """Return the file of an experiment: a path as it stands, or a suite's."""
    path = Path(name)
    return path if path.suffix in (".yaml", ".yml") else catalog.suite(name)


def records_of(todo: Plan, store: Store) -> list[Record]:
    """Return the records of a plan's cells, in their order; cells without one are left out."""
    records = {record.key: record for record in store.read()}
    return [records[cell.key] for cell in todo.cells if cell.key in records]


def default_output(experiment: Experiment) -> Path:
    """Return ``results/NAME``, under the current folder."""
    return Path("results") / experiment.name


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys_has_affinity() else os.cpu_count() or 1


def sys_has_affinity() -> bool:
    """Say whether the system can tell which cores a process may use (Linux can, macOS cannot)."""
    return "sched_getaffinity" in dir(os)
