"""Collects warnings of tasks and reasons for missing gradient flow: each sentence once, with its cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from seqbench.base.counts import counted
from seqbench.base.printable import one_line
from seqbench.base.ranges import seeds_text
from seqbench.records.schema import Record
from seqbench.records.variants import natural
from seqbench.report.names import Names, names_of
from seqbench.report.observations import Observation

COPIES = "test_texts_also_in_train"
"""The fact of a text task that counts test texts which are training texts too."""

_UNTOLD = "the record does not say why"

Cell = tuple[str, str, int, int]
"""Task, model, length and seed."""


def warnings_of(records: Sequence[Record], names: Names | None = None) -> list[str]:
    """Return each warning once, with its cells, in an order that does not depend on that of the records.

    Args:
        records: the records.
        names: their names, where they are known.
    """
    known = names or names_of(records)
    return said_once(
        ((known.tasks[record.key], known.models[record.key], record.cell.length, record.cell.seed), sentence)
        for record in records
        for sentence in _sentences(record)
    )


def problems_of(seen: Sequence[Observation]) -> list[str]:
    """Return why a gradient flow of one task is missing, measured at the inputs, or without a gain or horizon."""
    return said_once(
        (("", each.model, each.tested, each.seed), sentence) for each in seen for sentence in _missing(each)
    )


def said_once(told: Iterable[tuple[Cell, str]]) -> list[str]:
    """Return the sentences, each followed by its cells.

    >>> told = [(("copy", "gru", 8, 0), "odd"), (("copy", "gru", 16, 0), "odd"), (("copy", "rnn", 8, 1), "new")]
    >>> said_once(told)
    ['new (1 cell: copy, rnn, T=8, seed 1)', 'odd (2 cells: copy, gru, T=8, 16, seed 0)']
    """
    cells: dict[str, set[Cell]] = {}
    for cell, sentence in told:
        cells.setdefault(one_line(sentence), set()).add(cell)
    return [f"{sentence} ({_cells(cells[sentence])})" for sentence in sorted(cells, key=natural)]


def _cells(cells: set[Cell]) -> str:
    tasks, models, lengths, seeds = (set(part) for part in zip(*cells, strict=True))
    parts = [
        ", ".join(sorted(filter(None, tasks), key=natural)),
        ", ".join(sorted(models, key=natural)),
        f"T={', '.join(map(str, sorted(lengths)))}",
        seeds_text(seeds),
    ]
    return f"{counted(len(cells), 'cell')}: {', '.join(filter(None, parts))}"


def _sentences(record: Record) -> Iterator[str]:
    yield from record.warnings
    copies = record.facts.get(COPIES, 0)
    # If the task does not warn by itself, the record has only the fact.
    if copies and not any(
        re.search(rf"\b{re.escape(str(copies))}\b.*train", sentence) for sentence in record.warnings
    ):
        yield f"texts of the test split that are training texts too: {copies} (fact {COPIES})"


def _missing(each: Observation) -> Iterator[str]:
    yield from (f"no flow, {problem}" for problem in each.problems)
    for flow in each.flows.values():
        shown = flow.summary
        if flow.at == "input":
            yield f"(input): {flow.reason or _UNTOLD}"
        if shown.verdict is None:
            yield f"null: {shown.notes.get('verdict', _UNTOLD)}"
        elif shown.horizon is None:
            yield f"no horizon: {shown.notes.get('horizon', _UNTOLD)}"
