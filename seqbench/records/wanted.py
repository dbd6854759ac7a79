"""Finds the one cell of a store whose kept weights a command is to use, or lists what there is to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seqbench.base.counts import counted
from seqbench.base.printable import one_line
from seqbench.errors import StoreError
from seqbench.records.layout import no_results
from seqbench.records.schema import Record
from seqbench.records.store import Store

RUN_AGAIN = "the command that ran them, with --on-existing fresh --keep-weights, runs them again and keeps weights"
_LISTED = 20
"""Cells that a message lists."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is known of the cell that is wanted; None for what does not matter.

    Attributes:
        task, model: names, or the labels that the experiment gave.
        length, seed: of the cell.
        key: its beginning.
    """

    task: str | None = None
    model: str | None = None
    length: int | None = None
    seed: int | None = None
    key: str | None = None

    def fits(self, record: Record) -> bool:
        """Say whether a record is of such a cell."""
        cell = record.cell
        return (
            self.task in (None, cell.task.name, cell.task.shown)
            and self.model in (None, cell.model.name, cell.model.titled, cell.model.shown)
            and self.length in (None, cell.length)
            and self.seed in (None, cell.seed)
            and record.key.startswith(self.key or "")
        )

    def __str__(self) -> str:
        told = (("task", self.task), ("model", self.model), ("length", self.length), ("seed", self.seed))
        words = [f"{name} {value}" for name, value in (*told, ("key", self.key)) if value is not None]
        return ", ".join(words)


def wanted_cell(store: Store, wanted: Wanted) -> Record:
    """Return the record, without its curves, of the one cell that fits and whose weights were kept.

    Raises:
        StoreError: the folder holds no results, none that fits, none with weights, or several.
    """
    records = list(store.light(is_broken_skipped=True))
    if not records:
        raise StoreError(no_results(store.path))
    fitting = [record for record in records if wanted.fits(record)]
    if not fitting:
        raise StoreError(f"{store.path} holds no cell of {wanted}; there are:\n{_listed(records)}")
    named = [record for record in fitting if record.weights is not None]
    if not named:
        raise StoreError(_without_weights(store, fitting, records))
    kept = [record for record in named if store.layout.weights(record.key).exists()]
    if not kept:
        raise StoreError(
            f"the weights of {_named(named)} were kept, and their files are gone: there is no"
            f" {store.layout.weights(named[0].key)}; copy the folder of weights too, or {RUN_AGAIN}"
        )
    if len(kept) > 1:
        raise StoreError(
            f"{counted(len(kept), 'cell')} of {store.path} {'fit' if str(wanted) else 'have weights'}; choose one"
            f" with {_telling(kept)}:\n{_listed(kept)}"
        )
    return kept[0]


def _without_weights(store: Store, fitting: Sequence[Record], records: Sequence[Record]) -> str:
    """Return why no cell that fits has weights, and what to do."""
    finished = [record for record in fitting if record.status == "ok"]
    other = [record for record in records if record.weights is not None]
    there = f"; weights are there of:\n{_listed(other)}" if other else ""
    if not finished:
        status = ", ".join(sorted({record.status for record in fitting}))
        return f"{store.path} holds no weights of {_named(fitting)}: not one ended ok ({status}){there}"
    why = next((record.notes["weights"] for record in finished if "weights" in record.notes), None)
    why = one_line(why) if why else "run without --keep-weights"
    return f"{store.path} holds no weights of {_named(finished)}, finished before: {why}; {RUN_AGAIN}{there}"


def _named(records: Sequence[Record]) -> str:
    return records[0].title if len(records) == 1 else counted(len(records), "cell")


def _telling(records: Sequence[Record]) -> str:
    """Return the options that tell cells apart, those of fewest values first; always the key."""
    values: dict[str, set[str | int]] = {
        "--task": {record.cell.task.shown for record in records},
        "--model": {record.cell.model.titled for record in records},
        "--length": {record.cell.length for record in records},
        "--cell-seed": {record.cell.seed for record in records},
    }
    return " ".join([*(name for name, found in values.items() if len(found) > 1), "or --key"]).removeprefix("or ")


def _listed(records: Iterable[Record]) -> str:
    lines = [f"  {record.key}  {one_line(record.title)}" for record in records]
    more = [f"  ... and {counted(len(lines) - _LISTED, 'cell')} more"] if len(lines) > _LISTED else []
    return "\n".join([*lines[:_LISTED], *more])
