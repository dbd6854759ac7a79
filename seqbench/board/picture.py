"""What picture shows a board in a README? Skill against length of every task, as one SVG file.

Stands on standings and the report's charts.
"""

from __future__ import annotations

from math import ceil

from seqbench.board.merge import Board
from seqbench.board.standings import standings
from seqbench.errors import BoardError
from seqbench.report.charts import HEIGHT, WIDTH
from seqbench.report.page import render
from seqbench.report.page_charts import skill_charts

_COLUMNS = 3
_CAPTION, _LEGEND = 44, 60
"""Units above each chart for its caption, and above all for the legend."""


def picture(board: Board) -> str:
    """Return the picture of the first suite of a board.

    Raises:
        BoardError: nothing is on it.
    """
    if not board.suites:
        raise BoardError("there is no bundle on the board that could be drawn")
    suite = standings(board.suites[0])
    charts = skill_charts(suite.groups, suite.look_of)
    columns = min(_COLUMNS, len(charts))
    return render(
        "board_picture.svg.j2",
        styles=("chart.css", "picture.css"),
        scripts=(),
        title=f"Skill against length, suite {suite.suite.grid.name}",
        looks=suite.look_of,
        charts=[
            (i % columns * WIDTH, _LEGEND + i // columns * (HEIGHT + _CAPTION), c) for i, c in enumerate(charts)
        ],
        caption=_CAPTION,
        width=columns * WIDTH,
        height=_LEGEND + ceil(len(charts) / columns) * (HEIGHT + _CAPTION),
    )
