"""Keeps the outcome of each target: a JSON file in the folder ``outcomes`` of a folder of results."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from seqbench.base.atomic_files import write_atomically
from seqbench.base.plain_files import read_plain
from seqbench.contracts.published import Computed, Target
from seqbench.errors import StoreError, reason

OutcomeStatus = Literal["met", "missed", "not comparable", "no data", "not run", "failed"]

MOST_BYTES = 1_000_000
"""Of a file of an outcome."""


class TargetOutcome(BaseModel):
    """What came of a target.

    Attributes:
        target: its name.
        definition: hash of number, tolerance and measurement; an outcome of another definition counts for nothing.
        status: ``met``; ``missed``; ``not comparable``; ``no data``; ``not run``, as cells have to be trained;
            ``failed``, as an error kept it from being measured.
        published: the published number.
        measured: the measured one; None if there is none.
        beyond: by how much it is outside the tolerance; 0 where met, None if there is no number.
        n: how many cells it is the mean of; 1 for a computed number, 0 if there is none.
        spread: standard deviation over the cells; None for fewer than two.
        baseline: the same score of the task's baseline; None if there is none.
        reason: why there is no number, or what is odd about it; empty otherwise.
        keys: of the cells.
        environment: where it was measured; empty if it was not.
        earlier: the status of an outcome that is kept, where this run has no data; it is not written to files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: Literal[1] = 1
    target: str
    definition: str
    status: OutcomeStatus
    published: float
    measured: float | None = None
    beyond: float | None = None
    n: int = 0
    spread: float | None = None
    baseline: float | None = None
    reason: str = ""
    keys: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    earlier: OutcomeStatus | None = None

    @property
    def is_measured(self) -> bool:
        """Whether a measurement was made, or there is none to make."""
        return self.status in ("met", "missed", "not comparable")


def definition_of(target: Target) -> str:
    """Return a hash of all that decides the outcome of a target; claim and source are not part of it."""
    by = target.measured_by
    measured = {"identity": by.identity} if isinstance(by, Computed) else dataclasses.asdict(by)
    told = [
        target.number,
        type(target.tolerance).__name__,
        target.tolerance.by,
        type(by).__name__,
        measured,
        target.data.path if target.data else None,
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=list).encode()).hexdigest()[:16]


def kept_outcome(folder: Path, target: Target) -> TargetOutcome | None:
    """Return the outcome that a folder of results keeps of a target; None without one of this definition.

    Raises:
        StoreError: the file is no outcome.
    """
    path = _file(folder, target)
    if not path.exists():
        return None
    try:
        found = TargetOutcome.model_validate_json(read_plain(path, MOST_BYTES))
    except (OSError, ValidationError) as error:
        why = "it is no outcome of a target" if isinstance(error, ValidationError) else reason(error)
        raise StoreError(f"{path} cannot be read: {why}; move it away") from error
    is_of_today = found.target == target.name and found.definition == definition_of(target)
    return found if is_of_today else None


def keep_outcome(folder: Path, target: Target, outcome: TargetOutcome) -> None:
    """Write an outcome, unless it was not run or failed; one without data never replaces a measurement.

    The same numbers from another machine replace nothing either.

    Raises:
        StoreError: the folder cannot be written to.
    """
    known = kept_outcome(folder, target)
    is_known = known is not None and known.is_measured
    if outcome.status in ("not run", "failed") or (is_known and not outcome.is_measured):
        return
    if known is not None and known == outcome.model_copy(update={"environment": known.environment}):
        return
    path = _file(folder, target)
    text = json.dumps(outcome.model_dump(mode="json", exclude={"earlier"}), allow_nan=False, indent=1) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        raise StoreError(
            f"the outcome {path} cannot be written: {reason(error)}; choose another --output"
        ) from error


def _file(folder: Path, target: Target) -> Path:
    return folder / "outcomes" / f"{target.name}.json"
