"""Marks the best mean of the models at one task and length, and the means that are tied with it.

A tie is a difference that one test example of each seed could turn around.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from seqbench.records.resolution import is_within
from seqbench.report.observations import Observation
from seqbench.report.tables.seed_summaries import Measure, entry
from seqbench.report.tables.table import Entry


@dataclass(frozen=True)
class Column:
    """The fields of several models at one task and length.

    Attributes:
        seen: of each field, the observations behind it, one for each seed that was run.
        asked: the number of seeds of the task.
        measure: what the fields show.
    """

    seen: Sequence[Sequence[Observation]]
    asked: int
    measure: Measure

    def entries(self) -> list[Entry]:
        """Return the fields: the best mean and those tied with it are marked, where two models have a whole mean.

        A mean is whole if every seed has a value: a model that diverged with one of them is neither best nor tied.
        """
        made = [entry(seen, self.asked, self.measure) for seen in self.seen]
        whole = [self._is_whole(seen) for seen in self.seen]
        known = [
            each.value for each, is_whole in zip(made, whole, strict=True) if is_whole and each.value is not None
        ]
        if len(known) < 2:
            return made
        best = max(known) if self._is_higher_better() else min(known)
        worth = self._worth()
        return [
            _marked(each, best, worth) if is_whole else each for each, is_whole in zip(made, whole, strict=True)
        ]

    def _is_whole(self, seen: Sequence[Observation]) -> bool:
        return len(seen) == self.asked and all(self.measure.value(each) is not None for each in seen)

    def _is_higher_better(self) -> bool:
        metrics = (each.metric for seen in self.seen for each in seen if each.metric)
        return self.measure.is_higher_better(next(metrics))

    def _worth(self) -> float | None:
        """Return what one test example of each seed is worth in a mean; None if unknown."""
        known = [self.measure.worth(each) for seen in self.seen if self._is_whole(seen) for each in seen]
        return None if None in known else fmean(worth for worth in known if worth is not None)


def _marked(each: Entry, best: float, worth: float | None) -> Entry:
    if each.value is None:
        return each
    if each.value == best:
        return replace(each, standing="best")
    return replace(each, standing="tied") if is_within(each.value - best, worth) else each
