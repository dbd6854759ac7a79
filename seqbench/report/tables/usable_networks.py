"""Makes the table of usable networks, and names cells of which some seeds learned and others did not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from seqbench.base.counts import first_of
from seqbench.report.observations import Observation
from seqbench.report.tables.table import ABSENT, Entry, Table, grouped
from seqbench.statistics import HOLDS, share_interval

_GAP = 0.5
"""Of skill, with everything below 0 taken as 0: between networks that learned and others that did not."""
_NAMED = 8
_LINES = (
    f"Seeds with a skill of at least {HOLDS}, of those with an outcome: ok with a skill, or diverged.",
    "[95% interval of the share of usable networks (Clopper and Pearson 1934)]: it holds where networks learn or"
    " learn nothing, also where all seeds agree and the interval of mean skill has hardly a width.",
)
_DIVIDED = (
    "Divided seeds, some learned and others not: {cells}. Such a mean is of two kinds of networks; the table of"
    " usable networks counts them."
)


def learned(skills: Sequence[float]) -> int | None:
    """Return how many of these networks learned; None unless half of the way to perfection lies between two.

    >>> learned([1.0, 0.02, 0.98, -3.0]), learned([0.2, 0.5, 0.9]), learned([1.0, 1.0])
    (2, None, None)
    """
    within = sorted(min(max(skill, 0.0), 1.0) for skill in skills)
    above = [len(within) - i for i, (low, high) in enumerate(pairwise(within), 1) if high - low >= _GAP]
    return above[0] if above else None


def divided_lines(seen: Sequence[Observation]) -> list[str]:
    """Return a sentence that names the cells with divided seeds, tested at their own length; none without such."""
    told = []
    own = [each for each in seen if each.trained == each.tested]
    for (task, model, length), group in grouped(own, lambda e: (e.task, e.model, str(e.tested))).items():
        skills = [each.skill for each in group if each.skill is not None]
        if (above := learned(skills)) is not None:
            told.append(f"{task} {model} T={length} ({above} of {len(skills)} learned)")
    return [_DIVIDED.format(cells=first_of(told, _NAMED))] if told else []


def usable_networks_table(seen: Sequence[Observation]) -> Table | None:
    """Return how many networks of each model are usable at each length; None without two seeds of anything."""
    own = [each for each in seen if each.trained == each.tested]
    lengths = sorted({each.tested for each in own})
    rows, has_several = [], False
    for (task, model), group in grouped(own, lambda each: (each.task, each.model)).items():
        at = [[each for each in group if each.tested == length] for length in lengths]
        rows.append((Entry(task), Entry(model), *map(_share, at)))
        has_several = has_several or any(len(cells) > 1 for cells in at)
    columns = ("task", "model", *(f"T={length}" for length in lengths))
    return Table("usable networks", _LINES, columns, tuple(rows), keys=2) if has_several else None


def _share(seen: Sequence[Observation]) -> Entry:
    known = [each for each in seen if each.skill is not None or each.status == "diverged"]
    if not known:
        return Entry("unknown" if seen else ABSENT)
    usable = sum(each.skill is not None and each.skill >= HOLDS for each in known)
    low, high = share_interval(usable, len(known))
    return Entry(f"{usable} of {len(known)}", usable / len(known), f"[{low:.2f}, {high:.2f}]")
