"""Draws a board for a README: skill against length for every task, as one SVG file."""

from __future__ import annotations

from math import ceil

from seqbench.board.site.merge import PublicBoard
from seqbench.board.site.standings import standings
from seqbench.errors import BoardError
from seqbench.report.charts.lines import HEIGHT, LEFT, WIDTH
from seqbench.report.page.charts import skill_charts
from seqbench.report.page.page import render

_COLUMNS = 3
_CAPTION, _LEGEND = 44, 60
"""Height for the caption above each chart, and for a line of the legend above all charts, in units."""

_MODEL = 300
"""Width of one model in the legend, in units."""


def picture(board: PublicBoard) -> str:
    """Return the picture of the first suite of a board.

    Raises:
        BoardError: the board is empty, or no cell of the suite is believed.
    """
    if not board.suites:
        raise BoardError("there is no bundle on the board that could be drawn")
    suite = standings(board.suites[0])
    charts = skill_charts(suite.groups, suite.look_of)
    if not charts:
        raise BoardError(f"no cell of the suite {suite.suite.grid.name} is shown, so there is nothing to draw")
    columns = min(_COLUMNS, len(charts))
    in_a_line = (columns * WIDTH - LEFT) // _MODEL
    said = list(dict.fromkeys(c.cross for c in charts if c.cross))
    places = [
        (LEFT + i % in_a_line * _MODEL, _LEGEND * (i // in_a_line)) for i in range(len(suite.look_of) + len(said))
    ]
    top = _LEGEND * ceil(len(places) / in_a_line)
    return render(
        "board_picture.svg.j2",
        styles=("chart.css", "picture.css"),
        scripts=(),
        title=f"Skill against length, suite {suite.suite.grid.name}",
        legend=[(*place, *of) for place, of in zip(places, suite.look_of.items(), strict=False)],
        crosses=[(*place, text) for place, text in zip(places[len(suite.look_of) :], said, strict=True)],
        charts=[(i % columns * WIDTH, top + i // columns * (HEIGHT + _CAPTION), c) for i, c in enumerate(charts)],
        caption=_CAPTION,
        width=columns * WIDTH,
        height=top + ceil(len(charts) / columns) * (HEIGHT + _CAPTION),
    )
