"""Makes the table of usable networks, and names cells of which some seeds learned and others did not."""

from __future__ import annotations

from collections.abc import Sequence

from seqbench.base.counts import first_of
from seqbench.report.observations import Observation
from seqbench.report.tables.table import ABSENT, Entry, Table, grouped
from seqbench.statistics import HOLDS, share_interval

_GAP = 0.5
"""Of skill, with what is below 0 taken as 0: between the worst network that learned and the best that did not."""
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
    """Return how many of these networks are usable; None unless half of the skill parts them from others.

    >>> learned([1.0, 0.02, 0.98, -3.0]), learned([0.2, 0.45, 0.9]), learned([1.0, 1.0])
    (2, None, None)
    """
    usable = [skill for skill in skills if skill >= HOLDS]
    others = [max(skill, 0.0) for skill in skills if skill < HOLDS]
    is_divided = usable and others and min(usable) - max(others) >= _GAP
    return len(usable) if is_divided else None


def divided_lines(seen: Sequence[Observation]) -> list[str]:
    """Return a sentence that names the cells with divided seeds, tested at their own length; none without such."""
    told = []
    own = [each for each in seen if each.trained == each.tested]
    for (task, model, length), group in grouped(own, lambda e: (e.task, e.model, str(e.tested))).items():
        skills = _known(group)
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
        has_several = has_several or any(len(_known(cells)) > 1 for cells in at)
    columns = ("task", "model", *(f"T={length}" for length in lengths))
    return Table("usable networks", _LINES, columns, tuple(rows), keys=2) if has_several else None


def _share(seen: Sequence[Observation]) -> Entry:
    known = _known(seen)
    if not known:
        return Entry("unknown" if seen else ABSENT)
    usable = sum(skill >= HOLDS for skill in known)
    low, high = share_interval(usable, len(known))
    return Entry(f"{usable} of {len(known)}", usable / len(known), f"[{low:.2f}, {high:.2f}]")


def _known(seen: Sequence[Observation]) -> list[float]:
    """Return the skills of the seeds with an outcome; a network that diverged has learned nothing."""
    lost = [0.0 for each in seen if each.skill is None and each.status == "diverged"]
    return [each.skill for each in seen if each.skill is not None] + lost
