"""Names the records of a report once, for all of its parts.

Records of one kind, which differ in length and seed only, have the same names: one record of each kind is looked
at, so that thousands of records are named as quickly as the few kinds among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqbench.records.schema import Record
from seqbench.records.sides import Sides
from seqbench.records.variants import legend, legend_title, model_names, task_names


@dataclass(frozen=True)
class Names:
    """The names that tables show.

    Attributes:
        tasks, models: key of a record -> name of its task and of its model.
        legend: the meaning of the numbers in names and of the labels.
        legend_title: a heading for the legend.
        kinds: key of a record -> a record of its kind. Records of one kind differ in nothing that was asked of
            their cells but the length and the seed.
    """

    tasks: Mapping[str, str]
    models: Mapping[str, str]
    legend: tuple[str, ...]
    legend_title: str
    kinds: Mapping[str, Record]


def names_of(records: Sequence[Record], sides: Sides = ()) -> Names:
    """Return the names of these records; they do not depend on the order of the records.

    Args:
        records: the records.
        sides: the keys of the records on each side of a comparison. What tells records of one side apart is shown
            on all sides; what differs between sides alone is not shown.
    """
    known: dict[tuple[Any, ...], str] = {}
    kind_of = {record.key: _kind(record, known) for record in records}
    kept: dict[str, Record] = {}
    for record in records:
        # The order of fields in a name is that of the record with the smallest key.
        kind = kind_of[record.key]
        kept[kind] = min(kept.get(kind, record), record, key=lambda each: each.key)
    few = list(kept.values())
    few_of = [{kept[kind_of[key]].key for key in side} for side in sides]
    tasks, models = task_names(few, few_of), model_names(few, few_of)
    kinds = {key: kept[kind] for key, kind in kind_of.items()}
    return Names(
        tasks={key: tasks[kind.key] for key, kind in kinds.items()},
        models={key: models[kind.key] for key, kind in kinds.items()},
        legend=tuple(legend(few, few_of)),
        legend_title=legend_title(few, few_of),
        kinds=kinds,
    )


def _kind(record: Record, known: dict[tuple[Any, ...], str]) -> str:
    """Return a text that tells the kind; records that were read from an index share the parts of their cells."""
    cell = record.cell
    parts = (cell.task, cell.model, cell.training, cell.evaluate_lengths, cell.data, cell.gradients)
    search = cell.tuned.search if cell.tuned else None
    same = (*map(id, parts), cell.key_version, search)
    if same not in known or cell.gradients is None:
        plugins = [
            (each.name, each.version, each.parameters, each.label, each.sized, each.changed, each.distribution)
            for each in (cell.task, cell.model)
        ]
        measured = _measured(record) if cell.gradients is None else None
        known[same] = repr((plugins, *parts[2:], cell.key_version, measured, search))
    return known[same]


def _measured(record: Record) -> Any:
    """Return what tells the gradient settings of an early record, which does not hold them."""
    if record.gradients is None:
        return record.status
    return [
        (
            at.when,
            at.step,
            at.flow.length,
            at.flow.examples,
            at.flow.draws,
            at.flow.curves and at.flow.curves[0].lags,
        )
        for at in record.gradients.flows
    ]
