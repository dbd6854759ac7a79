"""Which records do several folders of results hold together? Stands on store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from seqbench.errors import StoreError
from seqbench.records import Record
from seqbench.store import Store

_OUTCOMES = ("ok", "diverged")
_SHOWN = 20
"""Conflicts that are named one by one."""


def read_records(folders: Sequence[str | Path]) -> list[Record]:
    """Return the records of all folders, each cell once; the order of the folders does not matter.

    Of a cell that two folders hold, an outcome (ok or diverged) goes before a cell that came to none, and of
    two that tell the same the one that was finished first.

    Raises:
        StoreError: a folder is not there or empty, or folders tell different things of a cell: every such cell
            is named with both places.
    """
    found: dict[str, list[tuple[Record, str | Path]]] = {}
    for folder in folders:
        records = Store(folder).read()
        if not records:
            raise StoreError(f"there are no results in {folder}: name the folder that `seqbench run` wrote to")
        for record in records:
            found.setdefault(record.key, []).append((record, folder))
    conflicts = [conflict for key in sorted(found) for conflict in _conflicts(found[key])]
    if conflicts:
        raise StoreError(_refused(conflicts))
    return [min((record for record, _ in told), key=_preference) for told in found.values()]


def _preference(record: Record) -> tuple[bool, str, str]:
    return record.status not in _OUTCOMES, record.finished, record.to_json()


def _conflicts(told: Sequence[tuple[Record, str | Path]]) -> Iterator[str]:
    """Yield a line for each record that tells something else than the first one with an outcome."""
    outcomes = [(record, folder) for record, folder in told if record.status in _OUTCOMES]
    for record, folder in outcomes[1:]:
        first, elsewhere = outcomes[0]
        if _told(record) != _told(first):
            cell = record.cell
            yield (
                f"{cell.task.name} {cell.model.name} T={cell.length} seed {cell.seed} is {_said(first)} in"
                f" {elsewhere} and {_said(record)} in {folder} (key {record.key})"
            )


def _refused(conflicts: Sequence[str]) -> str:
    shown = list(conflicts[:_SHOWN])
    if len(conflicts) > _SHOWN:
        shown.append(f"and {len(conflicts) - _SHOWN} more")
    advice = "report the folders one by one, or remove one of each two records"
    return "\n  ".join(
        ["the folders contradict each other, and no score is preferred to another:", *shown, advice]
    )


def _told(record: Record) -> object:
    return record.status, record.test, record.evaluations


def _said(record: Record) -> str:
    score = record.test.scores.get(record.metric.name) if record.test and record.metric else None
    return record.status if score is None else f"{record.status} with {score!r}"
