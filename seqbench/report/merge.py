"""Which records do several folders of results hold together? Stands on store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seqbench.errors import StoreError
from seqbench.records import Record
from seqbench.store import Store

_OUTCOMES = ("ok", "diverged")


def read_records(folders: Sequence[str | Path]) -> list[Record]:
    """Return the records of all folders, each cell once.

    Of a cell that two folders hold, an outcome (ok or diverged) goes before a cell that came to none.

    Raises:
        StoreError: a folder is not there or empty, or two folders tell different things of one cell.
    """
    found: dict[str, tuple[Record, str | Path]] = {}
    for folder in folders:
        records = Store(folder).read()
        if not records:
            raise StoreError(f"there are no results in {folder}: name the folder that `seqbench run` wrote to")
        for record in records:
            _add(found, record, folder)
    return [record for record, _ in found.values()]


def _add(found: dict[str, tuple[Record, str | Path]], record: Record, folder: str | Path) -> None:
    if record.key not in found:
        found[record.key] = (record, folder)
        return
    other, elsewhere = found[record.key]
    if other.status not in _OUTCOMES:
        found[record.key] = (record, folder)
    elif record.status in _OUTCOMES and _told(record) != _told(other):
        cell = record.cell
        raise StoreError(
            f"{cell.task.name} {cell.model.name} T={cell.length} seed {cell.seed} is {_said(other)} in {elsewhere}"
            f" and {_said(record)} in {folder}; report the folders one by one, or remove one of the two records"
            f" (key {record.key})"
        )


def _told(record: Record) -> object:
    return record.status, record.test, record.evaluations


def _said(record: Record) -> str:
    score = record.test.scores.get(record.metric.name) if record.test and record.metric else None
    return record.status if score is None else f"{record.status} with {score!r}"
