"""Writes records for a program: one row for each cell as CSV, and everything as JSON.

pandas is imported for CSV alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from seqbench.base.csv_fields import csv_text
from seqbench.records.layout import stem
from seqbench.records.load import frame
from seqbench.records.merge import told_elsewhere
from seqbench.records.row_order import in_order, place_of
from seqbench.records.rows import rows
from seqbench.records.schema import Record
from seqbench.report.commands import command
from seqbench.report.findings import findings
from seqbench.report.formats.search_data import search_data, statistics_over_tasks
from seqbench.report.observations import Observation
from seqbench.report.tables.failures import failures
from seqbench.report.tables.remarks import warnings_of
from seqbench.report.tables.scores import usable_length_of
from seqbench.report.tables.seed_summaries import SCORE, SKILL, worth_of
from seqbench.report.tables.standings import outcomes
from seqbench.report.tables.table import grouped
from seqbench.report.tuning import Tried
from seqbench.statistics import compare, mean_ranks

SCHEMA_VERSION = 1
"""The schema version of the JSON; it rises when a field changes its meaning or is removed."""


def to_csv(records: Iterable[Record]) -> str:
    """Return the table of `seqbench.load_results`, which reads it back to the last bit.

    Formulas of spreadsheets and control characters are escaped; see `base.csv_fields`.
    """
    table = in_order(frame(records))
    words = [str(name) for name in table if table[name].dtype == "str"]
    texts = {name: table[name].map(csv_text, na_action="ignore") for name in words}
    named = table.assign(**texts).rename(columns=csv_text)
    text: str = named.to_csv(index=False, lineterminator="\n")
    return text


def to_json(records: Iterable[Record], tried: Iterable[Tried] = ()) -> str:
    """Return one strict JSON object; docs/reports.md names its fields."""
    return (
        json.dumps({"schema_version": SCHEMA_VERSION, **content(records, tried)}, allow_nan=False, indent=1) + "\n"
    )


def content(records: Iterable[Record], tried: Iterable[Tried] = ()) -> dict[str, Any]:
    """Return the content of the JSON; unknown values are None."""
    known = findings(sorted(records, key=stem))
    kept, seen = known.records, known.seen
    found = outcomes(seen)
    return {
        "rows": sorted(rows(kept), key=place_of),
        "names": list(known.names.legend),
        "summaries": _summaries(seen),
        "usable_lengths": _usable_lengths(seen),
        "mean_ranks": [asdict(each) for each in mean_ranks(found)],
        "comparisons": [asdict(each) for each in compare(found) if each.n],
        **statistics_over_tasks(found, seen),
        "tuning": [search_data(each) for each in tried],
        "failures": failures(kept, known.names),
        "warnings": warnings_of(kept, known.names),
        "told_elsewhere": told_elsewhere(kept),
        "environments": [
            {"facts": dict(each.facts), "keys": sorted(record.key for record in each.records)}
            for each in known.environments
        ],
        "commands": {record.key: command(record) for record in kept},
    }


def _summaries(seen: Sequence[Observation]) -> list[dict[str, Any]]:
    return [
        {
            "task": group[0].task,
            "model": group[0].model,
            "length": group[0].trained,
            "tested_length": group[0].tested,
            "statuses": {
                status: sum(e.status == status for e in group) for status in sorted({e.status for e in group})
            },
            "score": asdict(score) if (score := SCORE.summary(group)) else None,
            "skill": asdict(skill) if (skill := SKILL.summary(group)) else None,
            "one_example": worth_of(group),
        }
        for group in grouped(seen, lambda e: (e.task, e.model, str(e.trained), str(e.tested))).values()
    ]


def _usable_lengths(seen: Sequence[Observation]) -> list[dict[str, Any]]:
    own = [each for each in seen if each.trained == each.tested]
    return [
        {"task": task, "model": model, "text": str(usable := usable_length_of(group)), **asdict(usable)}
        for (task, model), group in grouped(own, lambda e: (e.task, e.model)).items()
    ]
