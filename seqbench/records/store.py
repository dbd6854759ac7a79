"""Reads and writes the records of a folder of results, and lists which cells are done.

One file for each cell, and a note of the schema's version. A record is written whole or not at all. Builds on
layout and checksums.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.base.atomic_files import write_atomically
from seqbench.base.checksums import sealed
from seqbench.base.given import as_path, shown
from seqbench.base.plain_files import is_broken_link, read_plain
from seqbench.base.process_identity import is_abandoned
from seqbench.errors import StoreError, reason
from seqbench.experiment.cells import Cell
from seqbench.records.curves import Curves, CurvesOf, ShortCurves, curves_in, curves_of
from seqbench.records.index import CURVES, LIGHT, ROW, SEEN, known, known_table
from seqbench.records.layout import Layout, key_of
from seqbench.records.light import without_curves
from seqbench.records.record_files import BROKEN, Seen, content_of, record_in, seen_at
from seqbench.records.schema import SCHEMA_VERSION, Record

if TYPE_CHECKING:
    from seqbench.records.rows import KnownRow

_SECONDS_KEPT = 3600.0
"""Age from which a temporary file is considered abandoned."""


class Store:
    """A folder of records. Creating the object reads the folder and writes nothing.

    Attributes:
        path: the folder.
        layout: the paths of its files.
        index_from: bytes of all records from which `light`, `curves`, `rows`, `seen` and `status` use an index,
            and make or mend it; None for the size from which it is quicker (`seqbench.records.index`).

    Raises:
        StoreError: the path is a file, or a store of another schema version.
    """

    def __init__(self, path: str | Path, *, index_from: int | None = None) -> None:
        self.path = as_path(path, "the folder of results")
        self.index_from = index_from
        self.layout = Layout(self.path)
        self._check()

    def _check(self) -> None:
        for link in (self.path, self.layout.records):
            if is_broken_link(link):
                raise StoreError(f"{link} is a link to {os.readlink(link)}, which is not there; mend or remove it")
        if self.layout.records.exists() and not self.layout.records.is_dir():
            raise StoreError(
                f"{self.layout.records} is no folder, so {self.path} can hold no results; move it away"
            )
        if self.path.exists() and not self.path.is_dir():
            raise StoreError(
                f"{self.path} is a file, and results are a folder: name that of a run, or another one"
            )
        mark = self.layout.mark
        if not mark.exists():
            return
        version = _version(mark)
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} holds results of schema version {version}, and this seqbench writes"
                f" version {SCHEMA_VERSION}; nothing was changed: choose another"
                " folder, or use the seqbench that wrote it"
            )

    def prepare(self) -> None:
        """Create the folder, so that a sweep fails before its first cell if it cannot be written to.

        Half-written files of dead writers are removed.

        Raises:
            StoreError: it cannot be written to.
        """
        try:
            for folder in (self.layout.records, self.layout.leases, self.layout.checkpoints):
                folder.mkdir(parents=True, exist_ok=True)
            for folder in (self.path, *filter(Path.is_dir, self.path.iterdir())):
                _clean(folder)
            if not self.is_there():
                write_atomically(self.layout.mark, json.dumps({"schema_version": SCHEMA_VERSION}) + "\n")
            with tempfile.TemporaryFile(dir=self.layout.records):
                pass
        except OSError as error:
            raise StoreError(
                f"the folder {self.path} cannot be written to: {reason(error)}; choose another one"
            ) from error

    def is_there(self) -> bool:
        """Say whether the folder has been prepared and still exists."""
        return (self.layout.mark).exists() and self.layout.records.is_dir()

    def write(self, record: Record) -> Path:
        """Write one record and return its file; replace a record of the same cell, keep any other file aside.

        Raises:
            StoreError: the folder cannot be written to. Existing records stay unchanged, and this one is written
                elsewhere if possible.
        """
        path = self.layout.record(record)
        text = sealed(record.to_json())
        try:
            self.layout.records.mkdir(parents=True, exist_ok=True)
            _keep_broken_aside(path)
            write_atomically(path, text)
        except OSError as error:
            raise StoreError(
                f"the record {path} cannot be written: {reason(error)}; the others are intact"
                f"{_kept_elsewhere(path, text)}"
            ) from error
        return path

    def read(self) -> list[Record]:
        """Return every record, in the order of their file names.

        Raises:
            StoreError: the folder is missing, or a file in it is not a record.
        """
        return list(self.each())

    def each(self) -> Iterator[Record]:
        """Yield every record, in the order of their file names, with one in memory at a time.

        Raises:
            StoreError: the folder is missing, or a file in it is not a record.
        """
        for path in self._there():
            if (content := content_of(path)) is not None:
                yield Record.from_json(content.data, str(path))

    def whole(self) -> Iterator[Record]:
        """Yield every record like `each`, but skip broken files.

        Raises:
            StoreError: the folder is missing, a file cannot be read, or is a record of another schema version.
        """
        for path in self._there():
            content = content_of(path)
            if content is not None and not isinstance(record := record_in(content.data, path), str):
                yield record

    def light(self, *, is_broken_skipped: bool = False, keys: Set[str] | None = None) -> Iterator[Record]:
        """Yield every record without its curves (`seqbench.records.light`), in the order of their file names.

        Args:
            is_broken_skipped: skip broken files like `whole`; otherwise raise like `each`.
            keys: of the records to yield; all by default.

        Raises:
            StoreError: as `each` or `whole`.
        """
        self._refuse_missing()
        if (found := known(self.layout, LIGHT, least_bytes=self.index_from)) is not None:
            from seqbench.records.indexed import light_of

            return light_of(found, is_broken_skipped=is_broken_skipped, keys=keys)
        records = self.whole() if is_broken_skipped else self.each()
        return (without_curves(record) for record in records if keys is None or record.key in keys)

    def rows(self) -> Iterable[Record | KnownRow]:
        """Return what a table is made of: every record, or its row, or all rows as columns.

        Raises:
            StoreError: as `each`.
        """
        self._refuse_missing()
        if (found := known_table(self.layout, ROW, least_bytes=self.index_from)) is not None:
            from seqbench.records.indexed import rows_of

            return rows_of(found)
        return self.each()

    def with_key(self, key: str) -> Record:
        """Return the record of a key.

        Raises:
            StoreError: there is none, its file is not a record, or the key is no text.
        """
        return self.reader()(key)

    def reader(self) -> Callable[[str], Record]:
        """Return what `with_key` returns for each of many keys; the folder is listed once, now.

        Raises:
            StoreError: the folder is missing.
        """
        paths = {key_of(path): path for path in reversed(self._there())}

        def read(key: str) -> Record:
            if not isinstance(key, str):
                raise StoreError(
                    f"key is {shown(key)}; give one text of the column key of seqbench.load_results, such as"
                    ' table["key"][0]'
                )
            if key in paths and (content := content_of(paths[key])) is not None:
                return Record.from_json(content.data, str(paths[key]))
            raise StoreError(
                f"{self.path} holds no record of the key {key}; keys are the ends of the names in"
                f" {self.layout.records}, and a column of seqbench.load_results"
            )

        return read

    def curves(self) -> CurvesOf:
        """Return what returns the curves of a record that `light` has yielded: from the index, or from its file.

        Raises:
            StoreError: the folder is missing; reading a file raises it for one that is gone or broken by then.
        """
        self._refuse_missing()
        kept: Mapping[str, ShortCurves] = {}
        if (found := known(self.layout, CURVES, least_bytes=self.index_from)) is not None:
            from seqbench.records.indexed import kept_curves

            kept = kept_curves(found)
        reader = cache(self.reader)

        def read(record: Record) -> Curves:
            return curves_in(kept[record.key]) if record.key in kept else curves_of(reader()(record.key))

        return read

    def seen(self) -> dict[str, Seen]:
        """Return key -> status and stamp of every record; empty if the folder does not exist.

        Raises:
            StoreError: a file cannot be read, or is a record of another schema version.
        """
        if (found := known(self.layout, SEEN, least_bytes=self.index_from)) is not None:
            from seqbench.records.indexed import seen_of

            return dict(seen_of(found, self.layout))
        states = map(seen_at, self.layout.record_files())
        return dict(each for each in states if each is not None)

    def look(self, cell: Cell) -> Seen | None:
        """Return the current status and stamp of one cell's record; None if it has no record.

        Raises:
            StoreError: its file cannot be read, or is a record of another schema version.
        """
        found = seen_at(self.layout.record(cell))
        if found is None or found[0] == cell.key:
            return None if found is None else found[1]
        return Seen(
            BROKEN, found[1].stamp, f"{self.layout.record(cell)} is the record of another cell, {found[0]}"
        )

    def status(self) -> dict[str, str]:
        """Return key -> status of every record; empty if the folder does not exist yet."""
        return {key: seen.status for key, seen in self.seen().items()}

    def _there(self) -> list[Path]:
        self._refuse_missing()
        return self.layout.record_files()

    def _refuse_missing(self) -> None:
        if not self.path.is_dir():
            raise StoreError(f"there are no results in {self.path}: the folder does not exist")


def _keep_broken_aside(path: Path) -> None:
    """Rename a file that would be replaced but holds no whole record, or the record of another cell."""
    try:
        seen = seen_at(path)
    except StoreError:
        # A record of another version, or an unreadable file: the write that replaces it reports why it fails.
        return
    if seen is not None and (seen[1].status == BROKEN or seen[0] != key_of(path)):
        names = (f"{path.name}.broken{number or ''}" for number in range(1000))
        os.replace(path, next(aside for name in names if not (aside := path.with_name(name)).exists()))


def _version(mark: Path) -> object:
    try:
        content = json.loads(read_plain(mark, most=1_000_000).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"{mark} cannot be read: {reason(error)}; choose another folder") from error
    return content.get("schema_version") if isinstance(content, dict) else None


def _clean(folder: Path) -> None:
    """Remove temporary files of dead writers, and files too old to be still in use."""
    for path in folder.glob(".*.tmp"):
        with suppress(OSError):
            if is_abandoned(path.name) or time.time() - path.stat().st_mtime > _SECONDS_KEPT:
                path.unlink(missing_ok=True)


def _kept_elsewhere(path: Path, text: str) -> str:
    """Write a record that its folder refused into the system's temporary folder; return a note of the place."""
    try:
        elsewhere = Path(tempfile.mkdtemp(prefix="seqbench-")) / path.name
        elsewhere.write_text(text, encoding="utf-8")
    except OSError:
        return ""
    return f"; this one is kept as {elsewhere}: move it to {path.parent}, or run its cell again"
