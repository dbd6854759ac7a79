"""Tests that cells of a suite without an outcome are told one by one, or with their seeds joined."""

from __future__ import annotations

from pathlib import Path

from seqbench import Catalog
from seqbench.board.bundle.suite import grid
from seqbench.records.making import unfinished
from tests.boards import TINY, catalog


def test_cells_that_differ_only_in_seed_are_joined(tmp_path: Path) -> None:
    offers: Catalog = catalog(tmp_path)
    (tmp_path / "tiny.yaml").write_text(TINY.replace("seeds: [0, 1]", "seeds: 0..4").replace("[4, 6]", "[4]"))
    asked = grid("tiny", offers)
    records = [unfinished(cell, "ok" if cell.seed == 4 else "failed", "", {}) for cell in asked.cells]
    records = [record for record in records if record.cell.seed != 2]
    assert asked.unfinished(records) == [
        "last small T=4 seed 0: failed",
        "last small T=4 seed 1: failed",
        "last small T=4 seed 2: missing",
        "last small T=4 seed 3: failed",
    ]
    assert asked.unfinished_joined(records) == [
        "last small T=4 seeds 0, 1, 3: failed",
        "last small T=4 seed 2: missing",
    ]
