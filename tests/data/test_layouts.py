"""Tests that the layouts of data sets are found: clones of hub repositories, shards, a folder for each class."""

from __future__ import annotations

import warnings
from pathlib import Path

import datasets
import pandas as pd
import pytest
from seqbench_sentiment.task import Sentiment
from seqbench_word_order.task import WordOrder

from seqbench import DataError, fingerprint, read_tables


def lay(folder: Path, files: dict[str, str]) -> str:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return str(folder)


def texts_of(folder: str) -> dict[str, list[str]]:
    return {part: table["text"].tolist() for part, table in read_tables(folder).items()}


def test_clone_of_a_hub_repository_then_its_splits_with_the_names_of_classes(tmp_path: Path) -> None:
    features = datasets.Features(text=datasets.Value("string"), label=datasets.ClassLabel(names=["neg", "pos"]))
    (tmp_path / "plain_text").mkdir()
    for part, shards in (("train", 2), ("test", 1)):
        for shard in range(shards):
            rows = datasets.Dataset.from_dict({"text": [f"{part} {shard}", "x"], "label": [1, -1]}, features)
            rows.to_parquet(tmp_path / "plain_text" / f"{part}-0000{shard}-of-0000{shards}.parquet")
    lay(tmp_path, {"README.md": "about", ".gitattributes": "*", ".git/HEAD": "x", "dataset_infos.json": "{}"})
    tables = read_tables(str(tmp_path))
    assert list(tables) == ["train", "test"]
    assert tables["train"]["text"].tolist() == ["train 0", "x", "train 1", "x"]
    assert tables["train"]["label"].tolist()[::2] == ["pos", "pos"]
    assert tables["train"]["label"].isna().tolist() == [False, True] * 2


def test_several_configurations_then_named_and_one_is_to_be_chosen(tmp_path: Path) -> None:
    clone = lay(tmp_path, {f"{name}/train-00000-of-00001.csv": f"text\n{name}\n" for name in ("de", "en")})
    for ask in (read_tables, fingerprint):
        with pytest.raises(DataError, match="configurations of one: de, en; name one of them, such as .*/de"):
            ask(clone)
    assert texts_of(f"{clone}/en") == {"train": ["en"]}


def test_shards_then_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = [f"train_{i}.csv" for i in range(11)]
    folder = lay(tmp_path, {name: f"text\n{name}\n" for name in [*names, "data.txt"]})
    assert texts_of(folder) == {"train": names}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["train-00000-of-00003.csv", "train-00002-of-00003.csv"], "number 1 is not among them"),
        (["train-00000-of-00002.csv"], "number 1 is not among them"),
        (["train_0.csv", "train_2.csv"], "number 1 is not among them"),
        (["train.csv", "train-00000-of-00001.csv"], "two files for train: train-00000-of-00001.csv and train.csv"),
        (["train_0.csv", "train_1.jsonl"], "two files for train"),
        (["train/0000.csv", "train/0001.jsonl"], "files of several kinds: csv, jsonl"),
        (["train/a.csv", "val/a.csv", "dev/a.csv"], "two folders for validation: dev and val"),
    ],
)
def test_shards_that_do_not_belong_together_then_says_so(tmp_path: Path, names: list[str], said: str) -> None:
    folder = lay(tmp_path, {name: '{"text": 1}' if name.endswith("jsonl") else "text\nx\n" for name in names})
    with pytest.raises(DataError, match=said):
        read_tables(folder)


def test_shards_with_other_columns_then_named(tmp_path: Path) -> None:
    folder = lay(tmp_path, {"train_0.csv": "text,label\nx,1\n", "train_1.csv": "text,stars\nx,1\n"})
    with pytest.raises(
        DataError, match="train_1.csv has the columns text, stars, and train_0.csv has text, label"
    ):
        read_tables(folder)


def reviews(part: str, n: int) -> dict[str, str]:
    """Return a file for each text, as the large movie review data set has them."""
    words = {"pos": "fine", "neg": "poor"}
    return {
        f"{part}/{label}/{i}_{i % 9}.txt": f"A {word} film.<br /><br />It was {word} {part}.\nNumber {i} of many."
        for label, word in words.items()
        for i in range(n)
    }


def test_folder_for_each_split_and_class_then_a_text_a_file_and_unlabelled_left_out(tmp_path: Path) -> None:
    unlabelled = {f"train/unsup/{i}_0.txt": "An odd film" for i in range(3)}
    strays = {"train/urls_pos.txt": "a", "train/urls_neg.txt": "b", "imdb.vocab": "the", "README": "about"}
    folder = lay(tmp_path, {**reviews("train", 20), **reviews("test", 5), **unlabelled, **strays})
    tables = read_tables(folder)
    assert {part: table["label"].value_counts().to_dict() for part, table in tables.items()} == {
        "train": {"neg": 20, "pos": 20},
        "test": {"neg": 5, "pos": 5},
    }
    for _ in range(2):  # made, and from the cache
        with pytest.warns(UserWarning, match=r"left out: train/unsup \(3 texts without a label\)"):
            data = Sentiment(data=folder).load(20, 0)
    assert data.facts["left_out"] == "train/unsup (3 texts without a label)"
    assert data.facts["test_examples"] == 10
    assert "<br" not in data.show(0)
    before = fingerprint(folder)
    lay(
        tmp_path,
        {"NOTES.md": "not read", "train/pos/Thumbs.db": "", "test/neg/desktop.ini": "", "test/.DS_Store": ""},
    )
    assert fingerprint(folder) == before
    (tmp_path / "train/pos/0_0.txt").rename(tmp_path / "train/neg/0_00.txt")
    assert fingerprint(folder) != before


def test_folder_for_each_class_without_splits_then_all_and_splits_are_drawn(tmp_path: Path) -> None:
    folder = lay(tmp_path, {name.removeprefix("train/"): text for name, text in reviews("train", 30).items()})
    table = read_tables(folder)["all"]
    assert len(table) == 60
    assert set(table["label"]) == {"pos", "neg"}
    data = Sentiment(data=folder).load(20, 0)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [48, 6, 6]


def test_folders_of_text_files_without_classes_then_text_for_word_order(tmp_path: Path) -> None:
    parts = {
        f"{part}/{i}.txt": f"A{i % 4} {part} sees b{i % 3}.\n\nThe {part} is c{i % 5} d{i % 2}"
        for part in ("train", "val", "test")
        for i in range(12)
    }
    folder = lay(tmp_path, parts)
    assert {part: len(texts) for part, texts in texts_of(folder).items()} == {
        "train": 12,
        "validation": 12,
        "test": 12,
    }
    data = WordOrder(data=folder).load(5, 0)
    assert data.facts["train_sentences"] == 12 + 10


def test_folder_that_may_not_be_looked_at_then_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)  # root may look at all folders
    with pytest.raises(DataError, match="cannot be looked at: permission denied"):
        read_tables(str(tmp_path))


def test_shards_of_numbers_then_one_table(tmp_path: Path) -> None:
    for shard in range(2):
        frame = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=3) + pd.Timedelta(days=3 * shard)})
        frame.assign(x=range(3)).to_parquet(tmp_path / f"train-0000{shard}-of-00002.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = read_tables(str(tmp_path))["train"]
    assert table["date"].diff().dropna().unique().tolist() == [pd.Timedelta(days=1)]
    assert table.index.tolist() == list(range(6))


def test_files_of_classes_for_each_split_then_the_splits(tmp_path: Path) -> None:
    sides = {"train.en": "a\nb\n", "train.de": "c\nd\n", "dev.en": "e\n", "dev.de": "f\n", "test.de": "h\n"}
    folder = lay(tmp_path, {**sides, "test.en": "g\n", "README.md": "about"})
    tables = read_tables(folder)
    assert list(tables) == ["train", "validation", "test"]
    assert texts_of(folder) == {"train": ["c", "d", "a", "b"], "validation": ["f", "e"], "test": ["h", "g"]}
    assert tables["train"]["label"].tolist() == ["de", "de", "en", "en"]
    before = fingerprint(folder)
    (tmp_path / "test.en").write_text("other\n")
    assert fingerprint(folder) != before


@pytest.mark.parametrize(
    ("name", "said"), [("extra", "belong to no split"), ("valid", "are a second set for validation")]
)
def test_files_of_classes_that_belong_to_no_split_or_to_one_twice_then_said(
    tmp_path: Path, name: str, said: str
) -> None:
    stems = ("train", "dev", name)
    folder = lay(tmp_path, {f"{stem}.{side}": "a\n" for stem in stems for side in ("en", "de")})
    with pytest.raises(DataError, match=f"{name}.de, {name}.en {said}"):
        read_tables(folder)


def test_splits_named_after_their_data_set_then_found_by_the_end_of_their_names(tmp_path: Path) -> None:
    folder = lay(tmp_path / "wiki", {f"wiki.{part}.tokens": f"{part}\n" for part in ("test", "train", "valid")})
    assert texts_of(folder) == {"train": ["train"], "validation": ["valid"], "test": ["test"]}
    ptb = lay(tmp_path / "ptb", {"ptb-train.txt": "a\n", "ptb-test.txt": "b\n", "README.md": "about"})
    assert texts_of(ptb) == {"train": ["a"], "test": ["b"]}


def test_splits_of_two_data_sets_or_without_a_training_text_then_no_splits(tmp_path: Path) -> None:
    two = lay(tmp_path / "two", {"a.train.txt": "a\n", "b.test.txt": "b\n"})
    assert read_tables(two)["all"]["label"].tolist() == ["a.train", "b.test"]
    twice = lay(tmp_path / "twice", {f"a.{part}.txt": "a\n" for part in ("train", "valid", "dev")})
    with pytest.raises(DataError, match="two files for one split: a.dev.txt, a.train.txt, a.valid.txt; keep one"):
        read_tables(twice)
