"""Compares the index of a folder with its files, mends it where that is worth its time, and merges both.

An index is written as records are: whole or not at all, whoever else writes one.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from seqbench.base.atomic_files import replacing
from seqbench.records.entries import FileFault, entry_of, load
from seqbench.records.file_states import State
from seqbench.records.index_file import STATE, IndexEntry, IndexFile, IndexFileError, opened, write
from seqbench.records.layout import Layout

if TYPE_CHECKING:
    import pyarrow as pa

_WORTH = 50
"""An index is written anew if at least one in so many of its entries has to be."""
_TICK = 2_000_000_000
"""Nanoseconds within which a file may change twice without another time of change; 2 s on the coarsest disks."""

Found = tuple[str, tuple[Any, ...] | FileFault]
"""The name of a file, and the asked columns of its entry and its name again, or its fault."""


@dataclass
class Reading:
    """One reading of a folder.

    Attributes:
        states: name -> size, times of change and inode of every file; None if it cannot be told.
        depth: of the entries.
        aside: name -> what was read but is not in the index.
    """

    layout: Layout
    states: dict[str, State | None]
    columns: tuple[str, ...]
    depth: int
    aside: dict[str, IndexEntry | FileFault] = field(default_factory=dict)

    def found(self) -> Iterator[Found]:
        """Return what `seqbench.records.index.known` returns, after writing the index anew if that is worth it."""
        return self._merged(*self._mended())

    def table(self) -> pa.Table | Iterator[Found]:
        """Return what `seqbench.records.index.known_table` returns, after writing it anew if that is worth it."""
        file, believed, read = self._mended()
        first = next(read, None)
        if file is not None and first is None and file.entries == len(believed):
            with suppress(IndexFileError):
                return file.table(self.columns)
        return self._merged(file, believed, read if first is None else chain([first], read))

    def _mended(self) -> tuple[IndexFile | None, Set[str], Iterator[tuple[str, IndexEntry | FileFault]]]:
        """Return the index, the names of its entries that can be believed, and what was read beside it."""
        old = opened(self.layout.index)
        fitting = self._fitting(old) if old else set()
        left = [name for name in self.states if name not in fitting]
        if len(left) * _WORTH < len(self.states):
            return old, fitting, self._read(left)
        # What is damaged in the old one may show only now.
        new = self._written(old, fitting, left) or (old and self._written(None, set(), list(self.states)))
        if new is None:
            return old, fitting, self._read(left)
        if old is not None:
            old.close()
        return new, self.states.keys(), iter(sorted(self.aside.items(), key=itemgetter(0)))

    def _fitting(self, old: IndexFile) -> set[str]:
        """Return the names of the files whose entries can be believed."""
        state_of, least = self.states.get, self.depth
        rows = old.rows(("name", "is_sure", "depth", *STATE))
        try:
            return {row[0] for row in rows if row[1] and row[2] >= least and state_of(row[0]) == row[3:]}
        except IndexFileError:
            return set()

    def _read(self, names: Iterable[str]) -> Iterator[tuple[str, IndexEntry | FileFault]]:
        # In threads it takes longer: most of the time Python's lock is held.
        folder = self.layout.records
        for name in names:
            file = load(folder, name)
            if file is not None:
                yield name, file if isinstance(file, FileFault) else entry_of(file, self.depth)

    def _written(self, old: IndexFile | None, fitting: Set[str], left: Sequence[str]) -> IndexFile | None:
        """Write the index anew and return it; None if that fails."""
        self.aside.clear()
        kept = (IndexEntry(*row) for row in old.rows(IndexEntry._fields) if row[0] in fitting) if old else iter(())
        with ExitStack() as stack:
            try:
                with replacing(self.layout.index, is_synced=False) as file:
                    now = os.fstat(file.fileno()).st_mtime_ns
                    write(file, heapq.merge(kept, self._believable(left, now), key=itemgetter(0)))
                    # Another process may replace the file at any time; this one stays what it is.
                    own = stack.enter_context(os.fdopen(os.dup(file.fileno()), "rb"))
            except (OSError, IndexFileError):
                return None
            if (new := opened(own)) is not None:
                stack.pop_all()
            return new

    def _believable(self, names: Sequence[str], now: int) -> Iterator[IndexEntry]:
        """Yield the entries of these files; faults, which name paths, and odd names are kept aside."""
        for name, entry in self._read(names):
            if isinstance(entry, FileFault) or not name.isprintable():
                self.aside[name] = entry
            else:
                yield entry if entry.mtime_ns < now - _TICK else entry._replace(is_sure=False)

    def _merged(
        self, file: IndexFile | None, believed: Set[str], read: Iterator[tuple[str, IndexEntry | FileFault]]
    ) -> Iterator[Found]:
        """Return both in the order of the names."""
        if file is None:
            return self._asked(read)
        if (first := next(read, None)) is None:
            return self._in_file(file, believed)
        return heapq.merge(self._in_file(file, believed), self._asked(chain([first], read)), key=itemgetter(0))

    def _in_file(self, file: IndexFile, believed: Set[str]) -> Iterator[Found]:
        last = ""
        try:
            for row in file.rows((*self.columns, "name")):
                if row[-1] in believed:
                    last = row[-1]
                    yield last, row
        except IndexFileError:
            with suppress(OSError):
                self.layout.index.unlink()
            yield from self._asked(self._read(name for name in self.states if name in believed and name > last))
        finally:
            file.close()

    def _asked(self, entries: Iterator[tuple[str, IndexEntry | FileFault]]) -> Iterator[Found]:
        ask = itemgetter(*(IndexEntry._fields.index(name) for name in (*self.columns, "name")))
        for name, entry in entries:
            yield name, ask(entry) if isinstance(entry, IndexEntry) else entry
