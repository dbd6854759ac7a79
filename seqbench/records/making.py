"""Makes records of cells, with or without scores, and limits the length of their texts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from seqbench.base.printable import encodable
from seqbench.experiment.cells import Cell, Configured
from seqbench.experiment.schema import Training
from seqbench.records.schema import (
    MOST_TEXT,
    MOST_TRACEBACK,
    MOST_WARNINGS,
    CellData,
    PluginUsed,
    Record,
    Status,
)


def cell_data(cell: Cell) -> CellData:
    """Return the part of a record that describes the cell."""
    return CellData(
        task=_used(cell.task),
        model=_used(cell.model),
        length=cell.length,
        seed=cell.seed,
        training=cell.training.model_dump(),
        evaluate_lengths=cell.evaluate_lengths,
        data=dict(cell.data),
        gradients=cell.gradients.model_dump(),
        key_version=cell.key_version,
        trial=cell.trial,
        tuned=cell.tuned,
    )


def cell_of(data: CellData) -> Cell:
    """Return the cell that a record tells; how gradients are measured, which is in no key, is at its defaults.

    Raises:
        ValueError: its training settings do not exist in this version.
    """

    def plugin(used: PluginUsed) -> Configured:
        return Configured(
            used.name, used.version, used.parameters, used.changed, used.distribution, used.label, used.sized
        )

    return Cell(
        task=plugin(data.task),
        model=plugin(data.model),
        length=data.length,
        seed=data.seed,
        training=Training.model_validate(data.training),
        evaluate_lengths=data.evaluate_lengths,
        data=data.data,
        key_version=data.key_version,
        trial=data.trial,
        tuned=data.tuned,
    )


def _used(plugin: Configured) -> PluginUsed:
    return PluginUsed(
        name=plugin.name,
        version=plugin.version,
        parameters=dict(plugin.parameters),
        changed=plugin.changed,
        distribution=plugin.distribution,
        label=plugin.label,
        sized=plugin.sized,
    )


def unfinished(
    cell: Cell,
    status: Status,
    reason: str,
    environment: Mapping[str, Any],
    trace: str | None = None,
) -> Record:
    """Return the record of a cell without scores, with the reason."""
    return Record(
        key=cell.key,
        status=status,
        reason=reason,
        cell=cell_data(cell),
        environment=dict(environment),
        traceback=trace,
        finished=now(),
    )


def bounded(record: Record) -> Record:
    """Return a record with texts of limited length that can be encoded as UTF-8.

    The output of a plugin may be megabytes; its log has all of it.
    """
    return record.model_copy(
        update={
            "reason": record.reason and encodable(record.reason, MOST_TEXT),
            "traceback": record.traceback and encodable(record.traceback, MOST_TRACEBACK),
            "warnings": tuple(encodable(text, MOST_TEXT) for text in record.warnings[:MOST_WARNINGS]),
            "notes": {name: encodable(text, MOST_TEXT) for name, text in record.notes.items()},
            "facts": {
                encodable(name, MOST_TEXT): encodable(fact, MOST_TEXT) if isinstance(fact, str) else fact
                for name, fact in record.facts.items()
            },
            "environment": {name: _bounded(value) for name, value in record.environment.items()},
        }
    )


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return encodable(value, MOST_TEXT)
    if isinstance(value, Mapping):
        return {name: _bounded(inner) for name, inner in value.items()}
    return value


def now() -> str:
    """Return the time in UTC, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
