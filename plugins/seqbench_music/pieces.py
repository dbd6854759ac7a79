"""Reads the pieces that a data source names: MIDI files, published collections, or a table; and splits them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench import DataError, generator, place_of_row, read_tables
from seqbench_music import midi, published
from seqbench_music.midi import read_midi
from seqbench_music.published import NAMES, piece_from, read_published
from seqbench_music.rolls import PARTS, piece_of

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

_HELD_OUT = 0.1
"""Share of the pieces that a split gets which the data do not have."""


@dataclass(frozen=True)
class Source:
    """Where pieces are.

    Attributes:
        data: a file, a folder or a data set of the hub.
        column: the pieces in a table.
        resolution: steps of a quarter note, for MIDI files.
    """

    data: str
    column: str
    resolution: int

    @property
    def path(self) -> Path:
        """The file or folder; it need not exist."""
        return Path(self.data).expanduser()

    def files(self, endings: Sequence[str]) -> list[Path]:
        """Return the files with these endings in a folder and the folders in it; none if it is no folder.

        What begins with a dot or ``_`` is left out, such as the companions that archives of macOS have.
        """
        found = self.path.rglob("*") if self.path.is_dir() else []
        return sorted(
            path
            for path in found
            if path.suffix.lower() in endings
            and not any(part.startswith((".", "_")) for part in path.relative_to(self.path).parts)
            and path.is_file()
        )

    @property
    def is_midi(self) -> bool:
        """Whether the pieces are MIDI files."""
        return self.path.suffix.lower() in midi.ENDINGS or bool(self.files(midi.ENDINGS))

    @property
    def collection(self) -> Path | None:
        """The file of piano rolls that is named, or the only one in a folder; None if there is none.

        Several ``.json`` files in a folder are tables.

        Raises:
            DataError: a folder has several of the others.
        """
        if self.path.suffix.lower() in published.ENDINGS:
            return self.path
        found = self.files(published.ENDINGS)
        rolls = [path for path in found if path.suffix.lower() != ".json"] or found
        if len(rolls) > 1 and rolls is not found:
            names = ", ".join(str(path.relative_to(self.path)) for path in rolls[:5])
            raise DataError(
                f"{self.data} has {len(rolls)} collections of pieces ({names}); name one of these files as data"
            )
        return rolls[0] if len(rolls) == 1 else None

    def fingerprint(self) -> str | None:
        """Return a hash of the files that are read, and of their places in the folder; None if they are tables.

        Raises:
            DataError: a file cannot be read.
        """
        if self.is_midi:
            files = self._midi_files()
            told = "".join(f"{path.relative_to(self.path).as_posix()}\t{_sha256(path)}\n" for path in files)
            return f"midi:sha256:{hashlib.sha256(told.encode('utf-8', 'surrogateescape')).hexdigest()}"
        kept = self.collection
        return None if kept is None else f"{kept.suffix[1:].lower()}:sha256:{_sha256(kept)}"

    def read(self) -> dict[str, list[Tensor]]:
        """Return the pieces of each part that there is, or of ``all``.

        Raises:
            DataError: they cannot be read.
        """
        if self.is_midi:
            return self._read_midi()
        if (kept := self.collection) is not None:
            return read_published(kept)
        tables = read_tables(self.data)
        for table in tables.values():
            if self.column not in table.columns:
                raise DataError(
                    f"{self.data} has no column {self.column!r}; it has {', '.join(map(str, table.columns))}. Set"
                    " music.column"
                )
        return {part: [self._piece(table, row) for row in range(len(table))] for part, table in tables.items()}

    def _piece(self, table: pd.DataFrame, row: int) -> Tensor:
        """Return the piece of a row.

        Raises:
            DataError: it is none; the message has its line, which is looked up only then.
        """
        held = table[self.column].iloc[row]
        try:
            return piece_from(held, self.data)
        except DataError:
            return piece_from(held, f"{self.data}, {place_of_row(table, row)}")

    def _midi_files(self) -> list[Path]:
        """Return the MIDI files of a folder.

        Raises:
            DataError: one file is named, not a folder.
        """
        if self.path.suffix.lower() in midi.ENDINGS:
            raise DataError(
                f"{self.data} is one piece, and music needs pieces to train on and others to test with; name a"
                " folder of MIDI files"
            )
        return self.files(midi.ENDINGS)

    def _read_midi(self) -> dict[str, list[Tensor]]:
        parts: dict[str, list[Path]] = {}
        for path in self._midi_files():
            parts.setdefault(_part_of(path.relative_to(self.path)), []).append(path)
        if len(parts) > 1 and (others := parts.get("all")):
            raise DataError(
                f"{self.data} has folders of splits, and {others[0].relative_to(self.path)} is in none of them"
                f" ({len(others)} in all); the folders are called train, valid and test"
            )
        return {
            part: [piece_of([*map(sorted, read_midi(path, self.resolution))]) for path in paths]
            for part, paths in parts.items()
        }


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read (looked at {path.absolute()}): {error.strerror}") from error


def _part_of(path: Path) -> str:
    """Return the part of a file, by its folder; ``all`` without one."""
    folder = path.parts[0].lower() if len(path.parts) > 1 else ""
    return next((part for part, names in NAMES.items() if folder in names), "all")


def split(parts: Mapping[str, Sequence[Tensor]], seed: int) -> dict[str, list[Tensor]]:
    """Return the pieces of training, validation and test; a split that is missing is a tenth of the others.

    Args:
        parts: the pieces of each part that there is, or of ``all``.
        seed: decides which pieces are drawn for a missing split.

    Raises:
        DataError: there are too few pieces.
    """
    import torch

    found = {part: list(pieces) for part, pieces in parts.items() if part != "all"}
    rest = list(parts.get("all", found.get("train", [])))
    missing = [part for part in PARTS[1:] if not found.get(part)]
    if len(rest) <= len(missing):
        raise DataError(
            f"music needs pieces for training, validation and test, and there is {len(rest)} to divide among"
            f" {', '.join(['train', *missing])}; add pieces"
        )
    order = torch.randperm(len(rest), generator=generator(seed, "music", "split")).tolist()
    size = max(1, round(_HELD_OUT * len(rest)))
    for number, part in enumerate(missing):
        found[part] = [rest[i] for i in sorted(order[number * size : (number + 1) * size])]
    found["train"] = [rest[i] for i in sorted(order[len(missing) * size :])]
    return {part: found[part] for part in PARTS}
