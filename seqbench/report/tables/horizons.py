"""Makes the table of horizons against usable length and skill: whether the gradient predicts the memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from seqbench.base.counts import counted
from seqbench.report.numbers import fixed
from seqbench.report.observations import Observation
from seqbench.report.tables.scores import usable_length_of
from seqbench.report.tables.standings import RANKS_LAST
from seqbench.report.tables.table import Entry, Table, grouped
from seqbench.statistics import (
    FEWEST,
    LAST,
    LEAST_CLUSTERS,
    OPEN,
    Correlation,
    Interval,
    Pair,
    Ranges,
    SeedDraws,
    UsableLength,
    spearman,
    spearman_within,
    usable_again,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOMENTS = (("init", "before training"), ("trained", "after training"))
QUANTITIES = ("usable length", "skill")
_LINES = (
    "Spearman's correlation of the gradient horizon of a cell with the usable length of its model on the task, and"
    " with its own skill [95% intervals]. Tasks: whole tasks are drawn again, which tells of other tasks; among"
    " cells of one task and length it holds the true value in about 92% of cases. Seeds: these tasks, with other"
    " seeds.",
    "In all cells the length itself takes part: a longer sequence has room for a longer horizon, and is harder."
    " Among cells of one task and length it does not: there the models and seeds are compared.",
    "Horizons of state gradients only; one that is not reached counts as longer than any that is as long. A cell"
    " that diverged, failed or timed out counts as worse than any skill.",
)


@dataclass(frozen=True)
class HorizonFit:
    """How far horizons agree with one quantity.

    Attributes:
        quantity: ``usable length`` or ``skill``.
        when: ``init`` or ``trained``.
        overall: over all cells.
        within: among cells of the same task and length.
    """

    quantity: str
    when: str
    overall: Correlation
    within: Correlation


@dataclass(frozen=True)
class _Row:
    """One model on one task.

    Attributes:
        usable: its usable length as a number to rank, 0 for none; None if unknown, or if longer is not harder.
        skills: tested length -> seed -> skill; None if unknown.
        diverged: tested length -> the seeds whose training diverged.
    """

    usable: float | None
    skills: dict[int, dict[int, float | None]]
    diverged: dict[int, list[int]]


def horizon_fits(seen: Sequence[Observation]) -> list[HorizonFit]:
    """Return the correlations of every quantity and moment with three cells or more."""
    own = [each for each in seen if each.trained == each.tested]
    rows = {key: _row(group) for key, group in _by_task_and_model(own).items()}
    found = []
    for quantity in QUANTITIES:
        for when, _ in MOMENTS:
            both = list(_pairs(own, quantity, when, rows))
            if len(both) < FEWEST:
                continue
            keys, pairs = zip(*both, strict=True)
            again = partial(_usable_again, keys, rows) if quantity == "usable length" else None
            found.append(HorizonFit(quantity, when, spearman(pairs, again), spearman_within(pairs, again)))
    return found


def horizon_table(fits: Sequence[HorizonFit]) -> Table | None:
    """Return the table with the answer below it; None without a correlation."""
    known = {(each.quantity, each.when): each for each in fits}
    rows = []
    for quantity in QUANTITIES:
        if any((quantity, when) in known for when, _ in MOMENTS):
            of = [known.get((quantity, when)) for when, _ in MOMENTS]
            overall = (_entry(each.overall) if each else Entry("-") for each in of)
            within = (_entry(each.within) if each else Entry("-") for each in of)
            rows.append((Entry(quantity), Entry("all cells"), *overall))
            rows.append((Entry(quantity), Entry("of one task and length"), *within))
    if not rows:
        return None
    columns = ("horizon and", "cells", *(words for _, words in MOMENTS))
    return Table("gradient horizon and memory", _LINES, columns, tuple(rows), keys=2, below=tuple(_answers(fits)))


def _by_task_and_model(own: Sequence[Observation]) -> dict[tuple[str, ...], list[Observation]]:
    return grouped(own, lambda each: (each.task, each.model))


def _row(group: Sequence[Observation]) -> _Row:
    skills: dict[int, dict[int, float | None]] = {}
    diverged: dict[int, list[int]] = {}
    for each in group:
        skills.setdefault(each.tested, {})[each.seed] = each.skill
        if each.status == "diverged":
            diverged.setdefault(each.tested, []).append(each.seed)
    return _Row(_steps(usable_length_of(group)), skills, diverged)


def _steps(usable: UsableLength) -> float | None:
    reach = usable.estimate
    if isinstance(reach, Ranges) or reach.unknown is not None:
        return None
    return (reach.length or 0) + (OPEN if reach.is_open else 0.0)


def _pairs(
    own: Sequence[Observation], quantity: str, when: str, rows: Mapping[tuple[str, ...], _Row]
) -> Iterator[tuple[tuple[str, ...], Pair]]:
    """Yield task and model of each cell with its two numbers."""
    for each in own:
        key = (each.task, each.model)
        lag = _lag(each, when)
        value = _skill(each) if quantity == "skill" else rows[key].usable
        if lag is not None and value is not None:
            yield key, Pair(each.task, (each.task, each.tested), lag, value, each.seed)


def _usable_again(
    keys: Sequence[tuple[str, ...]], rows: Mapping[tuple[str, ...], _Row], draws: SeedDraws
) -> NDArray[np.float64]:
    """Return the usable length of each pair's model in each resample of seeds: [resample, pair]."""
    import numpy as np

    made = {key: usable_again(rows[key].skills, rows[key].diverged, key[0], draws) for key in dict.fromkeys(keys)}
    return np.stack([made[key] for key in keys], axis=1)


def _skill(each: Observation) -> float | None:
    return LAST if each.status in RANKS_LAST else each.skill


def _lag(each: Observation, when: str) -> float | None:
    flow = each.flows.get(when)
    if flow is None or flow.at != "state" or flow.summary.horizon is None:
        return None
    return flow.summary.horizon.lag + (OPEN if flow.summary.horizon.is_censored else 0.0)


def _entry(found: Correlation) -> Entry:
    beside = f"({found.n} cells)"
    if found.rho is None:
        return Entry("unknown", note=beside)
    return Entry(fixed(found.rho, 2), found.rho, f"{_between(found)} {beside}".lstrip())


def _between(found: Correlation) -> str:
    """Return the intervals as text; empty without any."""
    known = ((found.interval, "tasks"), (found.over_seeds, "seeds"))
    texts = [f"{words} {fixed(ends.low, 2)}, {fixed(ends.high, 2)}" for ends, words in known if ends]
    return f"[{'; '.join(texts)}]" if texts else ""


def _answers(fits: Sequence[HorizonFit]) -> Iterator[str]:
    """Yield what the numbers say, in words: does the gradient predict the memory?"""
    words = dict(MOMENTS)
    for each in fits:
        yield f"{words[each.when].capitalize()}, horizon and {each.quantity}: {_said(each)}."


def _said(each: HorizonFit) -> str:
    found = each.within
    if found.rho is None:
        return "among cells of one task and length nothing varies"
    told = f"rho = {fixed(found.rho, 2)} {_between(found)}".rstrip() + " among cells of one task and length"
    if found.interval is not None:
        return f"{_verdict(found.interval)} ({told})"
    few = f"needs {LEAST_CLUSTERS} tasks, and there {_are(found.clusters)}"
    if found.over_seeds is None:
        more = "one over seeds needs several seeds of each task, and models that they put in different orders"
        return f"{told}, without an interval: one over tasks {few}; {more}"
    return f"on these tasks {_verdict(found.over_seeds)} ({told}); of other tasks nothing is known: that {few}"


def _verdict(ends: Interval) -> str:
    if ends.low > 0:
        return "yes, the longer horizon goes with the better one"
    if ends.high < 0:
        return "no, the longer horizon goes with the worse one"
    return "not shown, the interval holds 0"


def _are(tasks: int) -> str:
    return f"{'is' if tasks == 1 else 'are'} {counted(tasks, 'task')}"
