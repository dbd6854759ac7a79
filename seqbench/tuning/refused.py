"""Records the trials whose setting a model refuses: nothing is run, and they count as the worst.

Only trials that are proposed by earlier results come to this; of all others a refusal ends the search before it
begins. A refused trial is one of the budget, and no other is drawn in its place.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from seqbench.base.environment import describe
from seqbench.experiment.cells import Cell
from seqbench.experiment.trials import TrialData
from seqbench.records.making import unfinished
from seqbench.records.search import Place
from seqbench.records.store import Store
from seqbench.records.trials import setting_text

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefusedTrial:
    """A trial with one of its seeds, and why its model refuses the setting."""

    cell: Cell
    reason: str


def refused_combination(place: Place, told: TrialData, error: Exception) -> str:
    """Return a sentence about a trial that is known from the start and that its model refuses."""
    return f"trial {told.number} of {place} has {setting_text(told.setting)}: {error}; leave one of them out"


def keep_refused(refused: Sequence[RefusedTrial], store: Store) -> None:
    """Write a record of each.

    Raises:
        StoreError: the folder cannot be written to.
    """
    environment = describe() if refused else {}
    for each in refused:
        log.warning("%s is refused, and counts as the worst trial: %s", each.cell, each.reason)
        record = unfinished(each.cell, "failed", each.reason, environment)
        store.write(record.model_copy(update={"stopped": "refused"}))
