"""Tests that a row of a table is found on the line where an editor shows it.

Modules: seqbench.data.separated_lines.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from seqbench import place_of_row, read_tables
from tests.data.files import write

QUOTED = 'text,label\n"two\nlines",0\n\n  \n"a ""b"", c",1\nplain "quotes" inside,2\r\n,3\n"",4\n"\n\n",5\nlast,6'


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("a.csv", QUOTED, [2, 6, 7, 8, 9, 10, 13]),
        ("a.csv.gz", QUOTED, [2, 6, 7, 8, 9, 10, 13]),
        ("a.csv", "\ufeff" + QUOTED.replace(",", ";"), [2, 6, 7, 8, 9, 10, 13]),
        ("a.tsv", 'text\tlabel\n"open\t0\n\nb\t1\n\t2\n', [2, 4, 5]),
        ("a.jsonl", '{"label": 0}\n\n{"label": 1}\n', [1, 3]),
        ("a.json", '{"label": 0}\n\n{"label": 1}\n', [1, 3]),
        ("a.txt", "one\n\ntwo\n", [1, 2, 3]),
    ],
)
def test_row_is_on_the_line_that_an_editor_shows(
    tmp_path: Path, name: str, content: str, lines: list[int]
) -> None:
    table = read_tables(write(tmp_path / name, content))["all"]
    if "label" in table:
        # The oracle: pandas reads as many rows, and the labels count them.
        assert table["label"].tolist() == list(range(len(lines)))
    assert [place_of_row(table, row) for row in range(len(table))] == [f"line {line}" for line in lines]


def test_part_and_column_of_a_table_still_know_their_lines(tmp_path: Path) -> None:
    table = read_tables(write(tmp_path / "a.csv", "text,split\na,train\nb,test\nc,train\n"))["all"]
    for _, group in table.groupby("split"):
        for row in group.index:
            assert place_of_row(group["text"].dropna().str.strip(), row) == f"line {row + 2}"
    assert place_of_row(table.drop(columns="split")[["text"]].iloc[[2, 0]], 2) == "line 4"


def test_row_of_a_file_without_lines_and_of_a_table_in_memory_is_counted(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": ["a", "b"]})
    table.to_parquet(tmp_path / "a.parquet")
    write(tmp_path / "a.json", json.dumps([{"text": "a"}, {"text": "b"}], indent=1))
    found = [read_tables(tmp_path / name)["all"] for name in ("a.parquet", "a.json")]
    assert [place_of_row(each, 1) for each in (table, *found)] == ["row 2"] * 3


def test_row_of_shards_comes_with_the_name_of_its_file(tmp_path: Path) -> None:
    for shard in range(2):
        write(tmp_path / f"train_{shard}.csv", 'text\n"a\nb"\nc\n')
    (table,) = read_tables(tmp_path).values()
    assert [place_of_row(table, row) for row in range(4)] == [
        "line 2 of train_0.csv",
        "line 4 of train_0.csv",
        "line 2 of train_1.csv",
        "line 4 of train_1.csv",
    ]


def test_file_that_has_changed_or_gone_is_counted_in_rows(tmp_path: Path) -> None:
    table = read_tables(write(tmp_path / "a.csv", "text\na\nb\n"))["all"]
    write(tmp_path / "a.csv", "text\na\n")
    assert place_of_row(table, 1) == "row 2"
    (tmp_path / "a.csv").unlink()
    assert place_of_row(table, 0) == "row 1"
