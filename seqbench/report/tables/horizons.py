"""Makes the table of horizons against usable length and skill: whether the gradient predicts the memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

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
    Correlation,
    Pair,
    Ranges,
    UsableLength,
    spearman,
    spearman_within,
)

MOMENTS = (("init", "before training"), ("trained", "after training"))
QUANTITIES = ("usable length", "skill")
_LINES = (
    "Spearman's correlation of the gradient horizon of a cell with the usable length of its model on the task, and"
    " with its own skill [95% interval, whole tasks drawn again; among cells of one task and length it holds the"
    " true value in about 92% of cases].",
    "In all cells the length itself takes part: a longer sequence has room for a longer horizon, and is harder."
    " Among cells of one task and length it does not: there the models and seeds are compared.",
    "Horizons of state gradients only; one that is not reached counts as longer than any that is as long. A cell"
    " that diverged, failed or timed out counts as worse than any skill.",
)
_CENSORED = 0.5
"""What is known to be at least so many steps ranks above what is exactly so many."""


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


def horizon_fits(seen: Sequence[Observation]) -> list[HorizonFit]:
    """Return the correlations of every quantity and moment with three cells or more."""
    own = [each for each in seen if each.trained == each.tested]
    usable = {key: _steps(usable_length_of(group)) for key, group in _by_task_and_model(own).items()}
    found = []
    for quantity in QUANTITIES:
        for when, _ in MOMENTS:
            pairs = list(_pairs(own, quantity, when, usable))
            if len(pairs) >= FEWEST:
                found.append(HorizonFit(quantity, when, spearman(pairs), spearman_within(pairs)))
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


def _steps(usable: UsableLength) -> float | None:
    """Return a usable length as a number to rank: 0 for none; None where it is unknown or longer is not harder."""
    reach = usable.estimate
    if isinstance(reach, Ranges) or reach.unknown is not None:
        return None
    return (reach.length or 0) + (_CENSORED if reach.is_open else 0.0)


def _pairs(
    own: Sequence[Observation], quantity: str, when: str, usable: Mapping[tuple[str, ...], float | None]
) -> Iterator[Pair]:
    for each in own:
        lag = _lag(each, when)
        value = _skill(each) if quantity == "skill" else usable[each.task, each.model]
        if lag is not None and value is not None:
            yield Pair(each.task, (each.task, each.tested), lag, value)


def _skill(each: Observation) -> float | None:
    return LAST if each.status in RANKS_LAST else each.skill


def _lag(each: Observation, when: str) -> float | None:
    flow = each.flows.get(when)
    if flow is None or flow.at != "state" or flow.summary.horizon is None:
        return None
    return flow.summary.horizon.lag + (_CENSORED if flow.summary.horizon.is_censored else 0.0)


def _entry(found: Correlation) -> Entry:
    beside = f"({found.n} cells)"
    if found.rho is None:
        return Entry("unknown", note=beside)
    ends = found.interval
    between = f"[{fixed(ends.low, 2)}, {fixed(ends.high, 2)}] " if ends else ""
    return Entry(fixed(found.rho, 2), found.rho, between + beside)


def _answers(fits: Sequence[HorizonFit]) -> Iterator[str]:
    """Yield what the numbers say, in words: does the gradient predict the memory?"""
    words = dict(MOMENTS)
    for each in fits:
        yield f"{words[each.when].capitalize()}, horizon and {each.quantity}: {_said(each)}."


def _said(each: HorizonFit) -> str:
    found = each.within
    if found.rho is None:
        return "among cells of one task and length nothing varies"
    told = f"rho = {fixed(found.rho, 2)} among cells of one task and length"
    ends = found.interval
    if ends is None:
        few = f"that needs {LEAST_CLUSTERS} tasks and there {_are(found.clusters)}"
        return f"{told}, without an interval, since {few}"
    if ends.low > 0:
        return f"yes, the longer horizon goes with the better one ({told}; the interval is above 0)"
    if ends.high < 0:
        return f"the longer horizon goes with the worse one ({told}; the interval is below 0)"
    return f"not shown ({told}; the interval holds 0)"


def _are(tasks: int) -> str:
    return f"{'is' if tasks == 1 else 'are'} {counted(tasks, 'task')}"
