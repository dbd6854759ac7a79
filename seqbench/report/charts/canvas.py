"""Defines the canvases of charts: their size, and the place of the plot on them.

Numbers only; imports nothing of seqbench.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Canvas:
    """The canvas of a chart, in units.

    Attributes:
        clip: the id of the clip path of its plot, in ``templates/marks.html.j2``.
        width, height: its size.
        left, right, top, bottom: the edges of the plot.
    """

    clip: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    @property
    def middle(self) -> float:
        """The middle of the x axis, where its label stands."""
        return (self.left + self.right) / 2

    @property
    def half(self) -> float:
        """The middle of the y axis."""
        return (self.top + self.bottom) / 2


WIDE = Canvas("plot", 640, 420, 104, 624, 14, 342)
"""A chart of ordinary width shows two of its units per pixel."""

SMALL = Canvas("plot-small", 400, 312, 66, 384, 14, 232)
"""A panel among others, about 220 pixels wide."""
