"""Makes the first screen of a page: a sentence, skill against length of each task, and how far models reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seqbench.gradients.flow import Horizon
from seqbench.records.variants import natural
from seqbench.report.charts.axes import Axis, length_axis
from seqbench.report.charts.canvas import SMALL
from seqbench.report.charts.extents import Extent, ExtentChart, Steps, extent_chart
from seqbench.report.charts.lines import Chart, Look, Numbers, chart, thinned
from seqbench.report.observations import Observation
from seqbench.report.page.charts import LENGTH, SKILL_RULES, by_task, skill_axis, skill_series, without_crowd
from seqbench.report.page.groups import MISSING, Group
from seqbench.report.tables.gradients import WHENS, median_horizon
from seqbench.report.tables.scores import usable_length_of
from seqbench.report.tables.words import in_words
from seqbench.statistics import Ranges, Reach, UsableLength

_WORST = -0.2
"""The lowest skill in the panels: their one axis is for what was learned."""
_TICKS = 4
_ROWS, _FEWEST = 30, 3
"""Rows of the picture of how far models reach, and the fewest models that it has of each task."""


@dataclass(frozen=True)
class Answer:
    """The first screen.

    Attributes:
        words: what was found, in a sentence; empty if nothing is known.
        panels: skill against length, a panel for each task; all of them have the same axes.
        reach: usable length and gradient horizon of each model on each task.
        left_out: how many models the picture of reach leaves out, those of the worst mean rank.
    """

    words: str
    panels: tuple[Chart, ...]
    reach: ExtentChart
    left_out: int


def answer(
    seen: Sequence[Observation], found: Sequence[Group], look_of: Mapping[str, Look], ranked: Sequence[str]
) -> Answer:
    """Return the first screen.

    Args:
        seen, found: the observations, and the groups, of the same records.
        look_of: model -> look.
        ranked: the models, best mean rank first.
    """
    most = max(_FEWEST, _ROWS // max(1, len({each.task for each in seen})))
    return Answer(
        words=in_words(seen).replace(">= ", "≥ "),
        panels=tuple(_panels(found, look_of)),
        reach=_reach(seen, look_of, ranked, most),
        left_out=max(0, len(ranked) - most),
    )


def _panels(found: Sequence[Group], look_of: Mapping[str, Look]) -> list[Chart]:
    tasks = [(task, without_crowd(skill_series(of_task, look_of))) for task, of_task in by_task(found)]
    x = _few(length_axis(LENGTH, [group.length for group in found]))
    y = replace(skill_axis((each for _, series in tasks for each in series), _WORST), label="")
    return [
        chart(
            f"panel-{i}",
            f"{task}: skill against length",
            f"Skill of each model on {task} against length, on the axes of all tasks: mean over seeds, the 95%"
            f" interval as a band. What lies below {_WORST} is cut off.",
            x=x,
            y=y,
            series=series,
            numbers=Numbers((), ()),
            rules=SKILL_RULES,
            caption=task,
            canvas=SMALL,
        )
        for i, (task, series) in enumerate(tasks)
    ]


def _few(axis: Axis) -> Axis:
    return replace(axis, ticks=tuple(axis.ticks[i] for i in thinned(len(axis.ticks), _TICKS)))


def _reach(
    seen: Sequence[Observation], look_of: Mapping[str, Look], ranked: Sequence[str], most: int
) -> ExtentChart:
    own = [each for each in seen if each.trained == each.tested]
    rows, numbers = [], []
    for task in sorted({each.task for each in own}, key=natural):
        of_task = [each for each in own if each.task == task]
        reaches = [_of_model(model, of_task) for model in ranked]
        rows.append((task, [_extent(each, look_of[each.model]) for each in reaches[:most]]))
        numbers += [(task, *_texts(each)) for each in reaches]
    columns = ("task", "model", "usable length", "bounds", "horizon before", "horizon after", "horizon at")
    return extent_chart(
        "Usable length and gradient horizon",
        "For each task and model: the bar is the usable length in steps, the thin line its bounds from the 95%"
        " intervals of skill, the open and the full circle the gradient horizon before and after training. The"
        " axis is logarithmic; an arrow head says at least so much.",
        by_task=rows,
        longest=max((each.tested for each in own), default=1),
        numbers=Numbers(columns, tuple(numbers)),
    )


@dataclass(frozen=True)
class _ModelReach:
    """A model on one task; ``usable`` is None if it was not run, ``length`` is where horizons were measured."""

    model: str
    usable: UsableLength | None
    horizons: Mapping[str, Horizon]
    length: int | None
    is_of_inputs: bool


def _of_model(model: str, of_task: Sequence[Observation]) -> _ModelReach:
    own = [each for each in of_task if each.model == model]
    # The horizon cannot exceed the length: the longest one that was measured has the most room.
    length = max((each.tested for each in of_task if each.flows), default=None)
    flows = {when: [e.flows[when] for e in own if e.tested == length and when in e.flows] for when in WHENS}
    found = {when: median_horizon(flow.summary for flow in flows[when]) for when in WHENS}
    return _ModelReach(
        model,
        usable_length_of(own) if own else None,
        {when: horizon for when, horizon in found.items() if horizon is not None},
        length,
        any(flow.at == "input" for of_moment in flows.values() for flow in of_moment),
    )


def _extent(each: _ModelReach, look: Look) -> Extent:
    usable = each.usable
    is_bounded = usable is not None and usable.high is not None and usable.high.length is not None
    before, after = (_steps(each.horizons.get(when)) for when in WHENS)
    _, length, bounds, *horizons, _ = _texts(each)
    said = f"{each.model}: usable length {length} {bounds}".rstrip()
    said += f"; gradient horizon {horizons[0]} before, {horizons[1]} after training" if each.horizons else ""
    return Extent(
        name=each.model,
        look=look,
        bars=_bars(usable.estimate) if usable else (),
        low=_bound(usable.low) if is_bounded and usable else None,
        high=_bound(usable.high) if is_bounded and usable else None,
        before=before,
        after=after,
        said=said,
    )


def _bars(found: Reach | Ranges) -> tuple[tuple[float, Steps], ...]:
    if isinstance(found, Ranges):
        last = len(found.runs) - 1
        return tuple((first, Steps(end, found.is_open and i == last)) for i, (first, end) in enumerate(found.runs))
    return () if found.length is None else ((1, Steps(found.length, found.is_open)),)


def _bound(found: Reach | Ranges | None) -> Steps | None:
    """Return a bound of a usable length; ranges have none that one line could show."""
    return Steps(found.length or 1, found.is_open) if isinstance(found, Reach) else None


def _steps(horizon: Horizon | None) -> Steps | None:
    return None if horizon is None else Steps(horizon.lag, horizon.is_censored)


def _texts(each: _ModelReach) -> tuple[str, ...]:
    mark = " (input)" if each.is_of_inputs else ""
    horizons = (f"{each.horizons[when]}{mark}" if when in each.horizons else "–" for when in WHENS)
    usable = (str(each.usable), each.usable.interval) if each.usable else (MISSING, "")
    at = f"T={each.length}" if each.horizons else "–"
    return tuple(text.replace(">= ", "≥ ") for text in (each.model, *usable, *horizons, at))
