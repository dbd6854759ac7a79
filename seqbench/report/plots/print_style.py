"""Defines how figures for print look: widths, fonts, and the colour, dash and marker of each model.

Colours, dashes and markers are those of pages (``templates/chart.css`` and ``marks.html.j2``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqbench.report.charts.lines import COLOURS, DASHES, MARKS, Look

WIDTHS: Mapping[str, float] = {"one": 3.35, "two": 6.9}
"""Inches of one and of two columns of a paper."""

PANELS_IN_A_LINE: Mapping[str, int] = {"one": 2, "two": 4}

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#c0609a", "#b97d00", "#2f9bd6", "#1b1f24")
"""The palette of Okabe and Ito without yellow, which colour-blind readers can distinguish."""

LINE_DASHES: tuple[Any, ...] = ("-", (0, (3.5, 1.75)), (0, (0.75, 1.75)), (0, (4, 1.5, 0.75, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "H", "*")
"""Dashes and markers, which tell models apart in grey too."""

FONT = "DejaVu Sans"
"""It comes with matplotlib, so that a figure is the same everywhere."""

RC: Mapping[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": [FONT],
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7,
    "xtick.labelsize": 6,
    "ytick.labelsize": 6,
    "legend.fontsize": 7,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0,
    "lines.linewidth": 1.1,
    "lines.markersize": 4.2,
    # Names are text, whatever signs are in them.
    "text.parse_math": False,
    # Whole fonts, which readers can search and printers have: no Type 3.
    "pdf.fonttype": 42,
    # The same numbers give the same bytes.
    "svg.hashsalt": "seqbench",
}
"""Settings of matplotlib."""


@dataclass(frozen=True)
class Stroke:
    """The appearance of a model, in matplotlib's words."""

    colour: str
    dash: Any
    marker: str


def stroke(look: Look) -> Stroke:
    """Return how a model is drawn.

    >>> stroke(Look(8))
    Stroke(colour='#d55e00', dash='-', marker='o')
    """
    number = look.number
    return Stroke(PALETTE[number % COLOURS], LINE_DASHES[number % DASHES], MARKERS[number % MARKS])
