"""What are the results, as a table?

`load_results` reads one or more stores into a tidy pandas DataFrame, one row for each cell. Stands on store.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.records import Record
from seqbench.store import Store

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "task", "model", "length", "seed", "status", "metric", "score", "baseline", "baseline_name", "skill",
    "parameters", "state_size", "steps", "train_seconds", "seconds_per_step", "peak_memory_bytes",
    "validation_score", "stopped", "key",
)  # fmt: skip
"""The columns that every table of results has, in this order; ``metrics.NAME`` columns follow."""


def load_results(*folders: str | Path) -> pd.DataFrame:
    """Return one row for each cell.

    Columns are `COLUMNS`, then ``metrics.NAME`` for every other metric, and ``metrics.NAME@LENGTH`` for the
    lengths of ``evaluate_lengths``. A value that is not known is missing, never 0.

    Raises:
        StoreError: a folder is not there or holds something else.
    """
    return frame(record for folder in folders for record in Store(folder).read())


def frame(records: Iterable[Record]) -> pd.DataFrame:
    """Return the table of these records."""
    import pandas as pd

    rows = [_row(record) for record in records]
    extra = sorted({name for row in rows for name in row} - set(COLUMNS))
    return pd.DataFrame(rows, columns=[*COLUMNS, *extra])


def _row(record: Record) -> dict[str, Any]:
    cell, costs = record.cell, record.costs
    return {
        "task": cell.task.name,
        "model": cell.model.name,
        "length": cell.length,
        "seed": cell.seed,
        "status": record.status,
        "parameters": costs.parameters,
        "state_size": costs.state_size,
        "steps": costs.steps,
        "train_seconds": costs.train_seconds,
        "seconds_per_step": costs.seconds_per_step,
        "peak_memory_bytes": costs.peak_memory_bytes,
        "validation_score": record.validation_score,
        "stopped": record.stopped,
        "key": record.key,
        **_scores(record),
    }


def _scores(record: Record) -> dict[str, Any]:
    metric, test = record.metric, record.test
    if metric is None or test is None:
        return {}
    others = {f"metrics.{name}": score for name, score in test.scores.items() if name != metric.name}
    elsewhere = {
        f"metrics.{name}@{evaluation.length}": score
        for evaluation in record.evaluations
        for name, score in evaluation.scores.items()
    }
    reference = next(b for b in test.baselines if b.name == test.baseline_name)
    return {
        "metric": metric.name,
        "score": test.scores[metric.name],
        "baseline": reference.scores[metric.name],
        "baseline_name": reference.name,
        "skill": test.skill,
        **others,
        **elsewhere,
    }
