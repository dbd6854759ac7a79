"""Summarises the seeds of one model at one length, and writes the summary.

A measure is a score or a skill: how it is read from an observation, bounded and written.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from seqbench.records.resolution import is_within, one_example, score_bounds
from seqbench.records.schema import MetricData
from seqbench.report.numbers import ends_text, interval_text, mean_and_spread, skill_and_spread
from seqbench.report.observations import UNKNOWN, Observation
from seqbench.report.tables.table import ABSENT, EXAMPLES, WITHIN, Entry
from seqbench.statistics import SeedSummary, summary


@dataclass(frozen=True)
class Measure:
    """A number that a cell may have.

    Attributes:
        value: returns the value of a cell; None if it has none.
        bounds: returns the smallest and the largest possible value, as far as the metric says.
        text: writes mean and spread.
        interval: writes the ends of the interval.
        over_examples: returns the interval of a cell's value over draws of the test examples; None if unknown.
        worth: returns the most that one test example can move the value of a cell; None if unknown.
        is_higher_better: returns the direction.
    """

    value: Callable[[Observation], float | None]
    bounds: Callable[[MetricData], tuple[float, float]]
    text: Callable[[SeedSummary], str]
    interval: Callable[[SeedSummary], str]
    over_examples: Callable[[Observation], tuple[float, float] | None]
    worth: Callable[[Observation], float | None]
    is_higher_better: Callable[[MetricData], bool]

    def summary(self, seen: Sequence[Observation]) -> SeedSummary | None:
        """Return the summary over the seeds that have a value."""
        known = [(each.metric, self.value(each)) for each in sorted(seen, key=lambda each: each.seed)]
        numbers = [value for _, value in known if value is not None]
        metric = next((metric for metric, _ in known if metric), None)
        least, most = self.bounds(metric) if metric else (-math.inf, math.inf)
        return summary(numbers, least=least, most=most)


SCORE = Measure(
    lambda each: each.score,
    score_bounds,
    mean_and_spread,
    interval_text,
    lambda each: each.over_examples,
    lambda each: one_example(each.metric, each.evaluation),
    lambda metric: metric.is_higher_better,
)
SKILL = Measure(
    lambda each: each.skill,
    lambda metric: (-math.inf, 1.0 if metric.is_bound is None else math.inf),
    skill_and_spread,
    lambda found: interval_text(found, most_decimals=3),
    # The baseline is scored on the same examples, and what its score owes to them is not kept.
    lambda each: None,
    lambda each: each.one_example,
    lambda metric: True,
)


def entry(seen: Sequence[Observation], asked: int, measure: Measure) -> Entry:
    """Return the field of one model at one length: the mean over seeds with a value, and the other outcomes.

    Args:
        seen: the model's observations there, one for each seed that was run.
        asked: the number of seeds of the task.
        measure: the measure to show.
    """
    if not seen:
        return Entry(ABSENT)
    found = measure.summary(seen)
    lost = Counter(UNKNOWN if each.status == "ok" else each.status for each in seen if measure.value(each) is None)
    if found is None:
        return Entry(in_place(lost, asked))
    interval = measure.interval(found) or _interval_over_examples(found, seen, measure)
    notes = (_sign(found, seen) if measure is SKILL else "", interval, beside(lost, found.n, asked))
    return Entry(measure.text(found), found.mean, " ".join(filter(None, notes)))


def worth_of(seen: Sequence[Observation]) -> float | None:
    """Return what one test example of each seed is worth in the mean skill, at most; None if unknown."""
    known = [each.one_example for each in seen if each.skill is not None]
    return None if not known or None in known else fmean(worth for worth in known if worth is not None)


def _sign(found: SeedSummary, seen: Sequence[Observation]) -> str:
    return WITHIN if is_within(found.mean, worth_of(seen)) else ""


def _interval_over_examples(found: SeedSummary, seen: Sequence[Observation], measure: Measure) -> str:
    """Return the interval of a single seed over draws of the test examples; empty if it is unknown."""
    ends = next((measure.over_examples(each) for each in seen if measure.value(each) is not None), None)
    return f"{EXAMPLES} {ends_text(found.mean, *ends)}" if ends and found.n == 1 else ""


def in_place(lost: Mapping[str, int], asked: int) -> str:
    """Return the text for a field where no seed has a number: the outcomes, e.g. ``failed 2 of 3``."""
    return ", ".join(what if asked == 1 else f"{what} {n} of {asked}" for what, n in sorted(lost.items()))


def beside(lost: Mapping[str, int], n: int, asked: int) -> str:
    """Return the note beside a number from ``n`` seeds: ``(n=2, 1 failed)``; empty if it is from all seeds."""
    notes = [f"n={n}"] if n != asked else []
    notes += [f"{times} {what}" for what, times in sorted(lost.items())]
    return f"({', '.join(notes)})" if notes else ""
