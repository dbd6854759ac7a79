"""Tests that two folders are compared from Python as the command does, and shown as tables.

Modules: seqbench.records.sides, seqbench.records.data_names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from seqbench import StoreError, compare
from seqbench.cli.main import cli
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.report.compare import seen_together
from seqbench.report.tables.changes import changes
from tests.records.test_variants import from_file, tuned
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


ONE, OTHER = (f"file mine.py sha256:{part * 12}" for part in "ab")


def lines(before: Sequence[Record], after: Sequence[Record]) -> list[str]:
    return list(changes(*seen_together(before, after)).lines)


def test_equal_cells_meet_where_one_side_has_more_variants_than_the_other() -> None:
    # The contents of a plugin file are in no key: the cell of T=8 has one key, and two contents.
    before = [from_file("model", ONE, 8), from_file("model", OTHER, 16)]
    after = [from_file("model", OTHER, 8), from_file("model", OTHER, 16)]
    assert before[0].key == after[0].key
    assert lines(before, after) == [
        "1 cell in both folders; 1 of them with the same score to the last bit.",
        "Only before: 1 cell (lstm (file sha256=aaaaaaaaaaaa) on copy).",
        "Only after: 1 cell (lstm (file sha256=bbbbbbbbbbbb) on copy).",
    ]
    for other in (record(0.6, hidden_size=9), record(0.6, training={"steps": 9}), tuned(0.001, 12)):
        more = [record(0.5), other]
        assert lines(more, [other])[0].startswith("1 cell in both folders; 1 of them")
        assert lines([other], more)[0].startswith("1 cell in both folders; 1 of them")


def test_what_differs_between_the_sides_alone_keeps_no_cells_apart() -> None:
    pairs = (
        ([from_file("model", ONE, 8)], [from_file("model", OTHER, 8)]),
        ([record(0.5, hidden_size=8)], [record(0.5, hidden_size=9)]),
        ([tuned(0.001, 8)], [tuned(0.01, 8)]),
        ([tuned(0.001, 8)], [tuned(0.001, 8, search="ddddeeeeffff")]),
        # Two widths on each side, all of them trained longer after.
        (
            [record(0.5, hidden_size=size) for size in (8, 9)],
            [record(0.5, hidden_size=size, training={"steps": 9}) for size in (8, 9)],
        ),
    )
    for before, after in pairs:
        count = "2 cells" if len(before) == 2 else "1 cell"
        assert lines(before, after) == [
            f"{count} in both folders; {len(before)} of them with the same score to the last bit."
        ]


def test_data_are_told_apart_by_their_content_where_one_side_has_two_of_a_name() -> None:
    first, second = (with_data(fingerprint) for fingerprint in ("sha256:aaaa", "sha256:bbbb"))
    assert lines([first], [second])[0].startswith("1 cell in both folders")
    assert lines([first, second], [second])[1:] == ["Only before: 1 cell (lstm on copy (file=x.csv aaaa))."]


def with_data(fingerprint: str) -> Record:
    own = record(0.5)
    task = own.cell.task.model_copy(update={"parameters": {"file": "x.csv"}})
    cell = own.cell.model_copy(update={"task": task, "data": {"file": fingerprint}})
    return own.model_copy(update={"key": f"{fingerprint} {own.key}", "cell": cell})
