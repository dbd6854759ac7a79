"""Tests which recordings a folder, a table or a data set lists, and that fingerprints are of their content.

Modules: seqbench_speech.reading.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from seqbench_speech.listing import Columns, content_fingerprint, list_recordings

from seqbench import DataError

PATTERN = "{label}_{speaker}_{take}.wav"
COLUMNS = Columns("path", "text", "speaker")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a folder of files that are named as recordings."""
    there = tmp_path / "there"
    (there / "deep").mkdir(parents=True)
    for name in ("7_anna_0.wav", "deep/3_ben_1.FLAC", "3_anna_2.ogg", ".hidden_x_1.wav", "README.md"):
        (there / name).write_text(name)
    return there


def told(data: Path | str, columns: Columns = COLUMNS, pattern: str = PATTERN) -> list[tuple[str, ...]]:
    return [tuple(each.said)[:4] for each in list_recordings(str(data), pattern, columns)]


def test_folder_lists_its_recordings_in_order_by_the_names_of_files(folder: Path) -> None:
    assert told(folder) == [("3", "anna", "2", "all"), ("7", "anna", "0", "all"), ("3", "ben", "1", "all")]


def test_folders_of_splits_are_splits_if_all_recordings_are_in_some(folder: Path) -> None:
    for part in ("train", "dev", "test"):
        (folder / part).mkdir()
        (folder / part / f"1_{part}_0.wav").write_text(part)
    with pytest.raises(DataError, match=r"recording .* is in none of the folders train, validation and test"):
        told(folder)
    for path in (*folder.glob("*.*"), *folder.glob("deep/*")):
        path.unlink()
    assert sorted((speaker, part) for _, speaker, _, part in told(folder)) == [
        ("dev", "validation"),
        ("test", "test"),
        ("train", "train"),
    ]


def test_folder_without_recordings_and_a_single_one_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_text("")
    with pytest.raises(DataError, match=r"has no recording \(\.wav, \.flac or \.ogg\) and no table of recordings"):
        told(tmp_path)
    (tmp_path / "a.wav").write_text("")
    with pytest.raises(DataError, match=r"a\.wav is one recording; name a folder"):
        content_fingerprint(str(tmp_path / "a.wav"), COLUMNS)


def test_name_that_does_not_fit_the_pattern_is_told(folder: Path) -> None:
    (folder / "seven.wav").write_text("")
    with pytest.raises(
        DataError, match=r"recording seven.wav in .* does not fit the pattern .*--set speech.pattern="
    ):
        told(folder)


def test_table_of_paths_lists_what_stands_beside_it(folder: Path) -> None:
    rows = pd.DataFrame(
        {"path": ["7_anna_0.wav", "3_anna_2.ogg"], "text": ["seven", "three"], "speaker": ["a", "b"]}
    )
    rows.to_csv(folder / "all.csv", index=False)
    rows.drop(columns="speaker").to_json(folder / "all.jsonl", orient="records", lines=True)
    assert told(folder / "all.csv") == [("seven", "a", "", "all"), ("three", "b", "", "all")]
    assert told(folder / "all.jsonl") == [("seven", "", "", "all"), ("three", "", "", "all")]
    sounds = [each.sound for each in list_recordings(str(folder / "all.csv"), PATTERN, COLUMNS)]
    assert sounds == [folder / "7_anna_0.wav", folder / "3_anna_2.ogg"]


def test_folder_of_tables_keeps_its_splits(folder: Path) -> None:
    for part in ("train", "test"):
        (folder / f"{part}.csv").write_text("path,text\n7_anna_0.wav,seven\n")
    assert told(folder) == [("seven", "", "", "train"), ("seven", "", "", "test")]


def test_audio_column_of_a_hugging_face_data_set_is_read_without_decoding(tmp_path: Path) -> None:
    from datasets import Audio, ClassLabel, Dataset

    rows = {"audio": [{"bytes": b"sound", "path": "a.wav"}] * 2, "label": [1, 0], "who": ["a", "b"]}
    # Cast, since encoding a row takes torchcodec, as decoding does.
    given = Dataset.from_dict(rows).cast_column("audio", Audio())
    given = given.cast_column("label", ClassLabel(names=["no", "yes"]))
    assert given.to_pandas()["audio"].tolist() == rows["audio"]
    given.to_parquet(tmp_path / "train.parquet")
    found = list_recordings(str(tmp_path), PATTERN, Columns("audio", "label", "who"))
    assert [(each.sound, each.said.text, each.said.speaker, each.said.part) for each in found] == [
        (b"sound", "yes", "a", "train"),
        (b"sound", "no", "b", "train"),
    ]


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        ("file,text", "a.wav,b", "no column 'path'.*speech.audio_column"),
        ("path,word", "a.wav,b", "no column 'text'.*speech.text_column"),
        ("path,text", ",b", "line 2 of .* has no recording in the column 'path'"),
        ("path,text", "http://there/a.wav,b", "holds the address 'http://there/a.wav'; download"),
        ("path,text", "a.wav,", "have no label in 'text'"),
    ],
)
def test_unfit_table_is_told(tmp_path: Path, header: str, row: str, words: str) -> None:
    (tmp_path / "all.csv").write_text(f"{header}\n{row}\na.wav,b\n" if row.endswith(",") else f"{header}\n{row}\n")
    with pytest.raises(DataError, match=words):
        told(tmp_path / "all.csv")


def test_fingerprint_is_of_names_and_content_and_not_of_the_place(folder: Path, tmp_path: Path) -> None:
    first = content_fingerprint(str(folder), COLUMNS)
    elsewhere = shutil.copytree(folder, tmp_path / "elsewhere")
    assert content_fingerprint(str(elsewhere), COLUMNS) == first
    (elsewhere / "7_anna_0.wav").write_text("changed")
    changed = content_fingerprint(str(elsewhere), COLUMNS)
    (folder / "7_anna_0.wav").rename(folder / "8_anna_0.wav")
    assert len({first, changed, content_fingerprint(str(folder), COLUMNS)}) == 3


def test_fingerprint_of_a_table_is_of_the_recordings_too(folder: Path) -> None:
    (folder / "all.csv").write_text("path,text\n7_anna_0.wav,seven\n")
    first = content_fingerprint(str(folder / "all.csv"), COLUMNS)
    (folder / "7_anna_0.wav").write_text("changed")
    assert content_fingerprint(str(folder / "all.csv"), COLUMNS) != first
    assert content_fingerprint("owner/name", COLUMNS) is None
    pd.read_csv(folder / "all.csv").to_parquet(folder / "all.parquet")
    first = content_fingerprint(str(folder / "all.parquet"), COLUMNS)
    (folder / "7_anna_0.wav").write_text("changed again")
    assert content_fingerprint(str(folder / "all.parquet"), COLUMNS) != first
