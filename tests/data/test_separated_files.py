"""Tests that numbers, marks and quotes in tables of separated cells are read as spreadsheets write them."""

from __future__ import annotations

from pathlib import Path

from seqbench import read_tables
from tests.data.files import write


def test_numbers_with_missing_words_then_numbers_to_the_last_bit(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "t,x,y\n2020-01-01,0.1,1\n2020-01-02,NA,\n2020-01-03,1e-3,3\n")
    table = read_tables(path)["all"]
    assert table["x"].tolist()[::2] == [0.1, 1e-3]
    assert table["x"].isna().tolist() == table["y"].isna().tolist() == [False, True, False]
    assert table["t"].tolist()[0] == "2020-01-01"


def test_csv_with_semicolons_then_commas_stand_in_cells(tmp_path: Path) -> None:
    table = read_tables(write(tmp_path / "a.csv", "text;price\ngood, really;1,5\n;2\n"))["all"]
    assert table["text"].tolist()[0] == "good, really"
    assert table["price"].tolist() == ["1,5", "2"]


def test_csv_as_spreadsheets_write_it_then_texts_as_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbftext, label\r\n"two\nlines, ""quoted""",1\r\nx,0\r\n')
    table = read_tables(str(path))["all"]
    assert table.columns.tolist() == ["text", "label"]
    assert table["text"].tolist() == ['two\nlines, "quoted"', "x"]
    assert table["label"].tolist() == [1, 0]
