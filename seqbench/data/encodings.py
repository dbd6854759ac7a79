"""Detects files that are not what their name says: another encoding, an archive, a pointer."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TextIO, cast

from seqbench.errors import DataError


def opener(path: Path) -> Callable[..., IO[Any]]:
    """Return a function like ``open`` for this file; for names ending in ``.gz`` it decompresses."""
    return cast("Callable[..., IO[Any]]", gzip.open if path.suffix.lower() == ".gz" else open)


def open_text(path: Path) -> TextIO:
    """Open a file as UTF-8 text, unpacked where it ends in ``.gz``."""
    # Only \n ends a line: a text may contain \x85 or \u2028. utf-8-sig drops the mark that spreadsheets write.
    return cast(TextIO, opener(path)(path, "rt", encoding="utf-8-sig", newline="\n"))


def check_start(path: Path, kind: str) -> None:
    """Check by its first bytes that a file is what its name says.

    Raises:
        DataError: it is something else.
    """
    with opener(path)(path, "rb") as file:
        start = file.read(4096)
    if start.startswith(b"version https://git-lfs.github.com/"):
        raise DataError(f"{path} is a pointer of Git LFS, not the data: run `git lfs pull` in its folder")
    if kind == "parquet":
        return
    for mark, what in _OTHER_STARTS.items():
        if start.startswith(mark):
            raise DataError(f"{path} is not UTF-8 text: {what}")
    if b"\0" in start:
        raise DataError(
            f"{path} is not UTF-8 text: it has NUL bytes, as UTF-16 and binary files do; save it as UTF-8"
        )


_UTF_16 = "it is UTF-16; save it as UTF-8, such as with `iconv -f utf-16 -t utf-8`"
_OTHER_STARTS = {
    b"\xff\xfe\0\0": "it is UTF-32; save it as UTF-8, such as with `iconv -f utf-32 -t utf-8`",
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
    b"\x1f\x8b": "it is compressed by gzip; give it a name that ends in .gz",
    b"PK\x03\x04": "it is a zip archive, as spreadsheets (.xlsx) are too; unpack it, or save it as csv",
    b"PAR1": "it is a parquet file; give it a name that ends in .parquet",
}


def first_strange_byte(path: Path) -> str:
    """Say on which line a file stops being UTF-8, and which encoding it may have instead."""
    with opener(path)(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return (
                    f"line {number} has the byte 0x{byte:02x} ({error.reason}). If it is Windows-1252 or Latin-1,"
                    f" where that is {bytes([byte]).decode('latin-1')!r}, save it as UTF-8, such as with"
                    " `iconv -f windows-1252 -t utf-8`"
                )
    return "a character is cut off at its end"
