"""Draws the house, its rooms in layers and the way of a run through them, as docs/house.svg.

    python -m benchmarks.structure_picture > docs/house.svg

The layers are those that import-linter keeps (pyproject.toml); the purpose of a room is the first line of its
``__init__``. A test compares the file with this drawing.
"""

from __future__ import annotations

import ast
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WIDTH, GAP, MARGIN = 960, 8, 16
WAY = {
    "cli": "1",
    "experiment": "2",
    "plugins": "3",
    "running": "4, 9",
    "executors": "5",
    "training": "6",
    "network": "7",
    "gradients": "8",
    "records": "10",
    "report": "11",
}
"""Room -> when a run comes through it."""
CAPTION = (
    "Imports go down only. Numbers: the way of a run. 1 command, 2 its file and options, 3 cells of what plugins"
    " offer, 4 what is left to run, 5 a process for each cell, 6 data, fit and test, 7 network, 8 gradient flow,"
    " 9 and 10 the record is kept, 11 tables."
)


def main() -> None:
    """Print the picture."""
    print(picture(layers(), {room: purpose(room) for layer in layers() for room in layer}), end="")


def layers() -> list[list[str]]:
    """Return the rooms of each layer, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    found = next(contract["layers"] for contract in contracts if contract["name"].startswith("Rooms"))
    return [layer.split(" | ") for layer in found]


def purpose(room: str) -> str:
    """Return the first sentence of a room's docstring."""
    path = ROOT / "seqbench" / room
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return (ast.get_docstring(ast.parse(file.read_text())) or "").partition("\n")[0]


def picture(rows: Sequence[Sequence[str]], purposes: dict[str, str]) -> str:
    """Return the SVG.

    Args:
        rows: rooms of each layer, the highest first.
        purposes: room -> what it is for.
    """
    caption = textwrap.wrap(CAPTION, 130)
    described = [[(room, textwrap.wrap(purposes[room], _letters(len(row)))) for room in row] for row in rows]
    heights = [30 + 15 * max(len(what) for _, what in row) for row in described]
    below = MARGIN + sum(heights) + GAP * len(rows)
    height = below + MARGIN + 18 * len(caption)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        "<title>The rooms of seqbench, in layers</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
    ]
    y = MARGIN
    for row, high in zip(described, heights, strict=True):
        width = _width(len(row))
        for j, (room, what) in enumerate(row):
            lines += _box(room, what, MARGIN + j * (width + GAP), y, width, high)
        y += high + GAP
    lines += [
        f'<text x="{MARGIN}" y="{below + 14 + 18 * i}" font-size="13" fill="#333333">{escape(text)}</text>'
        for i, text in enumerate(caption)
    ]
    return "\n".join([*lines, "</svg>", ""])


def _width(rooms: int) -> float:
    return (WIDTH - 2 * MARGIN - GAP * (rooms - 1)) / rooms


def _letters(rooms: int) -> int:
    # A letter of 12 pixels is 6 wide, on average.
    return int((_width(rooms) - 20) / 6.1)


def _box(room: str, what: Sequence[str], x: float, y: float, width: float, height: int) -> Iterator[str]:
    colours = 'rx="5" fill="#eef3f8" stroke="#5b7fa6"'
    yield f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height}" {colours}/>'
    name = f'<tspan font-weight="bold">{room}</tspan>'
    number = f'<tspan dx="8" font-size="13" fill="#a04000">{WAY[room]}</tspan>' if room in WAY else ""
    yield f'<text x="{x + 10:.0f}" y="{y + 20:.0f}" font-size="15" fill="#1d3550">{name}{number}</text>'
    for i, text in enumerate(what):
        place = f'x="{x + 10:.0f}" y="{y + 37 + 15 * i:.0f}"'
        yield f'<text {place} font-size="12" fill="#333333">{escape(text)}</text>'


if __name__ == "__main__":
    main()
