"""Lists the cells without a score and the unknown scores, with the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from seqbench.base.printable import one_line
from seqbench.base.ranges import seeds_text
from seqbench.records.layout import Layout
from seqbench.records.schema import Record
from seqbench.records.variants import natural
from seqbench.report.names import Names, names_of


def failures(records: Iterable[Record], names: Names | None = None) -> list[str]:
    """Return one line for each problem; seeds with the same reason share a line.

    Args:
        records: the records.
        names: their names, where they are known.
    """
    kept = list(records)
    known = names or names_of(kept)
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in kept:
        for what in _what(record):
            key = (f"{known.tasks[record.key]} {known.models[record.key]} T={record.cell.length}", what)
            groups.setdefault(key, []).append(record)
    ordered = sorted(groups, key=lambda key: (natural(key[0]), key[1], _seeds(groups[key])))
    return [f"{cell}, {_seeds(groups[cell, what])}: {what}{_log(groups[cell, what])}" for cell, what in ordered]


def _what(record: Record) -> Iterator[str]:
    if record.status != "ok":
        yield one_line(f"{record.status}: {record.reason or 'no reason was recorded'}")
        return
    for null in sorted(_unknown(record), key=natural):
        yield one_line(f"{null} is unknown: {record.notes.get(null, 'no reason was recorded')}")


def _unknown(record: Record) -> set[str]:
    """Return the names of unknown scores and skills of a cell that is ok, as its notes name them."""
    told = {each for each in record.notes if each.partition("@")[0] == "skill" or each.startswith("scores.")}
    for test in (record.test, *record.evaluations):
        if test is None or record.metric is None:
            continue
        missing = [f"scores.{metric}" for metric, score in test.scores.items() if score is None]
        missing += ["skill"] if test.skill is None else []
        # A note names an unknown value with or without its length.
        told |= {each if each in told else f"{each}@{test.length}" for each in missing}
    return told


def _seeds(records: Iterable[Record]) -> str:
    return seeds_text(record.cell.seed for record in records)


def _log(records: Iterable[Record]) -> str:
    """Return where the logs of failed cells are, in the folder of the results."""
    names = sorted(str(Layout(Path()).log(record)) for record in records if record.status == "failed")
    if not names:
        return ""
    return f" (log{'s' if len(names) > 1 else ''}: {', '.join(names)})"
