"""Reads the files of records, whole or only what a resuming sweep needs, and checks their checksums."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from seqbench.base.checksums import BrokenSealError, check_seal, is_sealed
from seqbench.base.plain_files import is_broken_link, read_with_state
from seqbench.errors import StoreError, reason
from seqbench.records.layout import key_of
from seqbench.records.schema import MOVE_OR_RUN, SCHEMA_VERSION, Record

BROKEN = "broken"
"""Status of a file without a whole record: its cell is not done."""
_HEAD = re.compile(rb'{"schema_version": ?(\d{1,9}), ?"key": ?"([^"\\]+)", ?"status": ?"([a-z]+)"')


@dataclass(frozen=True)
class Seen:
    """The part of a record that a resuming sweep needs.

    Attributes:
        status: the record's status; `BROKEN` if its file does not hold a whole record.
        stamp: changes when the record is replaced: inode, and time of change in nanoseconds.
        problem: the fault of the file; None if it has none.
    """

    status: str
    stamp: tuple[int, int]
    problem: str | None = None


class Content(NamedTuple):
    """The bytes of a record's file, and the state of the file just before they were read."""

    data: bytes
    file: os.stat_result

    @property
    def stamp(self) -> tuple[int, int]:
        """What `Seen` holds."""
        return self.file.st_ino, self.file.st_mtime_ns


def content_of(file: str | Path) -> Content | None:
    """Return the content of a record's file; None if it is missing.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        return Content(*read_with_state(file))
    except OSError as error:
        path = Path(file)
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            return None
        why = f"it is a link to {os.readlink(path)}, which is not there" if is_broken_link(path) else reason(error)
        raise StoreError(f"the record {path} cannot be read: {why}; mend it, or move it away") from error


def seen_at(path: Path) -> tuple[str, Seen] | None:
    """Return key and status of a record's file; None if it is missing.

    Raises:
        StoreError: the file cannot be read, or is a record of another schema version.
    """
    content = content_of(path)
    return None if content is None else seen_in(content, path)


def seen_in(content: Content, path: Path) -> tuple[str, Seen]:
    """Return key and status; from the first bytes alone if the checksum shows that the file is unchanged.

    Raises:
        StoreError: it is a record of another schema version.
    """
    head = head_of(content.data)
    if head is not None and is_sealed(content.data):
        try:
            check_seal(content.data)
            return head[0], Seen(head[1], content.stamp)
        except ValueError as error:
            problem = f"{path} is no whole record: {error}; {MOVE_OR_RUN}"
            return key_of(path), Seen(BROKEN, content.stamp, problem)
    record = record_in(content.data, path)
    if isinstance(record, str):
        return key_of(path), Seen(BROKEN, content.stamp, record)
    return record.key, Seen(record.status, content.stamp)


def head_of(data: bytes) -> tuple[str, str] | None:
    """Return key and status as the first bytes of a record of this version of the schema have them."""
    head = _HEAD.match(data)
    return (head[2].decode(), head[3].decode()) if head and int(head[1]) == SCHEMA_VERSION else None


def record_in(data: bytes, path: Path) -> Record | str:
    """Return a record, or the fault of its file.

    Raises:
        StoreError: it is a record of another schema version.
    """
    try:
        return Record.from_json(data, str(path))
    except StoreError as error:
        if is_of_another_version(data, error):
            raise
        return str(error)


def is_of_another_version(data: bytes, error: StoreError) -> bool:
    """Say whether a file that is no record, for this reason, is a record of another version of the schema."""
    head = _HEAD.match(data)
    is_damaged = isinstance(error.__cause__, BrokenSealError)
    return head is not None and int(head[1]) != SCHEMA_VERSION and not is_damaged
