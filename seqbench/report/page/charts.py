"""Makes the charts of scores and costs on a page: one for each task, every model in it, against length."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from seqbench.report.charts.axes import Axis, doubling_axis, length_axis, linear_axis, log_axis
from seqbench.report.charts.lines import Chart, Look, Numbers, Panel, Series, chart, has_losses
from seqbench.report.numbers import number
from seqbench.report.page.groups import Group
from seqbench.report.page.rows import ends_and_n
from seqbench.report.units import memory, seconds, short
from seqbench.statistics import HOLDS, SeedSummary, summary

LENGTH = "length (steps)"
_WORST = -1.0
"""The lowest skill on a chart, so that values far below the baseline do not compress the rest."""

_BANDS = 8
"""With more lines than this in a panel, their bands hide each other."""

SKILL_RULES = (0.0, HOLDS, 1.0)
"""The skills at which thin lines lie: the baseline, what counts as usable, perfection."""


def skill_charts(found: Sequence[Group], look_of: Mapping[str, Look]) -> list[Chart]:
    """Return skill against length, with the interval over seeds as a band and a cross for each missing score."""
    return [_skill_chart(i, task, of_task, look_of) for i, (task, of_task) in enumerate(by_task(found))]


def cost_charts(found: Sequence[Group], look_of: Mapping[str, Look]) -> dict[str, list[Chart]]:
    """Return the charts of seconds per step and of peak memory, against length, both axes logarithmic."""
    return {
        cost.title: [
            _cost_chart(cost, i, task, of_task, look_of) for i, (task, of_task) in enumerate(by_task(found))
        ]
        for cost in COSTS
    }


def by_task(found: Sequence[Group]) -> Iterator[tuple[str, list[Group]]]:
    """Yield the groups of each task."""
    for task in dict.fromkeys(group.task for group in found):
        yield task, [group for group in found if group.task == task]


def by_model(found: Sequence[Group]) -> Iterator[tuple[str, list[Group]]]:
    """Yield the groups of each model, in the order of their lengths."""
    for model in dict.fromkeys(group.model for group in found):
        yield model, [group for group in found if group.model == model]


def numbers_by_length(found: Sequence[Group], write: Callable[[Group], str]) -> Numbers:
    """Return the table behind a chart: a row for each model, a column for each length."""
    lengths = sorted({group.length for group in found})
    rows = [
        (model, *(write(group) for group in sorted(of_model, key=lambda group: group.length)))
        for model, of_model in by_model(found)
    ]
    return Numbers(("model", *(f"T={length}" for length in lengths)), tuple(rows))


def lengths_of(found: Sequence[Group]) -> Axis:
    """Return the axis of the lengths of a task."""
    return length_axis(LENGTH, [group.length for group in found])


def _skill_chart(i: int, task: str, found: Sequence[Group], look_of: Mapping[str, Look]) -> Chart:
    series = skill_series(found, look_of)
    crosses = " A cross stands where a seed of a model has no score." if has_losses(series) else ""
    return chart(
        f"skill-{i}",
        f"{task}: skill",
        f"Skill of each model on {task} against length: mean over seeds, the 95% interval as a band."
        f" 0 is the baseline, 1 is perfect; the thin lines lie at 0, 0.5 and 1.{crosses}",
        x=lengths_of(found),
        y=skill_axis(series, _WORST),
        series=series,
        numbers=numbers_by_length(found, _skill_text),
        rules=SKILL_RULES,
        caption=task,
    )


def skill_series(found: Sequence[Group], look_of: Mapping[str, Look]) -> list[Series]:
    """Return skill against length: a series for each model, from the groups of one task."""
    return [_skill_series(model, look_of[model], of_model) for model, of_model in by_model(found)]


def without_crowd(series: list[Series]) -> list[Series]:
    """Return the series without their bands if there are many."""
    return series if len(series) <= _BANDS else [replace(each, low=(), high=()) for each in series]


def skill_axis(series: Iterable[Series], worst: float) -> Axis:
    """Return the axis of these skills, without what lies below ``worst``, and with a foot for crosses if any."""
    known = list(series)
    drawn = [y for each in known for y in (*each.y, *each.low, *each.high) if y is not None]
    axis = linear_axis("skill", [max(y, worst) for y in drawn], show=(0.0, 1.0))
    return axis.with_foot() if has_losses(known) else axis


def _skill_series(model: str, look: Look, found: Sequence[Group]) -> Series:
    skills = [summary(group.skills(), most=1.0) for group in found]
    return Series(
        name=model,
        look=look,
        x=tuple(math.log2(group.length) for group in found),
        y=tuple(skill.mean if skill else None for skill in skills),
        low=tuple(_ends(skill)[0] for skill in skills),
        high=tuple(_ends(skill)[1] for skill in skills),
        said=tuple(_said(group, _skill_text(group)) for group in found),
        lost=tuple(
            (math.log2(group.length), _said(group, group.outcome()))
            for group in found
            if group.outcome() != "ok" and group.records
        ),
    )


def _skill_text(group: Group) -> str:
    skill = summary(group.skills(), most=1.0)
    if skill is None:
        return group.outcome()
    lost = "" if group.outcome() == "ok" else f"; {group.outcome()}"
    return f"{number(skill.mean)} ({ends_and_n(skill)}{lost})"


def _ends(skill: SeedSummary | None) -> tuple[float | None, float | None]:
    """Return the edges of the band; for a single seed there are none, and the band has a gap."""
    return (skill.interval.low, skill.interval.high) if skill and skill.interval else (None, None)


def _said(group: Group, what: str) -> str:
    return f"{group.model}, T={group.length}: {what}"


@dataclass(frozen=True)
class Cost:
    """A cost: its title, its value, its text, its place on the axis, and the axis."""

    name: str
    title: str
    value: Callable[[Group], float | None]
    write: Callable[[float], str]
    log: Callable[[float], float]
    axis: Callable[[Iterable[float]], Axis]

    def text(self, group: Group) -> str:
        """Return the cost as text."""
        value = self.value(group)
        return "–" if value is None else self.write(value)


_SECONDS = Cost(
    "seconds",
    "Seconds per step",
    Group.seconds_per_step,
    seconds,
    math.log10,
    lambda logs: log_axis("", logs, lambda exponent: short(seconds(10**exponent))),
)
_MEMORY = Cost(
    "memory",
    "Peak memory",
    Group.peak_memory_bytes,
    memory,
    math.log2,
    lambda logs: doubling_axis("", logs, lambda exponent: short(memory(2**exponent))),
)


COSTS = (_SECONDS, _MEMORY)
"""The costs that pages and pictures show."""


def cost_panel(cost: Cost, title: str, found: Sequence[Group], look_of: Mapping[str, Look]) -> Panel:
    """Return a cost against length, from the groups of one task."""
    series = [
        Series(
            name=model,
            look=look_of[model],
            x=tuple(math.log2(group.length) for group in of_model),
            y=tuple(cost.log(value) if (value := cost.value(group)) else None for group in of_model),
            said=tuple(_said(group, cost.text(group)) for group in of_model),
        )
        for model, of_model in by_model(found)
    ]
    known = (y for each in series for y in each.y if y is not None)
    return Panel(title, lengths_of(found), cost.axis(known), tuple(series))


def _cost_chart(cost: Cost, i: int, task: str, found: Sequence[Group], look_of: Mapping[str, Look]) -> Chart:
    panel = cost_panel(cost, f"{task}: {cost.title.lower()}", found, look_of)
    return chart(
        f"{cost.name}-{i}",
        panel.title,
        f"{cost.title} of each model on {task} against length, mean over seeds; both axes are logarithmic.",
        x=panel.x,
        y=panel.y,
        series=panel.series,
        numbers=numbers_by_length(found, cost.text),
        caption=task,
    )
