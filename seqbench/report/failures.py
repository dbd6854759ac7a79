"""Lists the cells that have no score, each with why. Stands on records and merge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from seqbench.records import Record
from seqbench.report.merge import ELSEWHERE
from seqbench.report.variants import model_names, natural, task_names
from seqbench.store import name


def failures(records: Iterable[Record]) -> list[str]:
    """Return one line for each thing that went wrong; seeds that share a reason share a line."""
    kept = list(records)
    tasks, models = task_names(kept), model_names(kept)
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in kept:
        for what in _what(record):
            key = (f"{tasks[record.key]} {models[record.key]} T={record.cell.length}", what)
            groups.setdefault(key, []).append(record)
    ordered = sorted(groups, key=lambda key: (natural(key[0]), key[1], _seeds(groups[key])))
    return [f"{cell}, {_seeds(groups[cell, what])}: {what}{_log(groups[cell, what])}" for cell, what in ordered]


def _what(record: Record) -> Iterator[str]:
    if record.status != "ok":
        yield f"{record.status}: {' '.join((record.reason or 'no reason was recorded').split())}"
    elif record.metric and (
        record.test is None or None in (record.test.skill, record.test.scores[record.metric.name])
    ):
        notes = {name: reason for name, reason in record.notes.items() if name != ELSEWHERE}
        yield from (f"{name} is unknown: {reason}" for name, reason in sorted(notes.items()))


def _seeds(records: Iterable[Record]) -> str:
    ordered = sorted(record.cell.seed for record in records)
    return f"seed{'s' if len(ordered) > 1 else ''} {', '.join(str(seed) for seed in ordered)}"


def _log(records: Iterable[Record]) -> str:
    """Say where the logs of cells that failed were written, in the folder of the results."""
    names = sorted(f"logs/{name(record)}.log" for record in records if record.status == "failed")
    if not names:
        return ""
    return f" (log{'s' if len(names) > 1 else ''}: {', '.join(names)})"
