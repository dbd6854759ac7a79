"""Makes the tables of mean ranks and of pairs of models, with the certainty of each comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from seqbench.records.resolution import is_within
from seqbench.report.numbers import fixed, signed
from seqbench.report.observations import Observation
from seqbench.report.tables.p_values import SIGNIFICANT, p_text
from seqbench.report.tables.standings import outcomes
from seqbench.report.tables.table import WITHIN, Entry, Table
from seqbench.statistics import LEAST_PAIRS, Comparison, MeanRank, Outcomes, Place, compare, mean_ranks

_RANK_LINES = (
    "1 is the best. Ranks of skill at every task, length and seed; mean over the tasks [95% interval over tasks].",
    "A cell that diverged, failed or ran out of time ranks last. A model that was not run everywhere has no rank,"
    " and neither has the only one that was.",
)
_PAIR_LINES = (
    "Cells of the same task, length and seed see the same data and are compared one by one: Wilcoxon's signed-rank"
    " test, p corrected by Holm for all pairs that were tested.",
    "A cell that diverged, failed or ran out of time is worse than any that has a skill."
    f" Not tested: fewer than {LEAST_PAIRS} shared cells. What is found holds for these tasks and lengths.",
)
_ONE_SEED = "All cells are of one seed: a claim needs several, as another seed may tell otherwise."
_NOTHING = "none"


def comparison_tables(seen: Sequence[Observation]) -> list[Table]:
    """Return mean ranks and the comparisons of all pairs of models; nothing for fewer than two models.

    There is no table of pairs where no two models share a cell, as in a sweep that was interrupted.
    """
    found = outcomes(seen)
    if len(found) < 2:
        return []
    is_one_seed = len({seed for places in found.values() for _, _, seed in places}) == 1
    worths = {
        (each.task, each.tested, each.seed): each.one_example for each in seen if each.trained == each.tested
    }
    pairs = pair_table(compare(found), is_one_seed=is_one_seed, worth_of=lambda each: _worth(each, found, worths))
    return [rank_table(mean_ranks(found)), *([pairs] if pairs.rows else [])]


def _worth(each: Comparison, found: Outcomes, worths: Mapping[Place, float | None]) -> float | None:
    """Return what one test example is worth in the median of the cells that two models share; None if unknown."""
    known = [worths.get(place) for place in found[each.first].keys() & found[each.second].keys()]
    return None if not known or None in known else median(worth for worth in known if worth is not None)


def rank_table(ranks: Sequence[MeanRank]) -> Table:
    """Return the table of mean ranks, best first."""
    rows = tuple(
        (Entry(each.model), _rank(each), Entry(str(each.tasks or _NOTHING)), Entry(str(each.missing or _NOTHING)))
        for each in ranks
    )
    return Table("mean rank", _RANK_LINES, ("model", "mean rank", "tasks", "cells not run"), rows, keys=1)


def pair_table(
    comparisons: Sequence[Comparison],
    *,
    is_one_seed: bool = False,
    worth_of: Callable[[Comparison], float | None] = lambda _: None,
) -> Table:
    """Return the table of pairs of models that share a cell.

    Args:
        comparisons: those of all pairs of models.
        is_one_seed: whether all cells have the same seed.
        worth_of: returns what one test example is worth in skill in the cells of a pair; None if unknown.
    """
    lines = (*_PAIR_LINES, *([_ONE_SEED] if is_one_seed else []))
    rows = tuple(_pair(each, worth_of(each)) for each in comparisons if each.n)
    columns = (
        "model",
        "against",
        "cells",
        "better",
        "equal",
        "worse",
        "median gain in skill",
        "p (Holm)",
        "finding",
    )
    return Table("pairs of models", lines, columns, rows, keys=2)


def finding(comparison: Comparison) -> str:
    """Return the finding of a comparison in words."""
    if comparison.p_holm is None:
        return "not tested"
    if comparison.p_holm > SIGNIFICANT:
        return "no difference shown"
    return "better" if comparison.is_ahead else "worse"


def _rank(each: MeanRank) -> Entry:
    if each.rank is None:
        return Entry("not ranked")
    ends = each.interval
    note = f"[{fixed(ends.low, 2)}, {fixed(ends.high, 2)}]" if ends else "[one task]"
    return Entry(fixed(each.rank, 2), each.rank, note)


def _pair(each: Comparison, worth: float | None) -> tuple[Entry, ...]:
    gap = each.difference
    sign = WITHIN if gap and is_within(gap, worth) else ""
    return (
        Entry(each.first),
        Entry(each.second),
        *(Entry(str(count), count) for count in (each.n, each.wins, each.ties, each.losses)),
        Entry("unknown") if gap is None else Entry(signed(gap), gap, sign),
        Entry("-") if each.p_holm is None else Entry(p_text(each.p_holm), each.p_holm),
        Entry(finding(each)),
    )
