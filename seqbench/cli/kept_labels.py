"""Finds cells that keep the label of their existing record, and what it tells of its width.

Neither is part of a cell's key, so a new one does not run a cell again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from seqbench.experiment.cells import Configured
from seqbench.experiment.titles import titled
from seqbench.records.schema import PluginUsed, Record
from seqbench.running.plan import Plan


def kept_labels(todo: Plan, records: Sequence[Record]) -> Iterator[str]:
    """Yield a sentence about each requested label that existing records with another one do not get."""
    asked = {cell.key: _shown(cell.model) for cell in todo.cells}
    pending = {cell.key for cell in todo.pending}
    kept = [_shown(record.cell.model) for record in records if record.key not in pending]
    wanted = [asked[record.key] for record in records if record.key not in pending]
    for (was, now), cells in Counter(zip(kept, wanted, strict=True)).items():
        if was != now:
            yield (
                f"{cells} of {len(todo.cells)} cells were run before as {was}, and their records keep that name,"
                f" not {now}; --on-existing fresh runs all cells of this command again"
            )


def _shown(model: Configured | PluginUsed) -> str:
    return titled(model.shown, model.sized.weights if model.sized else None)
