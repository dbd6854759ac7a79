"""Tests that data sources are identified by content, and refused in one clear sentence."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqbench import DataError, fingerprint, read_tables
from tests.data.files import write


def test_folder_of_splits_in_mixed_formats_then_each_under_its_name(tmp_path: Path) -> None:
    write(tmp_path / "train.csv.gz", "text\nx\n")
    write(tmp_path / "dev.jsonl", '{"text": "y"}\n')
    write(tmp_path / "test.txt", "z\n")
    write(tmp_path / "README.md", "no data")
    tables = read_tables(str(tmp_path))
    assert {part: table["text"].tolist() for part, table in tables.items()} == {
        "train": ["x"],
        "validation": ["y"],
        "test": ["z"],
    }


@pytest.mark.parametrize("names", [("r.pos", "r.neg"), ("pos.txt", "neg.txt"), ("r.pos.gz", "r.neg.gz")])
def test_folder_with_a_file_for_each_class_then_labels_from_names(tmp_path: Path, names: tuple[str, str]) -> None:
    for name, text in zip(names, ["fine\ngood\n", "bad\n"], strict=True):
        write(tmp_path / name, text)
    write(tmp_path / "README-first.txt", "no data")
    write(tmp_path / "README.md", "no data")
    table = read_tables(str(tmp_path))["all"]
    assert sorted(zip(table["text"], table["label"], strict=True)) == [
        ("bad", "neg"),
        ("fine", "pos"),
        ("good", "pos"),
    ]


def test_fingerprint_when_moved_or_changed_then_same_or_new(tmp_path: Path) -> None:
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    write(one, "text\nx\n")
    before = fingerprint(str(one))
    assert before == "csv:sha256:" + hashlib.sha256(b"text\nx\n").hexdigest()
    one.rename(other)
    assert fingerprint(str(other)) == before
    write(other, "text\ny\n")
    assert fingerprint(str(other)) != before


def test_fingerprint_of_a_folder_then_roles_and_bytes_count_and_nothing_else(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder, (train, test) in zip(folders, [("x", "y"), ("x", "y"), ("y", "x")], strict=True):
        folder.mkdir()
        write(folder / "train.txt", train)
        write(folder / "test.txt", test)
    write(folders[1] / "NOTES.md", "not read")
    a, b, c = (fingerprint(str(folder)) for folder in folders)
    assert a == b != c


def test_rows_when_the_file_changes_within_its_time_stamp_then_fresh(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for text in ("old", "new"):
        write(path, f"text\n{text}\n")
        os.utime(path, (1e9, 1e9))
        assert read_tables(str(path))["all"]["text"].tolist() == [text]


def test_fingerprint_and_its_import_then_no_heavy_library(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text\nx\n")
    code = (
        "import sys, seqbench; seqbench.fingerprint(sys.argv[1]); seqbench.fingerprint('stanfordnlp/imdb');"
        "print([m for m in ('torch', 'datasets', 'pandas', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["test.csv"], "no train file"),
        (["train.csv", "train.jsonl"], "two files for train: train.csv and train.jsonl"),
        (["reviews.csv"], "it has reviews.csv. Name one file"),
        ([], "it has no data"),
        (["a.pos", "a.neg", "b.pos", "b.neg"], "which files of"),
    ],
)
def test_unfit_folder_then_says_what_is_in_it(tmp_path: Path, names: list[str], said: str) -> None:
    for name in names:
        write(tmp_path / name, "text\nx\n")
    for ask in (read_tables, fingerprint):
        with pytest.raises(DataError, match=said):
            ask(str(tmp_path))


def test_what_is_no_file_then_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nothing.csv")
    for name, said in [
        (str(tmp_path / "pipe"), "cannot be read: it is a pipe, and a plain file is needed"),
        ("/dev/null", "it is a device"),
        (str(tmp_path / "link.csv"), r"is a link to .*nothing\.csv, where nothing is"),
        ("x" * 5000, "cannot be read: file name too long"),
    ]:
        for ask in (read_tables, fingerprint):
            with pytest.raises(DataError, match=said):
                ask(name)


@pytest.mark.parametrize("name", ["nowhere.csv", "./nowhere", "~/nowhere/at/all", "/a/b", "a/b/c", "two words"])
def test_missing_path_then_the_place_looked_at(name: str) -> None:
    for ask in (read_tables, fingerprint):
        with pytest.raises(DataError, match=r"no such file or folder: .* \(looked at /"):
            ask(name)


def test_real_sets_then_the_rows_their_readme_counts(shared_data: Path) -> None:
    start = time.perf_counter()
    reviews = read_tables(str(shared_data / "sentiment-movie-reviews" / "reviews.csv.gz"))["all"]
    assert (len(reviews), reviews["label"].sum(), sorted(set(reviews["fold"]))) == (2000, 1000, list(range(1, 11)))
    assert reviews["text"].notna().all()
    snippets = read_tables(str(shared_data / "sentiment-mr"))["all"]
    assert snippets["label"].value_counts().to_dict() == {"pos": 5331, "neg": 5331}
    assert time.perf_counter() - start < 30
