"""How does an experiment become records? Skip what the store has, run the rest, keep every outcome.

Stands on cells, store and executors; imports no torch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.cells import Cell, expand, work
from seqbench.environment import describe
from seqbench.errors import DataError, ExperimentError
from seqbench.executors.events import Event, Finished, Job, Started
from seqbench.executors.processes import check_in_processes, run_in_processes
from seqbench.executors.serial import check_serially, run_serially
from seqbench.experiment import Experiment, load
from seqbench.plugins import Catalog, load_catalog
from seqbench.records import Record, unfinished
from seqbench.store import Store

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


def sweep(plan: Plan, store: Store, *, jobs: int | None = None, executor: str = "processes") -> Iterator[Event]:
    """Run what is pending, write each record as it comes, and yield what happens.

    An interrupt (KeyboardInterrupt) ends the running cells and leaves a record with status ``interrupted``
    for each.

    Args:
        plan: from `plan`.
        store: where records go.
        jobs: cells at a time; by default one for each core that this process may use.
        executor: ``processes`` or ``serial``.

    Raises:
        DataError: the data of a cell are unfit; found before anything is trained or written.
        StoreError: a record cannot be written.
    """
    if executor not in _EXECUTORS:
        raise ExperimentError(f"no executor is called {executor!r}; there are: {', '.join(_EXECUTORS)}")
    if jobs is not None and jobs < 1:
        raise ExperimentError(f"jobs is {jobs}; it is the number of cells at a time, 1 or more (None: one a core)")
    if not plan.pending:
        return
    job = Job(plan.pending, min(jobs or available_cores(), len(plan.pending)), describe())
    check(job, executor)
    store.prepare()
    running: dict[str, Cell] = {}
    try:
        with closing(_EXECUTORS[executor].run(job)) as events:
            for event in events:
                if isinstance(event, Started):
                    running[event.cell.key] = event.cell
                if isinstance(event, Finished):
                    running.pop(event.cell.key)
                    store.write(event.record)
                yield event
    except (KeyboardInterrupt, GeneratorExit):
        # GeneratorExit: whoever watches was interrupted, or has seen enough.
        for record in _interrupted(running.values(), job):
            store.write(record)
        raise


@dataclass(frozen=True)
class _Executor:
    """How cells are run, and how their data are looked at before."""

    run: Callable[[Job], Generator[Event]]
    check: Callable[[Job], Iterator[str]]


_EXECUTORS = {
    "processes": _Executor(run_in_processes, check_in_processes),
    "serial": _Executor(run_serially, check_serially),
}


def check(job: Job, executor: str = "processes") -> None:
    """Load the data of every task at every length once, before anything is trained.

    Raises:
        DataError: all that is wrong with them, each once.
    """
    first = {(cell.task.name, cell.length): cell for cell in reversed(job.cells) if cell.data}
    # What the harness generates itself depends on the length alone: the ends tell.
    for cell in sorted(job.cells, key=lambda cell: cell.length):
        if not cell.data:
            first.setdefault((cell.task.name, -1), cell)
            first[cell.task.name, -2] = cell
    cells = tuple({cell.key: cell for cell in first.values()}.values())
    problems = list(dict.fromkeys(_EXECUTORS[executor].check(Job(cells, job.workers, {}, job.plugins))))
    if problems:
        raise DataError("\n".join(problems))


def run(
    experiment: Experiment | str | Path,
    output: str | Path | None = None,
    *,
    jobs: int | None = None,
    executor: str = "processes",
) -> pd.DataFrame:
    """Run an experiment and return its results, as `seqbench run` does.

    Cells that the folder holds already are not run again.

    Args:
        experiment: what to run; a suite's name or a YAML file will do.
        output: folder of records; ``results/NAME`` by default.
        jobs: cells at a time; one for each core by default.
        executor: ``processes`` or ``serial``.

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
    for _ in sweep(todo, store, jobs=jobs, executor=executor):
        pass
    return frame(records_of(todo, store))


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


def _interrupted(cells: Iterable[Cell], job: Job) -> Iterator[Record]:
    for cell in cells:
        yield unfinished(
            cell, "interrupted", "the sweep was interrupted", job.environment, load_catalog(job.plugins)
        )
