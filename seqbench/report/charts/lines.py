"""Lays out a chart of several models: lines with bands and markers on the canvas of an SVG.

This module computes geometry and text; ``templates/chart.html.j2`` writes and escapes it. Pure functions: the same
numbers give the same chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from seqbench.report.charts.axes import Axis
from seqbench.report.charts.canvas import WIDE, Canvas
from seqbench.report.charts.paths import Point, band, line

WIDTH, HEIGHT, LEFT = WIDE.width, WIDE.height, WIDE.left
"""Of a chart of ordinary width."""

CROSS = "a score is missing"
"""What a cross says, of a seed or of a trial."""

COLOURS, MARKS, DASHES = 7, 8, 4
"""The number of each; ``templates/chart.css`` and ``templates/marks.html.j2`` define them."""


@dataclass(frozen=True)
class Look:
    """The appearance of a model in all charts.

    Attributes:
        number: the number of the model among all models that a site shows.
    """

    number: int

    @property
    def classes(self) -> str:
        """The CSS classes of its colour, of its dash, and of the model."""
        return f"m{self.number} c{self.number % COLOURS} d{self.number % DASHES}"

    @property
    def mark(self) -> str:
        """The name of its marker."""
        return f"k{self.number % MARKS}"


def looks(models: Iterable[str]) -> dict[str, Look]:
    """Return model -> look; colour, marker and dash together distinguish 56 models."""
    return {model: Look(number) for number, model in enumerate(models)}


@dataclass(frozen=True)
class Series:
    """The data of one model in a chart, in the numbers of the axes.

    Attributes:
        name: the model's name.
        look: the model's look.
        x, y: its points; a y of None is a gap.
        low, high: the edges of its band; empty if it has none.
        said: the tooltip of each point; if empty, no markers are drawn.
        lost: places on the x axis without a score, with the reason; a cross stands at each, in the foot of the y
            axis.
    """

    name: str
    look: Look
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    said: tuple[str, ...] = ()
    lost: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Panel:
    """What a chart shows, before it is laid out on a canvas.

    Attributes:
        title: its title.
        x, y: its axes.
        series: one for each model.
        rules: numbers on the y axis at which thin lines lie.
        note: what it does not show of the series; empty if it shows all.
    """

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    rules: tuple[float, ...] = ()
    note: str = ""

    @property
    def has_crosses(self) -> bool:
        """Whether a cross is drawn."""
        return has_losses(self.series)


def has_losses(series: Iterable[Series]) -> bool:
    """Say whether a model has no score somewhere."""
    return any(each.lost for each in series)


@dataclass(frozen=True)
class Spot:
    """A marker on the canvas, with its tooltip."""

    x: int
    y: int
    text: str


@dataclass(frozen=True)
class DrawnSeries:
    """One model on the canvas; paths are the ``d`` of SVG paths."""

    name: str
    look: Look
    line: str
    band: str
    spots: tuple[Spot, ...]
    lost: tuple[Spot, ...]


@dataclass(frozen=True)
class Label:
    """A tick on the canvas."""

    place: int
    text: str


@dataclass(frozen=True)
class Numbers:
    """The table behind a chart."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Chart:
    """A chart on its canvas.

    Attributes:
        name: unique on its page; letters, digits and hyphens.
        title, description: the description is for readers who cannot see the chart.
        caption: a short title above it, if the surrounding page says the rest.
        x_label, y_label: labels of the axes.
        x_ticks, y_ticks: places and labels of the ticks.
        rules: places of thin horizontal lines, e.g. the baseline's.
        lines: one for each model.
        numbers: the table behind it.
        canvas: where it is drawn.
    """

    name: str
    title: str
    caption: str
    description: str
    x_label: str
    y_label: str
    x_ticks: tuple[Label, ...]
    y_ticks: tuple[Label, ...]
    rules: tuple[int, ...]
    lines: tuple[DrawnSeries, ...]
    numbers: Numbers
    canvas: Canvas = WIDE

    @property
    def cross(self) -> str:
        """What a cross says; empty if none is drawn."""
        return CROSS if any(each.lost for each in self.lines) else ""


def chart(
    name: str,
    title: str,
    description: str,
    *,
    x: Axis,
    y: Axis,
    series: Sequence[Series],
    numbers: Numbers,
    rules: Iterable[float] = (),
    caption: str = "",
    canvas: Canvas = WIDE,
) -> Chart:
    """Lay out a chart; for the arguments see `Chart`."""
    place = _Places(x, y, canvas)
    return Chart(
        name=name,
        title=title,
        caption=caption or title,
        description=description,
        x_label=x.label,
        y_label=y.label,
        x_ticks=tuple(Label(round(place.across(tick.value)), tick.text) for tick in x.ticks),
        y_ticks=tuple(Label(round(place.up(tick.value)), tick.text) for tick in y.ticks),
        rules=tuple(round(place.up(value)) for value in rules if y.low <= value <= y.high),
        lines=tuple(_drawn(each, _side_by_side(each, series, place), place) for each in series),
        numbers=numbers,
        canvas=canvas,
    )


def thinned(count: int, most: int) -> list[int]:
    """Return at most ``most`` of the places 0 ... count - 1, evenly spread, with the first and the last.

    >>> thinned(10, 4), thinned(3, 12)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if count <= most:
        return list(range(count))
    return [ceil(i * (count - 1) / (most - 1)) for i in range(most)]


@dataclass(frozen=True)
class _Places:
    """Places numbers of two axes on a canvas."""

    x: Axis
    y: Axis
    canvas: Canvas

    def across(self, value: float) -> float:
        return self.canvas.left + self.x.share(value) * (self.canvas.right - self.canvas.left)

    def up(self, value: float) -> float:
        # Points far beyond the axis are clipped anyway; the bound keeps their coordinates short.
        share = min(max(self.y.share(value), -4.0), 4.0)
        return self.canvas.bottom - share * (self.canvas.bottom - self.canvas.top)

    def points(self, xs: Sequence[float], ys: Sequence[float | None]) -> list[Point | None]:
        return [None if b is None else (self.across(a), self.up(b)) for a, b in zip(xs, ys, strict=True)]


def _side_by_side(series: Series, among: Sequence[Series], place: _Places) -> list[int]:
    """Return where each loss is drawn, side by side for models that lost a seed at the same length."""
    places = []
    for at, _ in series.lost:
        here = [each for each in among if any(other == at for other, _ in each.lost)]
        step = min(18.0, 160 / len(here))
        half = step * (len(here) - 1) / 2
        middle = min(max(place.across(at), place.canvas.left + half), place.canvas.right - half)
        places.append(round(middle - half + step * here.index(series)))
    return places


def _drawn(series: Series, lost_at: Sequence[int], place: _Places) -> DrawnSeries:
    points = place.points(series.x, series.y)
    spots = [
        Spot(round(point[0]), round(point[1]), text)
        for y, point, text in zip(series.y, points, series.said, strict=bool(series.said))
        if y is not None and point is not None and not (place.y.foot and y < place.y.floor)
    ]
    foot = round(place.up(place.y.low + place.y.foot / 2))
    lost = [Spot(at, foot, text) for at, (_, text) in zip(lost_at, series.lost, strict=True)]
    area = ""
    if series.low and series.high:
        area = band(place.points(series.x, series.low), place.points(series.x, series.high))
    return DrawnSeries(series.name, series.look, line(points), area, tuple(spots), tuple(lost))
