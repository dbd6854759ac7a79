"""Where do records lie, and which cells are done?

A folder with one file for each cell and a note of the schema's version. Every file is written whole or not
at all. Stands on records.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from seqbench.errors import StoreError
from seqbench.records import SCHEMA_VERSION, Record

MARK = "store.json"


class Store:
    """A folder of records. Making the object looks at the folder and writes nothing.

    Raises:
        StoreError: the path is a file, or a store of another schema version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._check()

    def _check(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise StoreError(f"{self.path} is a file; results need a folder of their own: choose another --output")
        mark = self.path / MARK
        if not mark.exists():
            return
        version = _version(mark)
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} holds results of schema version {version}, and this seqbench writes"
                f" version {SCHEMA_VERSION}; nothing was changed: choose another"
                " --output, or use the seqbench that wrote it"
            )

    def prepare(self) -> None:
        """Make the folder, so that a sweep learns before its first cell that it cannot be written to.

        Raises:
            StoreError: it cannot be written to.
        """
        try:
            self._records.mkdir(parents=True, exist_ok=True)
            if not (self.path / MARK).exists():
                _write(self.path / MARK, json.dumps({"schema_version": SCHEMA_VERSION}) + "\n")
            with tempfile.TemporaryFile(dir=self._records):
                pass
        except OSError as error:
            raise StoreError(
                f"the folder {self.path} cannot be written to: {error}; choose another --output"
            ) from error

    def write(self, record: Record) -> Path:
        """Write one record and return its file; a record of the same cell is replaced.

        Raises:
            StoreError: the folder cannot be written to; records already there stay as they are.
        """
        path = self._records / f"{name(record)}.json"
        try:
            self._records.mkdir(parents=True, exist_ok=True)
            _write(path, record.to_json())
        except OSError as error:
            raise StoreError(f"the record {path} cannot be written: {error}; the others are intact") from error
        return path

    def read(self) -> list[Record]:
        """Return every record, in the order of their file names.

        Raises:
            StoreError: the folder is not there, or a file in it is no record.
        """
        if not self.path.is_dir():
            raise StoreError(f"there are no results in {self.path}: the folder does not exist")
        return [Record.from_json(path.read_text(encoding="utf-8"), str(path)) for path in self._files()]

    def status(self) -> dict[str, str]:
        """Return key -> status of every record; empty where the folder is not there yet."""
        return {record.key: record.status for record in self.read()} if self.path.is_dir() else {}

    @property
    def _records(self) -> Path:
        return self.path / "records"

    def _files(self) -> Iterator[Path]:
        # Temporary files start with a dot: a half-written record is never taken for one.
        yield from sorted(path for path in self._records.glob("*.json") if not path.name.startswith("."))


def name(record: Record) -> str:
    """Return the stem of a record's file: what it is, for a person, and its key."""
    cell = record.cell
    return f"{cell.task.name}_{cell.model.name}_T{cell.length}_s{cell.seed}_{record.key}"


def _version(mark: Path) -> object:
    try:
        content = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{mark} cannot be read: {error}; choose another folder") from error
    return content.get("schema_version") if isinstance(content, dict) else None


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
