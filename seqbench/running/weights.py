"""Reports requested weights that are missing.

Keeping weights is not part of a cell's key, so no cell runs again for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seqbench.experiment.schema import Execution
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.running.plan import Plan


def without_weights(todo: Plan, records: Sequence[Record], settings: Execution) -> Iterator[str]:
    """Yield a sentence about finished cells without weights, and one about those that could not be kept."""
    if not settings.keep_weights or not todo.on_existing.runs:
        return
    pending = {cell.key for cell in todo.pending}
    without = [each for each in records if each.status == "ok" and each.weights is None]
    finished = [each for each in without if each.key not in pending]
    if finished:
        yield (
            f"{len(finished)} of {len(todo.cells)} cells were finished before and kept no weights;"
            " the same run with on-existing fresh runs all of them again, and keeps them"
        )
    failed = [each for each in without if each.key in pending]
    if failed:
        why = failed[0].notes.get("weights", "nobody wrote them")
        yield f"the weights of {len(failed)} of {len(todo.cells)} cells are not kept: {why}"


def with_weights_there(record: Record, store: Store) -> Record:
    """Return a record without its entry for weights if their file is not in this store."""
    if record.weights is None or store.layout.weights(record.key).is_file():
        return record
    why = f"the machine that ran the cell does not share the folder {store.path}, and wrote them into its own"
    return record.model_copy(update={"weights": None, "notes": {**record.notes, "weights": why}})
