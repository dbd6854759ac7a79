"""Splits the records of two folders that are compared, so that each is looked at by itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from seqbench.records.schema import Record

Sides = Sequence[Collection[str]]
"""The keys of the records on each side of a comparison; none where nothing is compared."""


def split(records: Sequence[Record], sides: Sides) -> list[list[Record]]:
    """Return the records of each side; all of them together if there are no sides."""
    if not sides:
        return [list(records)]
    return [[record for record in records if record.key in side] for side in sides]
