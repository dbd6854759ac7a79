"""Finds finished cells whose gradient statistics differ from the requested ones.

The settings of gradient statistics are not part of a cell's key, so such cells are not run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seqbench.records.schema import Record
from seqbench.running.plan import Plan

_AGAIN = "; --on-existing fresh runs all cells of this command again"


def kept_gradients(todo: Plan, records: Sequence[Record]) -> Iterator[str]:
    """Yield a sentence about each way in which kept records have less than was requested."""
    asked = {cell.key: cell.gradients.model_dump() for cell in todo.cells if cell.gradients.measure}
    pending = {cell.key for cell in todo.pending}
    if not todo.on_existing.runs:
        return
    kept = [each for each in records if each.key in asked and each.key not in pending and each.is_final]
    without = [each for each in kept if each.gradients is None]
    if without:
        yield (
            f"{len(without)} of {len(todo.cells)} cells have no gradient statistics: they were run with"
            f" gradients=off{_AGAIN}, with them"
        )
    told = [each for each in kept if each.gradients is not None and each.cell.gradients is not None]
    other = [each for each in told if each.cell.gradients != asked[each.key]]
    if other:
        yield (
            f"{len(other)} of {len(todo.cells)} cells keep gradient statistics of other settings of gradients"
            f"{_AGAIN}, with those of now"
        )
