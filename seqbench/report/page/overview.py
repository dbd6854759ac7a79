"""Makes the first part of a page: number of runs, usable length of each model on each task, mean ranks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from seqbench.base.counts import counted
from seqbench.records.schema import Record
from seqbench.records.variants import natural
from seqbench.report.charts.lines import Look
from seqbench.report.numbers import fixed
from seqbench.report.observations import Observation
from seqbench.report.page.groups import MISSING, Group, outcome_of
from seqbench.report.tables.scores import usable_length_of
from seqbench.report.tables.standings import outcomes
from seqbench.statistics import MeanRank, mean_ranks


@dataclass(frozen=True)
class Usable:
    """The usable length of a model on one task.

    Attributes:
        text: its usable length.
        parts: start and width of the usable lengths on a bar of width 100, where each tested length is one step.
        note: its bounds from the 95% intervals of skill, and the smallest number of seeds at a length.
    """

    text: str
    parts: tuple[tuple[int, int], ...]
    note: str


@dataclass(frozen=True)
class Line:
    """One model: its mean rank, and its usable length on each task."""

    model: str
    look: Look
    rank: str
    rank_note: str
    usable: tuple[Usable, ...]


@dataclass(frozen=True)
class ModelOverview:
    """The models, best mean rank first, over the tasks."""

    tasks: tuple[str, ...]
    lines: tuple[Line, ...]


def overview(seen: Sequence[Observation], look_of: Mapping[str, Look]) -> ModelOverview:
    """Return the usable length of each model on each task, and its mean rank."""
    tasks = tuple(sorted({each.task for each in seen}, key=natural))
    found = mean_ranks(outcomes(seen))
    return ModelOverview(
        tasks,
        tuple(
            Line(
                model=each.model,
                look=look_of[each.model],
                rank="not ranked" if each.rank is None else fixed(each.rank, 2),
                rank_note=_rank_note(each),
                usable=tuple(_usable(seen, task, each.model) for task in tasks),
            )
            for each in found
        ),
    )


def summary_line(records: Sequence[Record], found: Sequence[Group]) -> str:
    """Return a sentence about what was run and how it ended."""
    counts = Counter(outcome_of(record) for record in records)
    missing = sum(len(group.seeds) - len(group.records) for group in found)
    parts = [f"{n} {what}" for what, n in sorted(counts.items(), key=lambda pair: (pair[0] != "ok", pair[0]))]
    parts += [f"{missing} {MISSING}"] if missing else []
    kinds = (
        ("task", {group.task for group in found}),
        ("model", {group.model for group in found}),
        ("length", {group.length for group in found}),
        ("seed", {seed for group in found for seed in group.seeds}),
    )
    grid = ", ".join(counted(len(these), kind) for kind, these in kinds)
    return f"{counted(len(records), 'cell')} ({', '.join(parts)}): {grid}."


def _usable(seen: Sequence[Observation], task: str, model: str) -> Usable:
    of_task = [each for each in seen if each.task == task and each.trained == each.tested]
    own = [each for each in of_task if each.model == model]
    if not own:
        return Usable(MISSING, (), "")
    found = usable_length_of(own)
    parts = _parts([found.holds(length) for length in sorted({each.tested for each in of_task})])
    note = f"{found.interval} n = {found.n}".strip()
    return Usable(str(found).replace(">= ", "≥ "), parts, note.replace(">= ", "≥ "))


def _parts(holds: Sequence[bool]) -> tuple[tuple[int, int], ...]:
    """Return the filled parts of the bar of usable lengths.

    >>> _parts([True, True, False, False]), _parts([False, True, True, True]), _parts([True, False, True])
    (((0, 50),), ((25, 75),), ((0, 33), (67, 33)))
    """
    ends = [round(100 * i / len(holds)) for i in range(len(holds) + 1)]
    parts: list[tuple[int, int]] = []
    for is_held, steps in groupby(range(len(holds)), key=lambda i: holds[i]):
        places = list(steps)
        if is_held:
            parts.append((ends[places[0]], ends[places[-1] + 1] - ends[places[0]]))
    return tuple(parts)


def _rank_note(each: MeanRank) -> str:
    if each.rank is None:
        return f"{counted(each.missing, 'cell')} {MISSING}" if each.missing else "no other to compare"
    ends = each.interval
    return f"{fixed(ends.low, 2)} to {fixed(ends.high, 2)}, {each.tasks} tasks" if ends else f"{each.tasks} task"
