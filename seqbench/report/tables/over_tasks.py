"""Makes the tables that take each task as one of many: intervals of mean ranks, and critical differences."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench.report.numbers import fixed
from seqbench.report.tables.p_values import SIGNIFICANT, p_text
from seqbench.report.tables.table import Entry, Table
from seqbench.statistics import (
    Interval,
    Outcomes,
    RankTest,
    mean_ranks,
    rank_intervals,
    rank_test,
    ranks_once,
    why_untested,
)

_DRAWN_LINES = (
    "95% intervals of the mean rank. Over tasks and seeds: a bootstrap draws tasks with replacement, and for each"
    " its seeds, the same for all models; the lengths stay. Over seeds: these tasks with other seeds, by Student's"
    " t.",
)
_CRITICAL_LINES = (
    "Friedman's test over the tasks, p by permuting the models within each; then Nemenyi's critical difference,"
    " at 5% for all pairs together (Demsar 2006).",
    "Each task counts once, by the order of the models' mean ranks there, so that its lengths and seeds are not"
    " taken for tasks.",
)
_NOTHING = "-"


def over_tasks(found: Outcomes) -> tuple[list[Table], list[str]]:
    """Return the tables, and sentences about what could not be tested; nothing for fewer than two models."""
    if len(found) < 2:
        return [], []
    untested = why_untested(found)
    tables = list(_drawn_again(found))
    if untested is None:
        return [*tables, _critical(rank_test(ranks_once(found)))], []
    return tables, [f"No critical difference of mean ranks: {untested}."]


def _drawn_again(found: Outcomes) -> Iterator[Table]:
    """Yield the table of mean ranks and their intervals, if any is known."""
    known = rank_intervals(found)
    rows = [
        (
            Entry(each.model),
            Entry(fixed(each.rank, 2), each.rank),
            _ends(known[each.model].over_both),
            _ends(known[each.model].over_seeds),
        )
        for each in mean_ranks(found)
        if each.rank is not None
    ]
    if any(each.over_both or each.over_seeds for each in known.values()):
        columns = ("model", "mean rank", "over tasks and seeds", "over seeds")
        yield Table("intervals of the mean rank", _DRAWN_LINES, columns, tuple(rows), keys=1)


def _ends(ends: Interval | None) -> Entry:
    return Entry(_NOTHING) if ends is None else Entry(f"[{fixed(ends.low, 2)}, {fixed(ends.high, 2)}]")


def _critical(test: RankTest) -> Table:
    is_found = test.p <= SIGNIFICANT
    rows = tuple(
        (Entry(model), Entry(fixed(rank, 2), rank), Entry(_not_apart(model, test) if is_found else "all"))
        for model, rank in test.ranks.items()
    )
    told = (
        f"{test.tasks} tasks, {len(test.ranks)} models: chi^2 = {fixed(test.chi_squared, 2)},"
        f" p = {p_text(test.p)}; critical difference {fixed(test.difference, 2)}."
    )
    nothing = () if is_found else ("Friedman's test shows no difference, so no pair is said to differ.",)
    columns = ("model", "mean rank over tasks", "not shown to differ from")
    return Table("critical differences", (*_CRITICAL_LINES, told, *nothing), columns, rows, keys=1)


def _not_apart(model: str, test: RankTest) -> str:
    own = test.ranks[model]
    near = [name for name, rank in test.ranks.items() if name != model and abs(rank - own) < test.difference]
    return ", ".join(near) or "none"
