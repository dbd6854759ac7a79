"""Tests that the picture of the house in docs/ is the one of today's rooms."""

from __future__ import annotations

from pathlib import Path

from benchmarks.structure_picture import layers, picture, purpose

ROOT = Path(__file__).parents[2]


def test_picture_in_docs_is_that_of_the_layers_and_docstrings_of_today() -> None:
    rows = layers()
    drawn = picture(rows, {room: purpose(room) for row in rows for room in row})
    assert (ROOT / "docs" / "house.svg").read_text() == drawn, (
        "run: python -m benchmarks.structure_picture > docs/house.svg"
    )


def test_every_room_is_drawn_with_its_purpose() -> None:
    rooms = {path.parent.name for path in (ROOT / "seqbench").glob("*/__init__.py")} | {"errors"}
    assert {room for row in layers() for room in row} == rooms
    drawn = picture([["a", "b"], ["c"]], {"a": "Does A.", "b": "Does <B>.", "c": "Does C."})
    assert [drawn.count(text) for text in ("Does A.", "Does &lt;B&gt;.", "Does C.")] == [1, 1, 1]
