"""Makes the leaderboard of a page: one row for each model, task and length, as texts.

A row without a score shows its status instead, and sorts last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from seqbench.base.machines import hardware_text
from seqbench.base.printable import one_line
from seqbench.records.resolution import is_within, over_examples, score_bounds
from seqbench.records.schema import MetricData, Record
from seqbench.report.charts.lines import Look
from seqbench.report.numbers import number, skill_text
from seqbench.report.page.groups import Group, outcome_of
from seqbench.report.tables.gradients import flow_entry
from seqbench.report.tables.scores import COARSE
from seqbench.report.tables.table import WITHIN
from seqbench.report.units import memory, seconds
from seqbench.statistics import SeedSummary, summary


@dataclass(frozen=True)
class Field:
    """One number of a row.

    Attributes:
        text: the text shown.
        value: the value to sort by; None sorts last.
        note: a small text below it.
        is_loss: whether the text is a reason for a missing number.
    """

    text: str
    value: float | None = None
    note: str = ""
    is_loss: bool = False

    @property
    def order(self) -> str:
        """The value in few digits; empty if unknown."""
        return "" if self.value is None else f"{self.value:.7g}"


@dataclass(frozen=True)
class Plot:
    """A skill and its interval on a small canvas, 140 units wide; the baseline is at 30, perfection at 130.

    Attributes:
        at: place of the mean.
        low, high: ends of the interval; None for a single seed.
        is_beyond: whether the mean is to the left of the canvas.
    """

    at: int
    low: int | None
    high: int | None
    is_beyond: bool


@dataclass(frozen=True)
class SeedLink:
    """A cell of a row: its seed, its key, and its status unless it is ``ok``."""

    seed: int
    key: str
    status: str


@dataclass(frozen=True)
class Row:
    """A row of the leaderboard; the filter of outcomes uses `outcome`: ``ok``, or something else.

    ``run_on`` names the processors and GPUs of its cells.
    """

    task: str
    metric: str
    model: str
    look: Look
    length: int
    score: Field
    baseline: Field
    skill: Field
    plot: Plot | None
    gradient: Field
    seconds_per_step: Field
    peak_memory: Field
    parameters: Field
    outcome: str
    seeds: tuple[SeedLink, ...]
    run_on: tuple[str, ...] = ()


def rows(found: Sequence[Group], look_of: Mapping[str, Look]) -> list[Row]:
    """Return the leaderboard, by task and length: the best mean skill first, rows without a score last."""
    # A row without a score still names the metric.
    metrics = {group.task: record.metric for group in found for record in group.records if record.metric}
    made = [_row(group, look_of[group.model], metrics.get(group.task)) for group in found]
    places = {task: i for i, task in enumerate(dict.fromkeys(group.task for group in found))}
    return sorted(made, key=lambda row: (places[row.task], row.length, *_rank(row)))


def _rank(row: Row) -> tuple[float, float]:
    """Return the sort key of the models of one task and length; models with a lost seed come last."""
    skill = row.skill.value
    return (2 if skill is None else int(row.outcome != "ok")), 0.0 if skill is None else -skill


def _row(group: Group, look: Look, metric: MetricData | None) -> Row:
    skill = summary(group.skills(), most=1.0)
    baseline = summary(group.baselines())
    return Row(
        task=group.task,
        metric=f"{metric.name} {'↑' if metric.is_higher_better else '↓'}" if metric else "",
        model=group.model,
        look=look,
        length=group.length,
        score=_score(group, metric),
        baseline=Field("–") if baseline is None else Field(number(baseline.mean), baseline.mean, _examples(group)),
        skill=Field("–") if skill is None else _skill(skill.mean, group.one_example()),
        plot=_plot(skill) if skill else None,
        gradient=_gradient(group),
        seconds_per_step=_field(group.seconds_per_step(), seconds),
        peak_memory=_field(group.peak_memory_bytes(), memory),
        parameters=_field(group.parameters(), lambda count: f"{count:,.0f}".replace(",", "\u202f")),
        outcome=group.outcome(),
        seeds=tuple(_link(group)),
        run_on=run_on(group.records),
    )


def run_on(records: Iterable[Record]) -> tuple[str, ...]:
    """Return the processors and GPUs that computed these cells."""
    return tuple(sorted({one_line(hardware_text(record.environment)) for record in records}))


def ends_and_n(found: SeedSummary) -> str:
    """Return the interval and the number of values behind it.

    >>> ends_and_n(SeedSummary(0.5, None, 1)), ends_and_n(summary([0.5, 0.5, 0.5]))
    ('n = 1', '0.500 to 0.500, n = 3')
    """
    if found.interval is None:
        return f"n = {found.n}"
    return f"{number(found.interval.low)} to {number(found.interval.high)}, n = {found.n}"


def _score(group: Group, metric: MetricData | None) -> Field:
    least, most = score_bounds(metric) if metric else (-math.inf, math.inf)
    found = summary(group.scores(), least=least, most=most)
    if found is None:
        return Field(group.outcome(), is_loss=bool(group.records))
    return Field(number(found.mean), found.mean, _over_examples(group, metric) + ends_and_n(found))


def _over_examples(group: Group, metric: MetricData | None) -> str:
    """Return the interval over test examples of a single seed, for the text before its ``n = 1``."""
    known = [record for record in group.records if record.score is not None]
    ends = over_examples(metric, known[0].test) if len(known) == 1 else None
    return f"over examples {number(ends[0])} to {number(ends[1])}, " if ends else ""


def _examples(group: Group) -> str:
    return f"{' or '.join(map(str, group.examples()))} examples"


def _skill(skill: float, worth: float | None) -> Field:
    """Return a skill, marked if one test example is worth as much, with that worth if it is large."""
    if worth is None:
        return Field(skill_text(skill), skill)
    sign = f" {WITHIN}" if is_within(skill, worth) else ""
    return Field(skill_text(skill) + sign, skill, f"one example: {number(worth)}" if worth >= COARSE else "")


def _plot(skill: SeedSummary) -> Plot:
    low, high = (skill.interval.low, skill.interval.high) if skill.interval else (None, None)
    return Plot(
        at=_place(skill.mean),
        low=None if low is None else _place(low),
        high=None if high is None else _place(high),
        is_beyond=skill.mean < -0.28,
    )


def _place(skill: float) -> int:
    return round(min(max(30 + 100 * skill, 2), 138))


def _gradient(group: Group) -> Field:
    """Return verdict, gain per step and horizon after training; sorted by the gain.

    What was measured at the inputs is marked, and sorts last: its gain is not that of a state.
    """
    flows = group.flows("trained")
    entry = flow_entry(flows)
    verdict, _, numbers = entry.text.partition(" ")
    if not numbers:
        return Field("–")
    value = entry.value if all(flow.at == "state" for flow in flows) else None
    return Field(verdict, value, numbers.replace(">= ", "≥ "))


def _field(value: float | None, write: Callable[[float], str]) -> Field:
    return Field("–") if value is None else Field(write(value), value)


def _link(group: Group) -> list[SeedLink]:
    found = {record.cell.seed: record for record in group.records}
    return [
        SeedLink(seed, found[seed].key, "" if outcome_of(found[seed]) == "ok" else outcome_of(found[seed]))
        for seed in group.seeds
        if seed in found
    ]
