"""Makes the entries of the index from the files of records, and records from entries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from os import stat_result
from pathlib import Path
from typing import Any

from pydantic import create_model
from pydantic_core import from_json, to_json

from seqbench.errors import StoreError
from seqbench.records.index_file import Entry
from seqbench.records.light_files import light_record
from seqbench.records.record_files import BROKEN, content_of, is_of_another_version, seen_in
from seqbench.records.rows import split_row
from seqbench.records.schema import CellData, Data, PluginUsed, Record

_APART = {"cell", "environment"}
_Rest = create_model(
    "_Rest",
    __base__=Data,
    **{name: (each.annotation, each) for name, each in Record.model_fields.items() if name not in _APART},
)  # type: ignore[call-overload]
"""A record without the parts that it shares with others."""


@dataclass(frozen=True)
class Fault:
    """A file without a record that this program can read.

    Attributes:
        error: what is raised for it.
        is_broken: whether readers that skip broken files skip it.
        stamp: inode and time of change of a file that could be read; None of another.
    """

    error: StoreError
    is_broken: bool
    stamp: tuple[int, int] | None = None


def whole_entry(path: Path) -> Entry | Fault | None:
    """Return the entry of a record's file, or its fault; None if it is missing."""
    try:
        content = content_of(path)
    except StoreError as error:
        return Fault(error, is_broken=False)
    if content is None:
        return None
    try:
        record = light_record(content.data, str(path))
    except StoreError as error:
        return Fault(error, not is_of_another_version(content.data, error), content.stamp)
    return _entry(path, content.file, record)


def checked_entry(path: Path) -> Entry | Fault | None:
    """Return an entry with key and status only, which costs less; a file without a checksum is read whole."""
    try:
        if (content := content_of(path)) is None:
            return None
        key, seen = seen_in(content, path)
    except StoreError as error:
        return Fault(error, is_broken=False)
    if seen.status == BROKEN:
        return Fault(StoreError(seen.problem or ""), is_broken=True, stamp=seen.stamp)
    return Entry(*_state(path, content.file), key=key, status=seen.status)


def record_of(rest: str, place: str, cell: str, environment: str) -> Record:
    """Return the record of an entry; records of the same cell but for length and seed share its parts."""
    length, seed = map(int, place.split())
    whole = _cell(cell).model_copy(update={"length": length, "seed": seed})
    found = vars(_Rest.model_validate_json(rest))
    return _TEMPLATE.model_copy(update={**found, "cell": whole, "environment": _environment(environment)})


def settings_record(cell: str) -> Record:
    """Return a record of which only the settings of its cell count; its key is the text of the cell."""
    return _TEMPLATE.model_copy(update={"key": cell, "cell": _cell(cell)})


def _entry(path: Path, file: stat_result, record: Record) -> Entry:
    cell = record.cell
    return Entry(
        *_state(path, file),
        key=record.key,
        status=record.status,
        cell=cell.model_copy(update={"length": 0, "seed": 0}).model_dump_json(),
        environment=to_json(record.environment).decode(),
        rest=record.model_dump_json(exclude=_APART),
        place=f"{cell.length} {cell.seed}",
        row=to_json(split_row(record)).decode(),
        is_whole=True,
    )


def _state(path: Path, file: stat_result) -> tuple[str, int, int, int, int]:
    return path.name, file.st_size, file.st_mtime_ns, file.st_ctime_ns, file.st_ino


@lru_cache(maxsize=1024)
def _cell(text: str) -> CellData:
    return CellData.model_validate_json(text)


_TEMPLATE = Record(
    key="",
    status="ok",
    cell=CellData(
        task=PluginUsed(name="", version=0, parameters={}), model=PluginUsed(name="", version=0, parameters={}),
        length=0, seed=0, training={}, evaluate_lengths=(), data={},
    ),
)  # fmt: skip
"""Copied and filled, which is quicker than to make a record of parts that have been checked."""


@lru_cache(maxsize=1024)
def _environment(text: str) -> dict[str, Any]:
    found: dict[str, Any] = from_json(text)
    return found
