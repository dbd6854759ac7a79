"""Tests that data sources are read unchanged, identified by content, and refused in one clear sentence."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from seqbench import DataError, fingerprint, read_tables

TEXTS = ['a "quoted", b', "NA", "None", "déjà\u2028vu"]
LABELS = [1, 0, 1, 0]


def write(path: Path, content: str) -> str:
    data = content.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


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


def test_numbers_with_missing_words_then_numbers_to_the_last_bit(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "t,x,y\n2020-01-01,0.1,1\n2020-01-02,NA,\n2020-01-03,1e-3,3\n")
    table = read_tables(path)["all"]
    assert table["x"].tolist()[::2] == [0.1, 1e-3]
    assert table["x"].isna().tolist() == table["y"].isna().tolist() == [False, True, False]
    assert table["t"].tolist()[0] == "2020-01-01"


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


def test_csv_with_semicolons_then_commas_stand_in_cells(tmp_path: Path) -> None:
    table = read_tables(write(tmp_path / "a.csv", "text;price\ngood, really;1,5\n;2\n"))["all"]
    assert table["text"].tolist()[0] == "good, really"
    assert table["price"].tolist() == ["1,5", "2"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "", "is empty: there is not one byte"),
        ("a.csv", "text,label\n", "is empty: no row"),
        ("a.csv", "text,label\nx,1,2\ny,1,2\n", "more cells than the header"),
        ("a.csv", 'text,label\n"x,1\n', "cannot be read as csv"),
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
        ("a.jsonl", '{"text": "x"}\n{"text"\n', "line 2: Expecting"),
        ("a.jsonl", '{"text": "x"}\n3\n', "line 2 is not an object"),
        ("a.jsonl", '{"text": "\\ud83d"}\n', r"it holds half of a letter, '\\ud83d'"),
        ("a.csv", "x" * 200_000, "cannot be read as csv"),
        ("a.parquet", "no parquet", "cannot be read as parquet"),
        ("a.xlsx", "?", r"known are \.csv, \.tsv, \.json, \.jsonl, \.parquet, \.txt"),
    ],
)
def test_unfit_file_then_one_clear_sentence(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_tables(write(tmp_path / name, content))
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_or_a_cut_archive_then_data_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"text\n\xff\xfe\n")
    with pytest.raises(DataError, match="not UTF-8 text: line 2 has the byte 0xff"):
        read_tables(str(tmp_path / "a.csv"))
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"text\nx\n" * 50)[:-9])
    with pytest.raises(DataError, match="cannot be read as csv"):
        read_tables(str(tmp_path / "b.csv.gz"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text,label\ncafé,1\n".encode("utf-16"), "it is UTF-16; save it as UTF-8"),
        ("text,label\ncafé,1\n".encode("utf-16-be"), "NUL bytes"),
        (b"\xff\xfe\0\0" + "text,label\ncafé,1\n".encode("utf-32-le"), "it is UTF-32"),
        (
            ("text,label\n" + "soup,1\n" * 5000 + "café,1\n").encode("latin-1"),
            "line 5002 has the byte 0xe9 .* where that is 'é', .*iconv -f windows-1252",
        ),
        (gzip.compress(b"text,label\nx,1\n", mtime=0), "compressed by gzip; give it a name that ends in .gz"),
        (b"PAR1....", "it is a parquet file"),
    ],
)
def test_other_encoding_or_kind_then_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_tables(str(tmp_path / "a.csv"))


def test_csv_as_spreadsheets_write_it_then_texts_as_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbftext, label\r\n"two\nlines, ""quoted""",1\r\nx,0\r\n')
    table = read_tables(str(path))["all"]
    assert table.columns.tolist() == ["text", "label"]
    assert table["text"].tolist() == ['two\nlines, "quoted"', "x"]
    assert table["label"].tolist() == [1, 0]


def test_json_with_an_object_on_each_line_then_rows(tmp_path: Path) -> None:
    table = read_tables(write(tmp_path / "a.json", '{"text": "x", "label": 1}\n{"label": 0}\n'))["all"]
    assert table["text"].isna().tolist() == [False, True]
    assert table["label"].tolist() == [1, 0]


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


def test_hub_name_then_fingerprint_holds_configuration_and_revision() -> None:
    assert fingerprint("stanfordnlp/imdb") == "hub:stanfordnlp/imdb@main"
    assert fingerprint("nyu-mll/glue:sst2@refs/convert/parquet") == "hub:nyu-mll/glue:sst2@refs/convert/parquet"


def outcome_of_hub_name(name: str, home: Path, **environment: str) -> tuple[str, float]:
    """Ask for a hub data set in a fresh process, as `datasets` reads its settings on import."""
    code = (
        "import sys, time, datasets, seqbench\n"
        "start = time.perf_counter()\n"
        "try: tables = seqbench.read_tables(sys.argv[1])\n"
        "except seqbench.DataError as error: said = str(error)\n"
        "else: said = str({part: t.to_dict('list') for part, t in tables.items()})\n"
        "assert datasets.are_progress_bars_disabled() is False\n"
        "print(said, time.perf_counter() - start, sep='\\t')\n"
    )
    settings = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    settings = {**settings, "HF_HOME": str(home), **environment}
    done = subprocess.run(
        [sys.executable, "-c", code, name], capture_output=True, text=True, check=True, env=settings
    )
    assert done.stderr == ""
    said, seconds = done.stdout.rstrip("\n").split("\t")
    return said, float(seconds)


NOBODY = "http://127.0.0.1:9"  # the discard port, where nothing listens


@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": NOBODY}])
def test_hub_out_of_reach_then_says_within_three_seconds_what_to_run(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    said, seconds = outcome_of_hub_name("stanfordnlp/imdb", tmp_path, **environment)
    assert "stanfordnlp/imdb@main is not in the cache" in said
    assert (
        "offline mode" in said if environment["HF_HUB_OFFLINE"] == "1" else "(127.0.0.1) is out of reach" in said
    )
    assert "load_dataset('stanfordnlp/imdb')" in said
    assert seconds < 3


def test_hub_out_of_reach_and_data_set_cached_then_its_rows(tmp_path: Path) -> None:
    fill_cache(tmp_path, "someone", "things", "0123abcd")
    said, seconds = outcome_of_hub_name("someone/things", tmp_path, HF_HUB_OFFLINE="0", HF_ENDPOINT=NOBODY)
    assert said == str({"train": {"text": ["NA", "x"], "label": ["neg", "pos"]}})
    assert seconds < 3
    said, _ = outcome_of_hub_name("someone/things@0123", tmp_path, HF_HUB_OFFLINE="1")
    assert said.startswith("{'train'")
    said, _ = outcome_of_hub_name("someone/things@ffff", tmp_path, HF_HUB_OFFLINE="1")
    assert "is of revision 0123abcd, not ffff" in said


def fill_cache(home: Path, owner: str, name: str, revision: str) -> None:
    """Lay a data set where `datasets` keeps those that it had from the hub."""
    code = (
        "import sys\n"
        "from datasets import ClassLabel, Dataset, Features, Value\n"
        "from datasets.packaged_modules.parquet.parquet import Parquet\n"
        "file, name, revision = sys.argv[1:]\n"
        "features = Features(text=Value('string'), label=ClassLabel(names=['neg', 'pos']))\n"
        "Dataset.from_dict({'text': ['NA', 'x'], 'label': [0, 1]}, features).to_parquet(file)\n"
        "Parquet(dataset_name=name, hash=revision, data_files={'train': file}).download_and_prepare()\n"
    )
    arguments = [str(home / "rows.parquet"), name, revision]
    environment = {**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, env=environment)
    # What comes from a local file is kept without an owner, and its configuration with a hash of the file's path.
    folder = (home / "datasets" / name).rename(home / "datasets" / f"{owner}___{name}")
    next(folder.glob("default-*")).rename(folder / "default")


def test_real_sets_then_the_rows_their_readme_counts(shared_data: Path) -> None:
    start = time.perf_counter()
    reviews = read_tables(str(shared_data / "sentiment-movie-reviews" / "reviews.csv.gz"))["all"]
    assert (len(reviews), reviews["label"].sum(), sorted(set(reviews["fold"]))) == (2000, 1000, list(range(1, 11)))
    assert reviews["text"].notna().all()
    snippets = read_tables(str(shared_data / "sentiment-mr"))["all"]
    assert snippets["label"].value_counts().to_dict() == {"pos": 5331, "neg": 5331}
    assert time.perf_counter() - start < 30
