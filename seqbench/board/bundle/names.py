"""Refuses names and texts of a bundle that control a terminal, hide, or begin like a spreadsheet formula.

Each function yields a sentence for each fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seqbench.base.csv_fields import is_formula
from seqbench.base.printable import is_hidden
from seqbench.board.bundle.manifest import Manifest
from seqbench.records.schema import Record

_METRIC = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 200
_SAID = {"reason", "traceback", "warnings", "notes", "problems", "description", "samples"}
"""Fields of running text, which may have several lines; they are escaped when they are shown."""


def record_names(record: Record) -> Iterator[str]:
    """Yield the faults in the names and texts of a record."""
    metrics = {name for test in record.tests for name in test.scores}
    if record.metric is not None:
        metrics.add(record.metric.name)
    for metric in sorted(metrics):
        if not _METRIC.fullmatch(metric):
            yield f"{metric!r} is no name of a metric: names are lower-case words joined by '_'"
    baselines = {each.name for test in record.tests for each in test.baselines}
    named = {"baseline": baselines, "fact": set(record.facts)}
    named["distribution"] = {record.cell.task.distribution, record.cell.model.distribution} - {""}
    for kind, names in named.items():
        for name in sorted(names):
            yield from _name_faults(kind, name)
    yield from _hidden(record.model_dump(mode="json"), "the record")


def manifest_names(manifest: Manifest) -> Iterator[str]:
    """Yield the faults in the texts of a manifest."""
    yield from _hidden(manifest.model_dump(mode="json"), "the manifest")


def _name_faults(kind: str, name: str) -> Iterator[str]:
    if is_formula(name):
        yield f"{name!r} is no name of a {kind}: it begins as a spreadsheet's formula does"
    elif not name.strip() or name != name.strip() or len(name) > _LONGEST:
        yield f"{name!r:.80} is no name of a {kind}: it is empty, padded or longer than {_LONGEST} characters"


def _hidden(value: Any, place: str) -> Iterator[str]:
    """Yield every key and text with a control character or a hidden character."""
    if isinstance(value, str):
        if any(map(is_hidden, value)):
            yield f"{place} holds a control character or one that turns a text round: {value!r:.80}"
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _hidden(name, f"a name in {place}")
            if name not in _SAID:
                yield from _hidden(inner, f"{place}.{name!r}" if any(map(is_hidden, name)) else f"{place}.{name}")
    elif isinstance(value, Iterable):
        for i, inner in enumerate(value):
            yield from _hidden(inner, f"{place}[{i}]")
