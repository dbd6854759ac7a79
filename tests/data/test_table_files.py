"""Tests that rows of every format are read as written, and unfit files refused in one clear sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from seqbench import DataError, read_tables
from seqbench.data.separated_files import read_csv
from tests.data.files import write

TEXTS = ['a "quoted", b', "NA", "None", "déjà\u2028vu"]


LABELS = [1, 0, 1, 0]


def as_rows() -> list[dict[str, object]]:
    return [{"text": text, "label": label} for text, label in zip(TEXTS, LABELS, strict=True)]


CSV = "text,label\n" + "".join('"' + t.replace('"', '""') + f'",{n}\n' for t, n in zip(TEXTS, LABELS, strict=True))


TSV = "text\tlabel\n" + "".join(f"{t}\t{n}\n" for t, n in zip(TEXTS, LABELS, strict=True))


CONTENT = {
    "a.csv": CSV,
    "a.csv.gz": CSV,
    "a.tsv": TSV,
    "a.tsv.gz": TSV.replace("\n", "\r\n"),
    "a.json": json.dumps(as_rows()),
    "a.jsonl": "".join(json.dumps(row) + "\n" for row in as_rows()),
    "a.jsonl.gz": "\n".join(json.dumps(row, ensure_ascii=False) for row in as_rows()),
}


@pytest.mark.parametrize("name", CONTENT)
def test_rows_in_any_format_then_words_and_numbers_as_written(tmp_path: Path, name: str) -> None:
    table = read_tables(write(tmp_path / name, CONTENT[name]))["all"]
    assert table["text"].tolist() == TEXTS
    assert table["label"].tolist() == LABELS


def test_parquet_and_text_lines_then_rows_as_written(tmp_path: Path) -> None:
    pd.DataFrame(as_rows()).to_parquet(tmp_path / "a.parquet")
    assert read_tables(str(tmp_path / "a.parquet"))["all"]["text"].tolist() == TEXTS
    for name in ("a.txt", "a.txt.gz"):
        table = read_tables(write(tmp_path / name, "one\n\ntwo\x85 three\r\nfour"))["all"]
        assert table["text"].tolist() == ["one", "", "two\x85 three", "four"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "", "is empty: there is not one byte"),
        ("a.csv", "text,label\n", "is empty: no row"),
        ("a.csv", "text,label\nx,1,2\ny,1,2\n", "line 2 has 3 cells, more cells than the header has names"),
        (
            "a.csv",
            'text,label\n"a\nb",1\n\ngood, really,1\n',
            r"line 5 has 3 cells, .* names \(2\): good, really,1; put a cell that holds ',' into quotation marks",
        ),
        ("a.csv", "a;b\n1;2\n1;2;3\n", r"line 3 has 3 cells, .*: 1;2;3; put a cell that holds ';'"),
        ("a.tsv", "text\tlabel\nx\t1\ny\tz\t2\n", "line 3 has 3 cells, .*; leave tabs out of cells"),
        (
            "a.csv",
            'text,label\n"x ""y""",1\n"two\nlines",1\nz,"open\nmore,2\n',
            'mark that opens a cell of line 5 is closed nowhere: z,"open; close it, and write "" for',
        ),
        (
            "a.csv",
            "text|label\ngood, really|1\n",
            "its header is separated by '|', and a file of this kind is by ','",
        ),
        ("a.tsv", "text,a;b\nx;1\n", "is separated by ';'"),
        ("a.csv", "2020-01-01,0.5,-3\n2020-01-02,0.6,2\n", "is to name the columns, and holds the number 0.5"),
        ("a.txt", "", "is empty: there is not one byte"),
        ("a.csv", "text,label,text\nx,1,y\n", "names the column 'text' twice"),
        ("a.json", '{"text": "x"}', "a list of objects, .* and it is one object with the keys text"),
        ("a.json", '[["x", 1]]', "a list of objects"),
        ("a.csv", "text\0\n\0x\0\n\0", "it has NUL bytes, as UTF-16 and binary files do"),
        ("a.parquet", "version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS.*git lfs pull"),
        ("a.csv", "version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS"),
        ("a.csv", "PK\x03\x04...", "it is a zip archive, as spreadsheets"),
        ("a.json", "[1", "cannot be read as json"),
        ("a.jsonl", '{"text": "x"}\n{"text"\n', r'line 2 is not JSON \(Expecting .*\): \{"text"; write an object'),
        ("a.jsonl", '{"text": "x"}\n3\n', "line 2 is not an object, but 3; write one, such as"),
        ("a.jsonl", '{"text": "\\ud83d"}\n', r"it holds half of a letter, '\\ud83d'"),
        ("a.csv", "x" * 200_000, "its first line is to name the columns, and begins x"),
        ("a.parquet", "no parquet", "cannot be read as parquet"),
        ("a.xlsx", "?", r"known are \.csv, \.tsv, \.json, \.jsonl, \.parquet, \.txt"),
    ],
)
def test_unfit_file_then_one_clear_sentence(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_tables(write(tmp_path / name, content))
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_lines_that_end_in_carriage_returns_then_rows(tmp_path: Path) -> None:
    file = tmp_path / "mac.csv"
    file.write_bytes(b"text,label\rgood,1\rbad,0\r")
    assert read_csv(file).values.tolist() == [["good", 1], ["bad", 0]]


def test_json_with_an_object_on_each_line_then_rows(tmp_path: Path) -> None:
    table = read_tables(write(tmp_path / "a.json", '{"text": "x", "label": 1}\n{"label": 0}\n'))["all"]
    assert table["text"].isna().tolist() == [False, True]
    assert table["label"].tolist() == [1, 0]
