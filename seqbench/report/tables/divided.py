"""Names the cells whose seeds are divided: some networks learned, and others did not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from seqbench.base.counts import first_of
from seqbench.report.observations import Observation
from seqbench.report.tables.table import grouped

_GAP = 0.5
"""Of skill, with everything below 0 taken as 0: between networks that learned and others that did not."""
_NAMED = 8
_MEANING = (
    "Divided seeds, some learned and others not: {cells}. An interval of such a mean holds it less often than 95%:"
    " look at the seeds."
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
    return [_MEANING.format(cells=first_of(told, _NAMED))] if told else []
