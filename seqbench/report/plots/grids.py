"""Draws panels in a grid with matplotlib, with one legend below them.

matplotlib is imported when a figure is drawn.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from seqbench.base.printable import one_line
from seqbench.report.charts.axes import Axis
from seqbench.report.charts.lines import CROSS, Look, Panel, Series
from seqbench.report.plots.print_style import FONT, PANELS_IN_A_LINE, RC, WIDTHS, stroke

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

_HEIGHT = 1.45
"""Inches of a line of panels."""
_LINE = 0.15
"""Inches of a line of the legend, or of a title."""
_LETTER = 0.062
"""Inches of a letter, on average."""
_BESIDE = 0.045
"""Distance of crosses that stand side by side, as a share of a panel."""
_TICKS, _MARKS = 5, 6
_EDGE: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 0.3}
"""Of markers, which stand out from the lines below them."""


def grid(panels: Sequence[Panel], *, width: str, in_pairs: bool = False) -> Figure:
    """Return a figure of these panels.

    Args:
        panels: in reading order.
        width: a key of `WIDTHS`.
        in_pairs: whether two panels that follow each other stand side by side.
    """
    import matplotlib
    from matplotlib.figure import Figure

    most = min(len(panels), PANELS_IN_A_LINE[width])
    lines = math.ceil(len(panels) / most)
    columns = most if in_pairs else math.ceil(len(panels) / lines)
    inches = WIDTHS[width] / columns
    titles = ["\n".join(_wrapped(each, inches) for each in (panel.title, panel.note) if each) for panel in panels]
    names = {series.name: series.look for panel in panels for series in panel.series}
    entries = [*names, *([CROSS] if any(panel.has_crosses for panel in panels) else [])]
    in_a_line = _entries_in_a_line(entries, WIDTHS[width])
    height = _HEIGHT + _LINE * max(title.count("\n") for title in titles)
    below = _LINE * math.ceil(len(entries) / in_a_line)
    with matplotlib.rc_context(dict(RC)):
        figure = Figure(figsize=(WIDTHS[width], height * lines + below), layout="constrained")
        for i, panel in enumerate(panels):
            axes = figure.add_subplot(lines, columns, i + 1)
            axes.set_title(titles[i], loc="left", fontweight="bold")
            _draw(axes, panel)
            if i + columns >= len(panels) or panels[i + columns].x != panel.x:
                axes.set_xlabel(_plain(panel.x.label))
            if i % columns == 0 or panels[i - 1].y != panel.y:
                axes.set_ylabel(_plain(panel.y.label))
        figure.legend(
            [*map(_handle, names.values()), *([_cross()] if len(entries) > len(names) else [])],
            [*map(_plain, entries)],
            loc="outside lower center",
            ncols=in_a_line,
            frameon=False,
            handlelength=3,
            columnspacing=1.2,
        )
    return figure


def _entries_in_a_line(names: Sequence[str], inches: float) -> int:
    longest = max((len(name) for name in names), default=1)
    return max(1, min(len(names), int(inches / (0.5 + _LETTER * longest))))


def _wrapped(title: str, inches: float) -> str:
    """Break a title that is too long for its panel, after its last comma or colon if that is enough."""
    most = max(12, int(inches / _LETTER) - 6)
    if len(title) <= most:
        return _plain(title)
    head, tail = re.fullmatch(r"(?:(.*[,:]) )?(.*)", title, re.DOTALL).groups()  # type: ignore[union-attr]
    return "\n".join(_plain(line) for part in (head or "", tail) for line in textwrap.wrap(part, most))


def _draw(axes: Axes, panel: Panel) -> None:
    axes.set_xlim(panel.x.low, panel.x.high)
    axes.set_ylim(panel.y.low, panel.y.high)
    _ticks(axes, panel.x, panel.y)
    axes.grid(visible=True, axis="y", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    for rule in panel.rules:
        axes.axhline(rule, color="0.55", linewidth=0.6, linestyle=(0, (1, 2)))
    for i, series in enumerate(panel.series):
        _line(axes, series, i, panel.y)
    _losses(axes, panel)


def _ticks(axes: Axes, x: Axis, y: Axis) -> None:
    for axis, put in ((x, axes.set_xticks), (y, axes.set_yticks)):
        few = axis.ticks[:: math.ceil(len(axis.ticks) / _TICKS)]
        put([tick.value for tick in few], [_plain(tick.text) for tick in few])


def _line(axes: Axes, series: Series, i: int, y: Axis) -> None:
    """Draw a model, with a gap where a number is unknown; nothing of it in the foot of the axis."""
    above = _above_foot(axes, y)
    look = stroke(series.look)
    if series.low and series.high:
        low, high = _numbers(series.low), _numbers(series.high)
        band = axes.fill_between(series.x, low, high, color=look.colour, alpha=0.16, linewidth=0)
        band.set_clip_path(above)
    # Curves of many points have a few markers each, at other places for each model.
    every = max(1, len(series.x) // _MARKS)
    (line,) = axes.plot(
        series.x,
        _numbers(series.y),
        color=look.colour,
        linestyle=look.dash,
        marker=look.marker,
        markevery=(i % every, every),
        **_EDGE,
        clip_on=every > 1 or not _is_inside(series, y),
        zorder=3,
    )
    line.set_clip_path(above)


def _losses(axes: Axes, panel: Panel) -> None:
    """Draw a cross for each score that is missing, side by side where several models lack one."""
    foot, x = panel.y.share(panel.y.low + panel.y.foot / 2), panel.x
    step = _BESIDE * (x.high - x.low)
    for place in sorted({place for series in panel.series for place, _ in series.lost}):
        here = [series for series in panel.series if any(place == at for at, _ in series.lost)]
        half = step * (len(here) - 1) / 2
        middle = min(max(place, x.low + half), x.high - half)
        for i, series in enumerate(here):
            look, to = stroke(series.look), axes.get_xaxis_transform()
            at = middle - half + step * i
            axes.plot([at], [foot], transform=to, color=look.colour, marker="x", markersize=3, clip_on=False)


def _above_foot(axes: Axes, y: Axis) -> Rectangle:
    from matplotlib.patches import Rectangle

    foot = y.share(y.floor)
    return Rectangle((0, foot), 1, 1 - foot, transform=axes.transAxes)


def _is_inside(series: Series, axis: Axis) -> bool:
    return all(y is None or axis.floor <= y <= axis.high for y in series.y)


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


def _handle(look: Look) -> Line2D:
    from matplotlib.lines import Line2D

    drawn = stroke(look)
    return Line2D([], [], color=drawn.colour, linestyle=drawn.dash, marker=drawn.marker, **_EDGE)


def _cross() -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D([], [], color="0.3", linestyle="none", marker="x", markersize=3)


def _plain(text: str) -> str:
    """Spell out what the font lacks, and hidden characters."""
    letters = _letters()
    return "".join(char if ord(char) in letters else f"U+{ord(char):04X}" for char in one_line(text))


@cache
def _letters() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(FONT)).get_charmap())
