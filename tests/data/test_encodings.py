"""Tests that files of another encoding or kind are named as what they are."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from seqbench import DataError, read_tables


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
