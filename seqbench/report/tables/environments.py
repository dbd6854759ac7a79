"""Describes the machines on which cells ran, and which cells ran where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqbench.base.printable import MOST, one_line
from seqbench.records.schema import Record
from seqbench.records.variants import model_names, natural, task_names
from seqbench.report.tables.table import Entry, Table

_LINES = ("What the records say of the machine and the software; the source revision is seqbench's own.",)
_NAMES = {"git_revision": "source revision", "processor_class": "processor's", "gpu_libraries": "GPU's"}


@dataclass(frozen=True)
class Environment:
    """One machine and its software.

    Attributes:
        facts: name -> value, in the order of the record.
        records: the records of the cells that ran there.
    """

    facts: Mapping[str, str]
    records: tuple[Record, ...]


def environments(records: Sequence[Record]) -> list[Environment]:
    """Return the environments, the one with most cells first.

    A cell that failed before its device was known is counted to an environment that it does not contradict.
    """
    ordered = sorted(records, key=lambda record: (-len(record.environment), record.key))
    found: list[tuple[dict[str, str], list[Record]]] = []
    for record in ordered:
        facts = _facts(record)
        for known, own in found:
            if all(known.get(name) == value for name, value in facts.items()):
                own.append(record)
                break
        else:
            found.append((facts, [record]))
    found.sort(key=lambda pair: (-len(pair[1]), sorted(pair[0].items())))
    return [Environment(facts, tuple(own)) for facts, own in found]


def environment_table(found: Sequence[Environment]) -> Table:
    """Return a row for each fact and a column for each environment."""
    names = list(dict.fromkeys(name for each in found for name in each.facts))
    columns = (
        ("", *(f"environment {i}" for i in range(1, len(found) + 1))) if len(found) > 1 else ("", "environment")
    )
    rows = [(Entry("cells"), *(Entry(str(len(each.records)), len(each.records)) for each in found))]
    rows += [(Entry(name), *(Entry(each.facts.get(name, "not recorded")) for each in found)) for name in names]
    return Table("environment", _LINES, columns, tuple(rows), keys=1)


def places(found: Sequence[Environment]) -> list[str]:
    """Return which cells come from which environment; nothing if there is only one."""
    if len(found) < 2:
        return []
    records = [record for each in found for record in each.records]
    tasks, models = task_names(records), model_names(records)
    lines = []
    for i, each in enumerate(found, start=1):
        cells: dict[tuple[str, str], list[Record]] = {}
        for record in each.records:
            cells.setdefault((tasks[record.key], models[record.key]), []).append(record)
        for key in sorted(cells, key=lambda key: [natural(part) for part in key]):
            lines.append(f"environment {i}: {' '.join(key)}, {_cells(cells[key])}")
    return lines


def _cells(records: Sequence[Record]) -> str:
    """Return lengths and seeds as text; lengths with the same seeds are joined."""
    seeds: dict[int, list[int]] = {}
    for record in sorted(records, key=lambda record: (record.cell.length, record.cell.seed)):
        seeds.setdefault(record.cell.length, []).append(record.cell.seed)
    lengths: dict[tuple[int, ...], list[int]] = {}
    for length, own in seeds.items():
        lengths.setdefault(tuple(own), []).append(length)
    return "; ".join(f"T={_list(own)} seed {_list(shared)}" for shared, own in lengths.items())


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _facts(record: Record) -> dict[str, str]:
    facts: dict[str, str] = {}
    for name, value in record.environment.items():
        facts |= _flat(_NAMES.get(name, name), value)
    return facts


def _flat(name: str, value: Any) -> dict[str, str]:
    if isinstance(value, Mapping):
        # Packages are shown by name alone; the parts of other facts name their fact.
        whose = "" if name == "packages" else f"{_cut(name)} "
        return {f"{whose}{_cut(inner)}": _shown(part) for inner, part in value.items()}
    return {_cut(name): _shown(value)}


def _shown(value: Any) -> str:
    return "not known" if value is None else _cut(value)


def _cut(value: Any) -> str:
    """Return a name or a value as text, cut if it is too long for a table."""
    text = str(value)
    return text if len(text) <= MOST else one_line(text)


def plugins_used(records: Sequence[Record]) -> list[str]:
    """Return tasks and models with their versions and distributions.

    Only the same versions reproduce a cell: another version has another key.
    """
    found: dict[str, set[str]] = {}
    for record in records:
        for kind, plugin in (("task", record.cell.task), ("model", record.cell.model)):
            used = f"{kind} {plugin.name} version {plugin.version}"
            found.setdefault(plugin.distribution or "a distribution that is not recorded", set()).add(used)
    return [f"from {name}: {', '.join(sorted(found[name], key=natural))}" for name in sorted(found, key=natural)]
