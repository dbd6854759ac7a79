"""Makes the table of the effect of the seed against the effect of the model."""

from __future__ import annotations

from seqbench.report.numbers import fixed
from seqbench.report.tables.table import Entry, Table
from seqbench.statistics import Outcomes, SeedSummary, mean_shares, shares_by_task

_LINES = (
    "Shares of the variance of skill: a two-way layout of models and seeds at each length, lengths added up.",
    "Seed: its data, which all models share, are hard or easy. Both: what a seed does to one model alone, its"
    " first weights and its batches, and all other noise. A length where a model lacks a skill with some seed is"
    " left out.",
)
_MEAN = "mean over tasks"


def effect_table(found: Outcomes) -> Table | None:
    """Return the shares on each task and their means with intervals over the tasks; None without any."""
    tasks = shares_by_task(found)
    means = mean_shares(tasks)
    if means is None:
        return None
    rows = [
        (
            Entry(each.task),
            *(
                Entry("-") if share is None else Entry(fixed(share, 2), share)
                for share in each.shares or [None] * 3
            ),
            Entry(f"{each.models} x {each.seeds}"),
            Entry(str(each.lengths), each.lengths, f"({each.left_out} left out)" if each.left_out else ""),
        )
        for each in tasks
    ]
    mean = (Entry(_MEAN), *(_share(each) for each in means), Entry(""), Entry(""))
    columns = ("task", "model", "seed", "both", "models x seeds", "lengths")
    return Table("effect of the seed against the model", _LINES, columns, (*rows, mean), keys=1)


def _share(found: SeedSummary) -> Entry:
    ends = found.interval
    note = f"[{fixed(ends.low, 2)}, {fixed(ends.high, 2)}]" if ends else "[one task]"
    return Entry(fixed(found.mean, 2), found.mean, note)
