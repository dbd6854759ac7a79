"""Works out what all parts of a report read, once: names, observations and environments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from seqbench.records.schema import Record
from seqbench.report.names import Names, names_of
from seqbench.report.observations import Observation, observations
from seqbench.report.tables.environments import Environment, environments
from seqbench.report.tuning import Tried


@dataclass(frozen=True)
class Findings:
    """Records, and what the parts of a report find in them.

    Attributes:
        records: the records, in the given order.
        names: their names.
        seen: their observations.
        environments: the machines on which their cells ran.
        tried: the searches that chose settings.
    """

    records: tuple[Record, ...]
    names: Names
    seen: tuple[Observation, ...]
    environments: tuple[Environment, ...]
    tried: tuple[Tried, ...] = ()


def findings(records: Iterable[Record], tried: Iterable[Tried] = ()) -> Findings:
    """Return the findings of these records, and of the searches that chose settings."""
    kept = tuple(records)
    names = names_of(kept)
    return Findings(kept, names, tuple(observations(kept, names)), tuple(environments(kept)), tuple(tried))
