"""Finds cells that keep the label of their existing record, and what it tells of its width.

Neither is part of a cell's key, so a new one does not run a cell again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from seqbench.records.schema import Record
from seqbench.running.plan import Plan


def kept_labels(todo: Plan, records: Sequence[Record]) -> Iterator[str]:
    """Yield a sentence about each requested label that existing records with another one do not get."""
    asked = {cell.key: cell.model.titled for cell in todo.cells}
    pending = {cell.key for cell in todo.pending}
    kept = [record.cell.model.titled for record in records if record.key not in pending]
    wanted = [asked[record.key] for record in records if record.key not in pending]
    for (was, now), cells in Counter(zip(kept, wanted, strict=True)).items():
        if was != now:
            yield (
                f"{cells} of {len(todo.cells)} cells were run before as {was}, and their records keep that name,"
                f" not {now}; --on-existing fresh runs all cells of this command again"
            )
