"""Tests that two folders are compared from Python as the command does, and shown as tables."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from seqbench import StoreError, compare
from seqbench.cli.main import cli
from seqbench.records.store import Store
from tests.report.tables.test_changes import runs
from tests.report.tables.test_scores import record


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("compare")
    for name, score, seed in (("a", 0.6, 1), ("b", 0.7, 2)):
        for each in runs(score, seed=seed):
            Store(folder / name).write(each)
    return folder / "a", folder / "b"


def test_tables_are_numbers_and_the_text_is_that_of_the_command(sides: tuple[Path, Path]) -> None:
    found = compare(*sides)
    assert set(found.tables) == {"models", "skill", "speed"}
    models = found.tables["models"]
    assert list(models["finding"]) == ["better"]
    assert models["p (Holm)"].dtype == "float64"
    assert (found.tables["skill"]["change"] > 0).all()
    said = CliRunner().invoke(cli, ["compare", *map(str, sides)], catch_exceptions=False, env={"COLUMNS": "120"})
    assert [line.rstrip() for line in repr(found).splitlines()] == [
        line.rstrip() for line in said.stdout.rstrip().splitlines()
    ]


def test_notebook_gets_tables_and_escaped_names(sides: tuple[Path, Path], tmp_path: Path) -> None:
    root = ElementTree.fromstring(compare(*sides)._repr_html_())
    assert [len(list(each.iter("tr"))) for each in root.iter("table")] == [2, 3, 3]
    Store(tmp_path / "c").write(record(model="<script>alert(1)"))
    html = compare(tmp_path / "c", tmp_path / "c")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_several_folders_are_one_side(sides: tuple[Path, Path]) -> None:
    one, other = sides
    assert compare([one, one], other).lines == compare(one, other).lines


def test_missing_side_is_told(sides: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        compare(sides[0], tmp_path / "nowhere")
