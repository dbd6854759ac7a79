"""Tests which part of a text is which, and that a tiny text is not refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from seqbench_next_token.text import Shares, completed, read_parts

from seqbench import DataError

SHARES = Shares(0.1, 0.2)


def test_parts_are_cut_off_the_end_of_one_text_at_ends_of_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("".join(f"line {number}\n" for number in range(10)))
    parts = read_parts(str(file), "text", SHARES)
    assert "".join(parts[part] for part in ("train", "validation", "test")) == file.read_text()
    assert parts["test"] == "line 8\nline 9\n"
    assert parts["validation"] == "line 7\n"


def test_splits_are_found_under_the_names_of_published_data_sets(tmp_path: Path) -> None:
    for part in ("train", "valid", "test"):
        (tmp_path / f"wiki.{part}.tokens").write_text(f" = {part} =\n")
    assert read_parts(str(tmp_path), "text", SHARES) == {
        "train": " = train =\n", "validation": " = valid =\n", "test": " = test =\n"
    }  # fmt: skip


def test_column_of_a_table_is_read_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text('words\n"a b\nc"\nd\n')
    (tmp_path / "test.csv").write_text("words\ne f\n")
    parts = read_parts(str(tmp_path), "words", Shares(0, 0.1))
    assert parts == {"train": "a b\nc\nd\n", "validation": "a b\nc\nd\n", "test": "e f\n"}
    with pytest.raises(DataError, match="no column 'text'"):
        read_parts(str(tmp_path), "text", SHARES)


def test_text_without_lines_is_cut_between_words_and_one_without_words_between_letters() -> None:
    assert completed({"train": "aa bb cc dd ee"}, Shares(0, 0.3)) == {
        "train": "aa bb cc ", "validation": "aa bb cc ", "test": "dd ee"
    }  # fmt: skip
    assert completed({"train": "abcdefghij"}, Shares(0.2, 0.2))["test"] == "ij"


def test_share_of_nothing_takes_the_training_text_and_a_text_that_is_too_short_is_refused() -> None:
    assert len(set(completed({"train": "a b\n"}, Shares(0, 0)).values())) == 1
    with pytest.raises(DataError, match="too short to cut off"):
        completed({"train": "a"}, SHARES)
