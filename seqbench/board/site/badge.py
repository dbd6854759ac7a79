"""Draws a model's badge, a small SVG for a README: suite, mean rank, and whether it was verified."""

from __future__ import annotations

from dataclasses import dataclass

from seqbench.board.site.standings import OnBoard, Standings
from seqbench.report.page.page import render

_COLOURS = {"verified": "#1a7f4b", "unverified": "#5d6570", "not confirmed": "#a3320b"}
_UNITS_OF_A_CHAR = 6.7
"""Width of a character at font size 11, in the widest font that the badge names."""


@dataclass(frozen=True)
class BadgeField:
    """A field of the badge: its start, width, text and colour."""

    x: int
    width: int
    text: str
    colour: str


def badge(suite: Standings, model: OnBoard) -> str:
    """Return the badge of a model."""
    line = next(line for line in suite.overview.lines if line.model == model.name)
    rank = line.rank if line.rank == "not ranked" else f"mean rank {line.rank} of {len(suite.models)}"
    texts = (
        (f"seqbench {suite.suite.grid.name}", "#30363d"),
        (f"{model.used.name}: {rank}", "#0b5cad"),
        (", ".join(model.badges), _COLOURS[model.vouch.status]),
    )
    parts: list[BadgeField] = []
    for text, colour in texts:
        start = parts[-1].x + parts[-1].width if parts else 0
        parts.append(BadgeField(start, round(_UNITS_OF_A_CHAR * len(text)) + 14, text, colour))
    whole = "; ".join(filter(None, (", ".join(part.text for part in parts), model.choice)))
    return render(
        "badge.svg.j2", styles=(), scripts=(), parts=parts, width=parts[-1].x + parts[-1].width, told=whole
    )
