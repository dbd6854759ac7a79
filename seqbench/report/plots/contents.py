"""Makes the panels of a figure from records: skill, costs or gradient flow of each task, as a page has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from seqbench.base.counts import first_of
from seqbench.records.curves import CurvesOf
from seqbench.report.charts.axes import Axis, Tick, length_axis
from seqbench.report.charts.lines import Look, Panel, Series
from seqbench.report.numbers import number
from seqbench.report.page.charts import (
    COSTS,
    LENGTH,
    SKILL_RULES,
    by_task,
    cost_panel,
    skill_axis,
    skill_series,
    without_crowd,
)
from seqbench.report.page.gradients import QUANTITIES, norm_lines, norm_panels
from seqbench.report.page.groups import Group
from seqbench.report.tuning import Tried

WORST = -0.5
"""The lowest skill in a figure, whose panels share one axis."""


@dataclass(frozen=True)
class Contents:
    """What a figure is made of.

    Attributes:
        groups: the seeds of each task, model and length that was asked for.
        curves: returns the curves of a record.
        look_of: model -> look, the same as on the page of all these records.
        length: the length of curves; None for the longest of each task that has any.
        tried: the searches that chose settings.
        tasks, models: the names that were asked for; all if empty.
    """

    groups: tuple[Group, ...]
    curves: CurvesOf
    look_of: Mapping[str, Look]
    length: int | None = None
    tried: tuple[Tried, ...] = ()
    tasks: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()

    def is_asked(self, task: str, model: str) -> bool:
        """Say whether a task and a model, by these names, are to be shown."""
        return (not self.tasks or task in self.tasks) and (not self.models or model in self.models)

    def of_task(self, has: Callable[[Group], bool]) -> Iterator[tuple[str, int, list[Group]]]:
        """Yield each task, a length of it at which a group has something, and the groups of that length."""
        for task, own in by_task(self.groups):
            lengths = [group.length for group in own if has(group) and self.length in (None, group.length)]
            if lengths:
                yield task, max(lengths), [group for group in own if group.length == max(lengths) and has(group)]


def skill_panels(source: Contents) -> list[Panel]:
    """Return skill against length: a panel for each task, all on the same axes."""
    tasks = [(task, without_crowd(skill_series(own, source.look_of))) for task, own in by_task(source.groups)]
    if not any(y is not None for _, own in tasks for each in own for y in each.y):
        return []
    x = length_axis(LENGTH, [group.length for group in source.groups])
    y = _at_rules(skill_axis((each for _, series in tasks for each in series), WORST))
    return [Panel(task, x, y, tuple(series), SKILL_RULES, _below(series, y)) for task, series in tasks]


def _below(series: Iterable[Series], axis: Axis) -> str:
    """Return which points lie below the axis, with their skills."""
    low = [
        f"{each.name} at T={2**x:.0f} ({number(y)})"
        for each in series
        for x, y in zip(each.x, each.y, strict=True)
        if y is not None and y < axis.floor - 1e-9
    ]
    return f"below the axis: {first_of(low)}" if low else ""


def _at_rules(axis: Axis) -> Axis:
    """Return the axis with ticks at the baseline, at what counts as usable and at perfection."""
    low = [tick for tick in axis.ticks[:1] if tick.value < -0.25]
    return replace(axis, ticks=(*low, *(Tick(value, f"{value:g}") for value in SKILL_RULES)))


def cost_panels(source: Contents) -> list[Panel]:
    """Return time of a step and memory against length: two panels for each task."""
    panels = [
        cost_panel(cost, f"{task}: {cost.title.lower()}", own, source.look_of)
        for task, own in by_task(source.groups)
        for cost in COSTS
    ]
    return [panel for panel in panels if any(y is not None for each in panel.series for y in each.y)]


def gradient_panels(source: Contents) -> list[Panel]:
    """Return gradient norm against lag: two panels for each task, before and after training."""
    panels = []
    for task, length, own in source.of_task(lambda group: bool(group.flows("init") or group.flows("trained"))):
        lines = {group.model: norm_lines([*map(source.curves, group.records)]) for group in own}
        for at in QUANTITIES:
            panels += [panel for _, panel in norm_panels(f"{task}, T={length}", lines, source.look_of, at)]
    return [replace(panel, y=replace(panel.y, label="gradient norm")) for panel in panels]
