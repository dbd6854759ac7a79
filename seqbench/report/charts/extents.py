"""Lays out how far models reach: for each task a row a model, with a bar, the bar's bounds and two spots.

Steps stand on a logarithmic axis. Pure functions: numbers in, geometry and text out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seqbench.report.charts.axes import Axis, Tick
from seqbench.report.charts.lines import Label, Look, Numbers

WIDTH, LEFT, RIGHT = 640, 176, 600
"""The width of the canvas, and the edges of the plot, in units."""

_TOP, _HEAD, _ROW, _FOOT = 4, 34, 30, 66
_MOST_TICKS = 6
_EDGE = 2
"""How far a bar goes beyond its ends, so that a range of one length is seen."""
_LETTERS = 11
_TITLE = 46
"""Letters of a model that fit beside the plot, and of a task that fit above its rows."""


@dataclass(frozen=True)
class Steps:
    """A number of steps, or at least so many."""

    steps: float
    is_open: bool = False


@dataclass(frozen=True)
class Extent:
    """How far one model reaches on one task, in steps.

    Attributes:
        name, look: of the model.
        bars: first and last length of each range of lengths at which it is usable.
        low, high: the bounds of the usable length; None if unknown.
        before, after: the gradient horizon before and after training; None if unknown.
        said: the tooltip.
    """

    name: str
    look: Look
    bars: tuple[tuple[float, Steps], ...]
    low: Steps | None
    high: Steps | None
    before: Steps | None
    after: Steps | None
    said: str


@dataclass(frozen=True)
class DrawnExtent:
    """A row on the canvas; paths are the ``d`` of SVG paths, places are None where nothing is known."""

    label: str
    look: Look
    y: int
    bars: str
    bounds: str
    way: str
    before: int | None
    after: int | None
    more: str
    said: str


@dataclass(frozen=True)
class DrawnTask:
    """The rows of one task, below its name."""

    task: str
    y: int
    rows: tuple[DrawnExtent, ...]


@dataclass(frozen=True)
class ExtentChart:
    """The picture on its canvas, and the table behind it."""

    title: str
    description: str
    height: int
    bottom: int
    ticks: tuple[Label, ...]
    tasks: tuple[DrawnTask, ...]
    numbers: Numbers


def extent_chart(
    title: str,
    description: str,
    *,
    by_task: Sequence[tuple[str, Sequence[Extent]]],
    longest: int,
    numbers: Numbers,
) -> ExtentChart:
    """Lay out the rows of each task, below each other on one axis that holds the longest tested length."""
    axis = steps_axis([[longest], *(_all_steps(each) for _, rows in by_task for each in rows)])
    y, tasks = _TOP, []
    for task, rows in by_task:
        drawn = tuple(_row(each, axis, y + _HEAD + _ROW * i + _ROW // 2) for i, each in enumerate(rows))
        tasks.append(DrawnTask(shortened(task, _TITLE), y + _HEAD - 9, drawn))
        y += _HEAD + _ROW * len(rows)
    ticks = tuple(Label(_across(axis, tick.value), tick.text) for tick in axis.ticks)
    return ExtentChart(title, description, y + _FOOT, y + 4, ticks, tuple(tasks), numbers)


def steps_axis(steps: Iterable[Iterable[float]]) -> Axis:
    """Return a logarithmic axis to base 2 from one step to the most, with ticks at powers of 2.

    >>> axis = steps_axis([[16, 1025], [3]])
    >>> [tick.text for tick in axis.ticks], round(axis.high, 2)
    (['1', '4', '16', '64', '256', '1024'], 10.0)
    """
    most = math.log2(max((each for own in steps for each in own), default=2.0))
    high = max(most, 1.0)
    step = max(1, math.ceil((high + 1e-9) / _MOST_TICKS))
    places = range(0, math.floor(high + 1e-9) + 1, step)
    return Axis("steps", 0.0, high, tuple(Tick(float(place), str(2**place)) for place in places))


def shortened(name: str, most: int) -> str:
    """Return a name of at most so many letters; it loses its middle, as variants differ at the end.

    >>> shortened("lstm-with-gates-2", 11), shortened("lstm", 11)
    ('lstm-…tes-2', 'lstm')
    """
    half = (most - 1) // 2
    return name if len(name) <= most else f"{name[: most - 1 - half]}…{name[-half:]}"


def _all_steps(each: Extent) -> list[float]:
    ends = (each.low, each.high, each.before, each.after, *(last for _, last in each.bars))
    return [found.steps for found in ends if found is not None]


def _row(each: Extent, axis: Axis, y: int) -> DrawnExtent:
    def at(found: Steps | None) -> int | None:
        return None if found is None else _place(axis, found.steps)

    bars = [(_place(axis, first), _place(axis, last.steps)) for first, last in each.bars]
    low, high = at(each.low), at(each.high)
    before, after = at(each.before), at(each.after)
    open_ends = [last for _, last in each.bars if last.is_open]
    return DrawnExtent(
        label=shortened(each.name, _LETTERS),
        look=each.look,
        y=y,
        bars="".join(f"M{first - _EDGE} {y - 11}H{last + _EDGE}v9H{first - _EDGE}z" for first, last in bars),
        bounds=""
        if low is None or high is None
        else f"M{low} {y - 13}v13M{low} {y - 7}H{high}M{high} {y - 13}v13",
        way="" if before is None or after is None else f"M{before} {y + 7}H{after}",
        before=before,
        after=after,
        more=_arrows([*((at(end), y - 7) for end in open_ends), *_open_spots(each, before, after, y + 7)]),
        said=each.said,
    )


def _open_spots(each: Extent, before: int | None, after: int | None, y: int) -> list[tuple[int | None, int]]:
    pairs = ((each.before, before), (each.after, after))
    return [(place, y) for found, place in pairs if found is not None and found.is_open]


def _arrows(places: Iterable[tuple[int | None, int]]) -> str:
    """Return arrow heads to the right of these places: the true value may be larger."""
    drawn = dict.fromkeys((place, y) for place, y in places if place is not None)
    return "".join(f"M{place + 11} {y - 5}l6 5l-6 5" for place, y in drawn)


def _place(axis: Axis, steps: float) -> int:
    return _across(axis, math.log2(max(steps, 1.0)))


def _across(axis: Axis, value: float) -> int:
    return round(LEFT + axis.share(value) * (RIGHT - LEFT))
