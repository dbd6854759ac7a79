"""Makes the entries of the index from the files of records, and records from entries."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import create_model
from pydantic_core import from_json, to_json

from seqbench.base.checksums import BrokenSealError, check_seal, is_sealed
from seqbench.errors import StoreError
from seqbench.records.curves import ShortCurves, kept
from seqbench.records.index_file import IndexEntry
from seqbench.records.light import is_light, without_curves
from seqbench.records.quick_check import APART, checked_outcome
from seqbench.records.record_files import BROKEN, Content, content_of, head_of, is_of_another_version, seen_in
from seqbench.records.record_text import Parts, parts_of
from seqbench.records.row_columns import short_row
from seqbench.records.rows import own_row, row_of_cell, row_of_outcome
from seqbench.records.schema import CellData, Data, PluginUsed, Record


@dataclass(frozen=True)
class FileFault:
    """A file without a record that this program can read.

    Attributes:
        error: what is raised for it.
        is_broken: whether readers that skip broken files skip it.
        stamp: inode and time of change of a file that could be read; None of another.
    """

    error: StoreError
    is_broken: bool
    stamp: tuple[int, int] | None = None


class RecordFile(NamedTuple):
    """A file that was read: its folder and name, its content, and whether it has a right checksum."""

    folder: Path
    name: str
    content: Content
    has_right_seal: bool

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self.folder / self.name


def load(folder: Path, name: str) -> RecordFile | FileFault | None:
    """Read a record's file and check its checksum; None if it is missing."""
    try:
        # A text is made more quickly than a path.
        content = content_of(f"{folder}/{name}")
    except StoreError as error:
        return FileFault(error, is_broken=False)
    return None if content is None else RecordFile(folder, name, content, _has_right_seal(content.data))


def entry_of(file: RecordFile, depth: int) -> IndexEntry | FileFault:
    """Return the entry of a record's file as deep as asked (`IndexEntry.depth`), or its fault."""
    return _whole_entry(file, depth) if depth else _checked_entry(file)


def _whole_entry(file: RecordFile, depth: int) -> IndexEntry | FileFault:
    data = file.content.data
    parts = parts_of(data) if file.has_right_seal else None
    if parts is not None:
        with suppress(ValueError):
            cell = _cell(parts.cell)
            rest = checked_outcome(parts.rest) or _rest().model_validate_json(parts.rest)
            # Without the settings of its gradients, a record keeps the curves of its flows.
            if cell.gradients is not None and is_light(rest):
                row = _row_of_cell(parts.cell, parts.environment) | _place(parts.place) | row_of_outcome(rest)
                return _entry(file, rest, parts, row, kept(from_json(data)) if depth == 2 else None, depth)
    try:
        whole = Record.from_json(data, str(file.path))
    except StoreError as error:
        return FileFault(error, not is_of_another_version(data, error), file.content.stamp)
    record = without_curves(whole)
    curves = kept(whole.model_dump()) if depth == 2 else None
    return _entry(file, record, _parts(record), own_row(record), curves, depth)


def _checked_entry(file: RecordFile) -> IndexEntry | FileFault:
    """Return an entry with key and status only, which costs less; a file without a checksum is read whole."""
    head = head_of(file.content.data) if file.has_right_seal else None
    if head is None:
        try:
            key, seen = seen_in(file.content, file.path)
        except StoreError as error:
            return FileFault(error, is_broken=False)
        if seen.status == BROKEN:
            return FileFault(StoreError(seen.problem or ""), is_broken=True, stamp=seen.stamp)
        head = key, seen.status
    return IndexEntry(*_state(file), *head)


def _has_right_seal(data: bytes) -> bool:
    if is_sealed(data):
        with suppress(BrokenSealError):
            check_seal(data)
            return True
    return False


def record_of(cell: str, environment: str, rest: str, place: str) -> Record:
    """Return the record of an entry; records of the same cell but for length and seed share its parts."""
    whole = _cell(cell).model_copy(update=_place(place))
    found = vars(_rest().model_validate_json(rest))
    return _TEMPLATE.model_copy(update={**found, "cell": whole, "environment": _environment(environment)})


def settings_record(cell: str) -> Record:
    """Return a record of which only the settings of its cell count; its key is the text of the cell."""
    return _TEMPLATE.model_copy(update={"key": cell, "cell": _cell(cell)})


def _entry(
    file: RecordFile, record: Record, parts: Parts, row: dict[str, Any], curves: ShortCurves | None, depth: int
) -> IndexEntry:
    own = *_state(file), record.key, record.status
    grids, numbers = curves or (None, None)
    return IndexEntry(*own, *parts, *short_row(row), grids, numbers, depth)


def _parts(record: Record) -> Parts:
    cell = record.cell
    return Parts(
        cell=cell.model_copy(update={"length": 0, "seed": 0}).model_dump_json(),
        environment=to_json(record.environment).decode(),
        rest=record.model_dump_json(exclude=set(APART)),
        place=f"{cell.length} {cell.seed}",
    )


def _state(file: RecordFile) -> tuple[str, int, int, int, int]:
    state = file.content.file
    return file.name, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


def _place(text: str) -> dict[str, int]:
    length, seed = text.split()
    return {"length": int(length), "seed": int(seed)}


@cache
def _rest() -> type[Record]:
    """Return the class of a record that lacks the parts it shares with others, made when it is used."""
    fields = {name: (each.annotation, each) for name, each in Record.model_fields.items() if name not in APART}
    made: Any = create_model("_Rest", __base__=Data, **fields)  # type: ignore[call-overload]
    return made  # type: ignore[return-value]


@lru_cache(maxsize=1024)
def _row_of_cell(cell: str, environment: str) -> dict[str, Any]:
    return row_of_cell(_cell(cell), _environment(environment))


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
