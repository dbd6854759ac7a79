"""Writes a curve as a compact SVG path without a visible loss.

Points are whole units of the chart, points on a straight line are left out, and moves are relative. Numbers in,
text out; imports nothing of seqbench.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

Point = tuple[float, float]
Item = TypeVar("Item")

TOLERANCE = 0.6
"""Largest distance of a point from the drawn line; a chart is 640 units wide and about 320 pixels."""


def line(points: Iterable[Point | None]) -> str:
    """Return the ``d`` of a path through the points; a None is a gap.

    >>> line([(0, 0), (10, 5), (20, 10), None, (40, 0), (50, 9)])
    'M0 0l20 10M40 0l10 9'
    """
    return "".join(_stroke(piece) for piece in _pieces(points))


def band(lows: Sequence[Point | None], highs: Sequence[Point | None]) -> str:
    """Return the ``d`` of the area between two curves, with a gap where one of them has no point.

    >>> band([(0, 9), (10, 9)], [(0, 1), (10, 3)])
    'M0 1l10 2l0 6l-10 0z'
    """
    both = [(low, high) if low and high else None for low, high in zip(lows, highs, strict=True)]
    areas = []
    for piece in _runs(both):
        area = [*_simple([high for _, high in piece]), *reversed(_simple([low for low, _ in piece]))]
        areas.append(_moves(area) + "z")
    return "".join(areas)


def _stroke(points: Sequence[Point]) -> str:
    return _moves(_simple(points)) if len(points) > 1 else ""


def _pieces(points: Iterable[Point | None]) -> list[list[Point]]:
    return _runs(list(points))


def _runs(items: Sequence[Item | None]) -> list[list[Item]]:
    """Return the longest stretches without a None."""
    runs: list[list[Item]] = [[]]
    for item in items:
        if item is None:
            runs.append([])
        else:
            runs[-1].append(item)
    return [run for run in runs if run]


def _simple(points: Sequence[Point]) -> list[Point]:
    """Drop the points on the line between their neighbours (Douglas and Peucker 1973)."""
    if len(points) < 3:
        return list(points)
    (x0, y0), (x1, y1) = points[0], points[-1]
    norm = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
    offs = [abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / norm for x, y in points[1:-1]]
    far = max(range(len(offs)), key=offs.__getitem__)
    if offs[far] <= TOLERANCE:
        return [points[0], points[-1]]
    return [*_simple(points[: far + 2])[:-1], *_simple(points[far + 1 :])]


def _moves(points: Sequence[Point]) -> str:
    places = [(round(x), round(y)) for x, y in points]
    steps = [(x - a, y - b) for (a, b), (x, y) in pairwise(places)]
    return f"M{places[0][0]} {places[0][1]}" + "".join(f"l{dx} {dy}" for dx, dy in steps)
