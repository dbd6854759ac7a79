"""Turns observations into the outcomes that the statistics compare.

A place is a task, a length and a seed.
"""

from __future__ import annotations

from collections.abc import Sequence

from seqbench.records.variants import natural
from seqbench.report.observations import Observation
from seqbench.statistics import LAST, Place

RANKS_LAST = ("diverged", "failed", "timeout")
"""The statuses of cells that ended without a score; an interrupted cell has not ended."""


def outcomes(seen: Sequence[Observation]) -> dict[str, dict[Place, float]]:
    """Return model -> place -> skill at the training length.

    A cell that diverged, failed or timed out is `LAST`. A cell that was interrupted, or is ok but has no skill, is
    missing.
    """
    found: dict[str, dict[Place, float]] = {model: {} for model in sorted({e.model for e in seen}, key=natural)}
    for each in seen:
        if each.trained != each.tested:
            continue
        place = (each.task, each.tested, each.seed)
        if each.status in RANKS_LAST:
            found[each.model][place] = LAST
        elif each.skill is not None:
            found[each.model][place] = each.skill
    return found
