"""Tells how layers of other packages were called, from the notes of records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seqbench.base.printable import one_line
from seqbench.records.schema import Record

NOTE = "layer"
"""The note of a record with the remarks of `seqbench.Model.remarks`."""


def layer_notes(records: Sequence[Record]) -> Iterator[str]:
    """Yield a line for each model with remarks about its layer."""
    notes = {(record.cell.model.shown, record.notes[NOTE]) for record in records if NOTE in record.notes}
    yield from (f"{name}: {one_line(note)}" for name, note in sorted(notes))
