"""Tests that pairs are read from every kind of data, and that no source stands in two splits."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from seqbench_translation.pairs import PARTS, Pairs, apart, key, read_pairs

from seqbench import DataError

SENTENCES = [(f"word {i} here.", f"wort {i} hier.") for i in range(40)]
NORMAL = {(f" {source}", f" {target}") for source, target in SENTENCES}


def table(rows: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["en", "de"])


def write(folder: Path, kind: str, name: str = "all", rows: list[tuple[str, str]] = SENTENCES) -> Path:
    path, made = folder / f"{name}.{kind}", table(rows)
    if kind == "parquet":
        made.to_parquet(path)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in made.to_dict("records")))
    else:
        made.to_csv(path, sep="\t" if kind == "tsv" else ",", index=False)
    return path


def everything(pairs: Pairs) -> set[tuple[str, str]]:
    return {pair for part in pairs.parts.values() for pair in part}


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_a_table_with_two_columns_then_all_pairs_in_splits_that_are_drawn(tmp_path: Path, kind: str) -> None:
    found = read_pairs(str(write(tmp_path, kind)), "en", "de", 0)
    assert everything(found) == NORMAL
    assert [len(found.parts[part]) for part in PARTS] == [32, 4, 4]
    other = read_pairs(str(write(tmp_path, kind)), "en", "de", 1)
    assert other.parts["test"] != found.parts["test"]


def test_the_columns_may_be_taken_the_other_way_round(tmp_path: Path) -> None:
    found = read_pairs(str(write(tmp_path, "csv")), "de", "en", 0)
    assert everything(found) == {(target, source) for source, target in NORMAL}


def test_given_splits_are_kept_and_the_missing_one_is_drawn_from_training(tmp_path: Path) -> None:
    write(tmp_path, "tsv", "train", SENTENCES[:30])
    write(tmp_path, "tsv", "test", SENTENCES[30:])
    found = read_pairs(str(tmp_path), "en", "de", 0)
    assert found.parts["test"] == [(f" {source}", f" {target}") for source, target in SENTENCES[30:]]
    assert [len(found.parts[part]) for part in PARTS] == [27, 3, 10]


def lay_parallel(folder: Path, sizes: dict[str, tuple[int, int]]) -> str:
    for part, (english, german) in sizes.items():
        (folder / f"{part}.en").write_text("".join(f"{source}\n" for source, _ in SENTENCES[:english]))
        (folder / f"{part}.de").write_text("".join(f"{target}\n" for _, target in SENTENCES[:german]))
    return str(folder)


def test_two_parallel_files_then_line_n_translates_line_n(tmp_path: Path) -> None:
    assert everything(read_pairs(lay_parallel(tmp_path, {"corpus": (40, 40)}), "en", "de", 0)) == NORMAL


def test_parallel_files_of_splits_then_these_splits(tmp_path: Path) -> None:
    folder = lay_parallel(tmp_path, {"train": (40, 40), "dev": (10, 10), "test": (5, 5)})
    found = read_pairs(folder, "en", "de", 0)
    assert [len(found.parts[part]) for part in PARTS] == [30, 5, 5]
    assert found.overlapping == 15, "what stands in a later split too"


def test_parallel_files_with_different_numbers_of_lines_are_refused(tmp_path: Path) -> None:
    folder = lay_parallel(tmp_path, {"train": (40, 40), "test": (5, 4)})
    with pytest.raises(DataError, match=r"\(test\) the file of 'en' has 5 lines, that of 'de' 4"):
        read_pairs(folder, "en", "de", 0)


def test_a_language_without_a_parallel_file_is_named_with_those_there_are(tmp_path: Path) -> None:
    folder = lay_parallel(tmp_path, {"corpus": (4, 4)})
    with pytest.raises(DataError, match="for de, en, and none for 'source'; choose which") as told:
        read_pairs(folder, "source", "target", 0)
    assert "=de" not in str(told.value), "which of them is the source, only the user knows"


def test_objects_in_a_column_called_translation_then_their_keys_are_the_columns(tmp_path: Path) -> None:
    rows = [{"id": i, "translation": {"en": en, "de": de}} for i, (en, de) in enumerate(SENTENCES)]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    assert everything(read_pairs(str(path), "en", "de", 0)) == NORMAL
    with pytest.raises(DataError, match="line 1 \\(all\\) has not both 'en' and 'fr', but en, de"):
        read_pairs(str(path), "en", "fr", 0)


def test_a_column_that_is_missing_is_told_with_the_option_that_names_it(tmp_path: Path) -> None:
    data = str(write(tmp_path, "csv"))
    with pytest.raises(DataError) as told:
        read_pairs(data, "source", "target", 0)
    assert str(told.value) == (
        "the data have no column 'source' and no column 'target'; there are: en, de. Name them with"
        " --set translation.source=NAME --set translation.target=NAME"
    )
    with pytest.raises(DataError, match=r"no column 'target'.*source=de --set translation\.target=en$"):
        read_pairs(data, "de", "target", 0)
    with pytest.raises(DataError, match=r"no column 'fr'; .*source=de --set translation\.target=en$"):
        read_pairs(data, "de", "fr", 0)


def test_columns_that_are_sentences_are_told_to_be_a_first_line_of_data(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("It is late.\tEs ist schon spät.\nGo on then.\tMach also weiter.\n", encoding="utf-8")
    with pytest.raises(DataError, match="if it is data, write a line of names above it"):
        read_pairs(str(path), "source", "target", 0)


def test_pairs_with_an_empty_side_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "csv", rows=[*SENTENCES, ("only english", ""), ("  ", "nur deutsch")])
    found = read_pairs(str(path), "en", "de", 0)
    assert (everything(found), found.empty) == (NORMAL, 2)


def test_a_source_in_two_splits_stays_in_the_later_one_whatever_its_signs_and_capitals() -> None:
    parts = {
        "train": [(" It's late.", " a"), (" Go!", " b"), (" Stay.", " c")],
        "validation": [(" GO", " d"), (" Come.", " e")],
        "test": [(" its late!", " f")],
    }
    found = apart(parts, 0)
    assert found.parts == {
        "train": [(" Stay.", " c")],
        "validation": [(" GO", " d"), (" Come.", " e")],
        "test": [(" its late!", " f")],
    }
    assert found.overlapping == 2


def test_all_translations_of_a_source_are_in_one_split() -> None:
    pairs = [(f" word {i}", f" wort {i} {j}") for i in range(50) for j in range(3)]
    found = apart({"all": pairs}, 3)
    keys = [{key(source) for source, _ in found.parts[part]} for part in PARTS]
    assert [len(each) for each in keys] == [40, 5, 5]
    assert not keys[0] & keys[1] | keys[0] & keys[2] | keys[1] & keys[2]
    assert (len(everything(found)), found.overlapping) == (150, 0)


def test_pairs_of_fewer_sources_than_splits_are_refused() -> None:
    alike = [(" It is late.", f" {i}") for i in range(50)] + [(" it is LATE!", f" {i}") for i in range(50)]
    with pytest.raises(DataError, match="100 pairs of sentences have 1 distinct sources.* takes at least 3"):
        apart({"all": alike}, 0)
    with pytest.raises(DataError, match="101 pairs of sentences have 2 distinct sources"):
        apart({"all": [*alike, (" Go.", " x")]}, 0)
    apart({"all": [*alike, (" Go.", " x"), (" Stay.", " y")]}, 0)


def test_a_split_that_is_empty_without_its_copies_is_refused() -> None:
    with pytest.raises(DataError, match="validation has none whose source is not in another split"):
        apart({"train": [(" a", " b"), (" c", " d")], "validation": [(" x", " y")], "test": [(" X!", " y")]}, 0)
