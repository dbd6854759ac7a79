"""What do the seeds of one model at one length come to, and how is that written?

A measure is a score or a skill: how it is read from an observation, bounded and written. Stands on
observations and statistics.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seqbench.records import MetricData
from seqbench.report.entries import ABSENT, Entry
from seqbench.report.numbers import interval_text, mean_and_spread, skill_and_spread
from seqbench.report.observations import UNKNOWN, Observation
from seqbench.statistics import Summary, summary


@dataclass(frozen=True)
class Measure:
    """A number that a cell has, or has not.

    Attributes:
        value: of a cell; None where it has none.
        bounds: the least and the largest value that there can be, as far as a metric tells.
        text: mean and spread.
        interval: the ends of the interval.
    """

    value: Callable[[Observation], float | None]
    bounds: Callable[[MetricData], tuple[float, float]]
    text: Callable[[Summary], str]
    interval: Callable[[Summary], str]

    def summary(self, seen: Sequence[Observation]) -> Summary | None:
        """Return the summary over the seeds that have a value."""
        known = [(each.metric, self.value(each)) for each in sorted(seen, key=lambda each: each.seed)]
        numbers = [value for _, value in known if value is not None]
        metric = next((metric for metric, _ in known if metric), None)
        least, most = self.bounds(metric) if metric else (-math.inf, math.inf)
        return summary(numbers, least=least, most=most)


def _score_bounds(metric: MetricData) -> tuple[float, float]:
    # A record tells the best value that there can be, not the worst.
    return (-math.inf, metric.best) if metric.is_higher_better else (metric.best, math.inf)


SCORE = Measure(lambda each: each.score, _score_bounds, mean_and_spread, interval_text)
SKILL = Measure(
    lambda each: each.skill,
    lambda metric: (-math.inf, 1.0),
    skill_and_spread,
    lambda found: interval_text(found, most_decimals=3),
)


def entry(seen: Sequence[Observation], asked: int, measure: Measure) -> Entry:
    """Return the field of one model at one length: the mean of the seeds that have a value, and the others.

    Args:
        seen: the model's observations there, one for each seed that was run.
        asked: how many seeds the task was run with.
        measure: what is shown.
    """
    if not seen:
        return Entry(ABSENT)
    found = measure.summary(seen)
    lost = Counter(UNKNOWN if each.status == "ok" else each.status for each in seen if measure.value(each) is None)
    if found is None:
        return Entry(", ".join(_lost(status, n, asked) for status, n in sorted(lost.items())))
    notes = [f"n={found.n}"] if found.n != asked else []
    notes += [f"{n} {status}" for status, n in sorted(lost.items())]
    ends = measure.interval(found)
    return Entry(measure.text(found), found.mean, f"{ends} ({', '.join(notes)})".strip() if notes else ends)


def _lost(status: str, n: int, asked: int) -> str:
    return status if asked == 1 else f"{status} {n} of {asked}"
