"""Lists the recordings of a data source: files in a folder, a table of paths, or a data set with sounds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from seqbench_texts.columns import labels_in, no_column

from seqbench import DataError, fingerprint, place_of_row, read_tables
from seqbench_speech.naming import Pattern
from seqbench_speech.recordings import Said
from seqbench_speech.sounds import ENDINGS, advice

_PARTS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
"""Folders that divide the recordings, if all are in such folders."""
_TABLES = (".csv", ".tsv", ".json", ".jsonl", ".parquet")
_HIDDEN = (".", "_")
"""Beginnings of the names of files and folders that are left out."""


class Source(NamedTuple):
    """A recording that is not read yet: a file or its bytes, and what is known of it."""

    sound: Path | bytes
    said: Said


class Columns(NamedTuple):
    """The columns of a table: the path or the content of a recording, what was said, and who said it."""

    audio: str
    text: str
    speaker: str


def list_recordings(data: str, pattern: str, columns: Columns) -> list[Source]:
    """Return the recordings of a data source.

    Raises:
        DataError: it is missing, holds no recording, a file's name does not fit the pattern, or a table lacks a
            column or a value.
    """
    place = Path(data).expanduser()
    if files := recordings_below(place):
        return _named(place, files, Pattern(pattern))
    check_holds_recordings(data)
    return list(_of_tables(data, columns))


def check_holds_recordings(data: str) -> None:
    """Refuse a single recording, and a folder without a recording or a table.

    Raises:
        DataError: it is one of them.
    """
    place, endings = Path(data).expanduser(), f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
    if place.is_file() and place.suffix.lower() in ENDINGS:
        raise DataError(f"{data} is one recording; name a folder of recordings, or a table of their paths")
    if place.is_dir() and not any(path.suffix.lower() in _TABLES for path in place.rglob("*")):
        raise DataError(
            f"the folder {data} has no recording ({endings}) and no table of recordings; convert other kinds of"
            " sound to one of these, or name another folder"
        )


def recordings_below(folder: Path) -> list[Path]:
    """Return the files of recordings in a folder and below it, in order; none if a table of it names them."""
    return [folder / name for name in _names_below(folder)]


def _names_below(folder: Path) -> list[str]:
    """Return the paths of `recordings_below` in the folder, as texts: ten thousand objects take a while."""
    if not folder.is_dir() or any(folder.glob("train.*")):
        return []
    found: list[tuple[str, ...]] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN)]
        sounds = (name for name in names if name.lower().endswith(ENDINGS) and not name.startswith(_HIDDEN))
        parts = Path(place).relative_to(folder).parts
        found += ((*parts, name) for name in sounds if os.path.isfile(os.path.join(place, name)))
    return [os.path.join(*parts) for parts in sorted(found)]


def content_fingerprint(data: str, columns: Columns) -> str | None:
    """Return a hash of a source's recordings with it; None where `seqbench.fingerprint` alone says everything.

    Raises:
        DataError: see `list_recordings`; or a recording cannot be read.
    """
    folder = Path(data).expanduser()
    if names := _names_below(folder):
        return f"sounds:sha256:{_hash((name, os.path.join(folder, name)) for name in names)}"
    check_holds_recordings(data)
    known = fingerprint(data)
    if known.startswith("hub:"):
        return None
    files = [str(each.sound) for each in _of_tables(data, columns) if isinstance(each.sound, Path)]
    return f"{known}:sounds:{_hash((str(place), path) for place, path in enumerate(files))}" if files else None


def _hash(files: Iterator[tuple[str, str]]) -> str:
    """Return a hash of names and contents, given the names and the paths of files."""
    whole = hashlib.sha256()
    for name, path in files:
        try:
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()
        except OSError as error:
            raise DataError(f"the recording {path} cannot be read: {error.strerror}; {advice(path)}") from error
        whole.update(f"{name}\t{content}\n".encode())
    return whole.hexdigest()


def _named(folder: Path, files: list[Path], pattern: Pattern) -> list[Source]:
    names = [PurePosixPath(path.relative_to(folder).as_posix()) for path in files]
    tops = {name.parts[0].lower() for name in names}
    is_divided = "train" in tops and tops <= set(_PARTS)
    if "train" in tops and not is_divided and "/" not in pattern.text:
        strange = next(name for name in names if name.parts[0].lower() not in _PARTS)
        raise DataError(
            f"{folder} has a folder train, and the recording {strange} is in none of the folders train, validation"
            " and test; move it into one, or rename its folder"
        )
    found = []
    for path, name in zip(files, names, strict=True):
        said = pattern.read(name)
        if said is None:
            raise DataError(
                f"the name of the recording {name} in {folder} does not fit the pattern {pattern.text}; give"
                " another one, such as --set speech.pattern={speaker}/{label}_{take}.wav, or move the file away"
            )
        part = _PARTS[name.parts[0].lower()] if is_divided else "all"
        found.append(Source(path, said._replace(part=part)))
    return found


def _of_tables(data: str, columns: Columns) -> Iterator[Source]:
    place = Path(data).expanduser()
    folder = place if place.is_dir() else place.parent
    for part, table in read_tables(data).items():
        for column, option in ((columns.audio, "audio_column"), (columns.text, "text_column")):
            if column not in table:
                raise no_column(table, column, f"speech.{option}")
        texts = labels_in(table, columns.text, "speech.text_column", part)
        speakers = [""] * len(table)
        if columns.speaker in table:
            speakers = labels_in(table, columns.speaker, "speech.speaker_column", part)
        rows = zip(table[columns.audio], texts, speakers, strict=True)
        for number, (value, text, speaker) in enumerate(rows, start=1):
            try:
                sound = sound_in(value, folder, columns.audio)
            except DataError as error:
                raise DataError(f"{place_of_row(table, number - 1)} of {data} {error}") from error
            where = f"row {number}" if part == "all" else f"row {number} ({part})"
            name = where if isinstance(sound, bytes) else str(sound)
            yield Source(sound, Said(text, speaker, "", part, name))


def sound_in(value: Any, folder: Path, column: str) -> Path | bytes:
    """Return the file, or the bytes, of a cell of a table: a path, or an object with ``bytes`` and ``path``.

    Args:
        value: what the cell holds.
        folder: where a relative path begins.
        column: of the cell, for messages.

    Raises:
        DataError: it is something else; the message goes on after the name of the row.
    """
    if isinstance(value, Mapping):
        content, value = value.get("bytes"), value.get("path")
        if isinstance(content, bytes):
            return content
    if isinstance(value, bytes):
        return value
    if isinstance(value, str) and "://" in value:
        raise DataError(f"holds the address {value[:60]!r}; download the recording, and give its path")
    if isinstance(value, str) and value.strip():
        return folder / value
    if value is None or value != value or value == "":
        raise DataError(f"has no recording in the column {column!r}; give it one, or leave the row out")
    raise DataError(
        f"holds {str(value)[:60]!r} in the column {column!r}, which is to hold paths of recordings or their bytes;"
        " name another column with --set speech.audio_column=NAME"
    )
