"""Tests what is told of cells of a suite: those without an outcome, and those that differ from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from seqbench import Catalog
from seqbench.board.bundle.suite import differences, grid
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


def test_difference_from_a_suite_tells_defaults_that_a_key_leaves_out(tmp_path: Path) -> None:
    asked = grid("tiny", catalog(tmp_path))
    own = asked.cells[0]
    portable = replace(own, training=own.training.model_copy(update={"arithmetic": "portable"}))
    assert differences(portable, asked) == ["training.arithmetic is 'portable', the suite has 'native'"]
    # A parameter of a task that was added later is in a key where it is not at its default.
    later = replace(own, task=replace(own.task, parameters={**own.task.parameters, "later": 5}))
    assert differences(later, asked) == ["task.parameters.later is 5, the suite has its default"]
    assert differences(own, replace(asked, cells=(later,))) == [
        "task.parameters.later is its default, the suite has 5"
    ]
    with_data = replace(own, data={"path": "1234"})
    assert differences(with_data, asked) == ["data.path is '1234', the suite has none"]
