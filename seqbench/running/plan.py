"""Finds the cells of an experiment that must still run. Reads the store and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from seqbench.errors import ExperimentError, unknown
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Experiment
from seqbench.experiment.shards import Shard
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.grid import Expansion, expansion, tasks_of
from seqbench.records.record_files import BROKEN, Seen
from seqbench.records.schema import FAILED, FINAL
from seqbench.records.store import Store


@dataclass(frozen=True)
class OnExisting:
    """The policy for cells that already have a record.

    Attributes:
        name: what ``--on-existing`` calls it.
        done: statuses of records that stay as they are; cells with another one are run again.
        runs: whether anything is run.
        begins_anew: whether checkpoints of earlier runs are removed.
        told: its description in one line, for a person.
    """

    name: str
    done: frozenset[str]
    told: str
    runs: bool = True
    begins_anew: bool = False

    def is_done(self, now: Seen | None, before: Seen | None) -> bool:
        """Say whether a cell need not run.

        Args:
            now: the current state of its record.
            before: the state when the sweep was planned. A record that another sweep has written since counts with
                any outcome except interrupted.
        """
        is_new = now is not None and now != before and now.status not in ("interrupted", BROKEN)
        return now is not None and (now.status in self.done or is_new)


ON_EXISTING: Mapping[str, OnExisting] = {
    each.name: each
    for each in (
        OnExisting("retry-failed", FINAL, "run what is missing, failed, timed out or interrupted"),
        OnExisting("finish", FINAL | FAILED, "run what is missing or interrupted"),
        OnExisting("fresh", frozenset(), "run all again; each record stays until the new one is there",
                   begins_anew=True),
        OnExisting("only-report", frozenset(), "run nothing, print the tables", runs=False),
    )
}  # fmt: skip
"""Name -> policy; the first is the default."""

RETRY_FAILED = ON_EXISTING["retry-failed"]
_SHOWN_EARLY = 4
"""Most cells that run before the longest ones."""


@dataclass(frozen=True)
class Plan:
    """The cells of an experiment, and which of them must still run.

    Attributes:
        cells: every cell, or those of the shard, in the order of the grid.
        pending: the cells to run: a short one of each model, for a first result, then the longest first, so that
            no long cell remains for one worker at the end.
        expansion: the cells with their tasks, which are passed on, and their work.
        seen: key -> state of the record of every cell that has one.
        on_existing: the policy for cells with a record.
        is_shard: whether other sweeps run the other cells.
    """

    cells: tuple[Cell, ...]
    pending: tuple[Cell, ...]
    expansion: Expansion
    seen: Mapping[str, Seen] = field(default_factory=dict)
    on_existing: OnExisting = RETRY_FAILED
    is_shard: bool = False

    @property
    def status(self) -> dict[str, str]:
        """Key -> status of every record that the store holds."""
        return {key: seen.status for key, seen in self.seen.items()}

    @property
    def broken(self) -> list[str]:
        """A sentence about the fault of each file without a whole record."""
        seen = (self.seen.get(cell.key) for cell in self.cells)
        return [each.problem for each in seen if each is not None and each.problem is not None]


def plan(
    experiment: Experiment,
    catalog: Catalog,
    store: Store,
    *,
    on_existing: str = RETRY_FAILED.name,
    shard: str | None = None,
) -> Plan:
    """Find which cells of an experiment are done; writes nothing.

    Args:
        experiment: the grid.
        catalog: finds its tasks and models.
        store: holds the records.
        on_existing: the policy for cells with a record, see `ON_EXISTING`.
        shard: ``i/n`` for the i-th of n shares of the cells.

    Raises:
        SeqbenchError: the experiment or the store is invalid.
    """
    policy = policy_of(on_existing)
    if experiment.tune is not None:
        raise ExperimentError(
            f"{experiment.where('tune')}the experiment has a section tune, and its settings are to be found first:"
            " run it with `seqbench tune` or `seqbench.tune`, or set tune to off to run it as it is"
        )
    found = expansion(experiment, catalog)
    if shard is None:
        return plan_cells(found, store, policy)
    return plan_cells(found, store, policy, share=Shard.read(shard).of(found.cells, found.work))


def policy_of(name: str) -> OnExisting:
    """Return the policy with a name.

    Raises:
        ExperimentError: there is none.
    """
    if name not in ON_EXISTING:
        raise ExperimentError(unknown("way with existing records", name, ON_EXISTING))
    return ON_EXISTING[name]


def plan_cells(found: Expansion, store: Store, policy: OnExisting, *, share: Sequence[Cell] | None = None) -> Plan:
    """Find which of these cells are done; writes nothing.

    Args:
        found: the cells with their tasks.
        store: holds the records.
        policy: what becomes of cells with a record.
        share: the ones that this sweep runs, where other sweeps run the others.

    Raises:
        StoreError: the store is invalid.
    """
    cells: Sequence[Cell] = found.cells if share is None else share
    seen = store.seen()
    left = [cell for cell in cells if policy.runs and not policy.is_done(seen.get(cell.key), seen.get(cell.key))]
    return Plan(tuple(cells), _in_order(left, found.work), found, seen, policy, share is not None)


def _in_order(cells: Sequence[Cell], work: Callable[[Cell], float]) -> tuple[Cell, ...]:
    """Return the shortest cell of each model on the first task, then the others, the longest first."""
    first: dict[str, Cell] = {}
    for cell in sorted((cell for cell in cells if cell.task == cells[0].task), key=work):
        first.setdefault(cell.model.titled, cell)
    early = list(first.values())[:_SHOWN_EARLY]
    keys = {cell.key for cell in early}
    rest = sorted((cell for cell in cells if cell.key not in keys), key=lambda cell: -work(cell))
    return (*early, *rest)


def plan_of(cells: Sequence[Cell], catalog: Catalog) -> Plan:
    """Return the plan to run all of these cells, in order, into a store without their records."""
    found = Expansion(tuple(cells), tasks_of(cells, catalog))
    return Plan(found.cells, found.cells, found)
