"""What are the results, as a table?

`load_results` reads stores, or the CSV that a report made of them, into a tidy pandas DataFrame, one row for
each cell. Stands on store.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.errors import StoreError, reason
from seqbench.harmless import from_csv_text
from seqbench.records import Record
from seqbench.store import Store

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "task", "model", "length", "seed", "status", "metric", "score", "baseline", "baseline_name", "skill",
    "parameters", "state_size", "steps", "train_seconds", "seconds_per_step", "peak_memory_bytes",
    "validation_score", "stopped", "key", "gain_init", "gain_trained", "horizon_init", "horizon_trained",
    "verdict", "grad_norm_median", "grad_norm_p95", "grad_norm_max", "clipped_share", "nonfinite_steps",
)  # fmt: skip
"""The columns that every table of results has, in this order; ``metrics.NAME`` columns follow."""

_TEXTS = frozenset({"task", "model", "status", "metric", "baseline_name", "stopped", "key", "verdict"})
"""The columns of words; all others are of numbers."""

GRADIENT_COLUMNS = (
    "task", "model", "length", "seed", "when", "step", "quantity", "part", "lag", "median", "q25", "q75",
    "ln_median", "n", "key",
)  # fmt: skip
"""The columns of `load_gradients`."""


def load_results(*places: str | Path) -> pd.DataFrame:
    """Return one row for each cell.

    Columns are `COLUMNS`, then ``metrics.NAME`` for every other metric, and ``metrics.NAME@LENGTH`` for the
    lengths of ``evaluate_lengths``. A value that is not known is missing, never 0.

    Args:
        places: folders of results, and files that ``seqbench report --format csv`` wrote, which read back the
            same to the last bit.

    Raises:
        StoreError: a place is not there or holds something else.
    """
    import pandas as pd

    paths = [Path(place) for place in places]
    files = [_read_csv(path) for path in paths if _is_csv(path)]
    stores = frame(record for path in paths if not _is_csv(path) for record in Store(path).each())
    if not files:
        return stores
    table = pd.concat([*([stores] if len(stores) else []), *files], ignore_index=True)
    return table[[*COLUMNS, *sorted(set(table.columns) - set(COLUMNS))]]


def load_gradients(*folders: str | Path) -> pd.DataFrame:
    """Return the curves of gradient norms against lag, one row for each lag.

    Columns are `GRADIENT_COLUMNS`. ``when`` is ``init``, ``during`` or ``trained``; lags are in steps;
    ``ln_median`` is known also where no float holds the median.

    Raises:
        StoreError: a folder is not there or holds something else.
    """
    import pandas as pd

    rows = [row for folder in folders for record in Store(folder).each() for row in _lags(record)]
    return pd.DataFrame(rows, columns=list(GRADIENT_COLUMNS))


def frame(records: Iterable[Record]) -> pd.DataFrame:
    """Return the table of these records; the type of a column does not depend on what is known."""
    import pandas as pd

    found = rows(records)
    table = pd.DataFrame(found, columns=list(found[0]) if found else list(COLUMNS))
    # What is missing in every row has no type of its own.
    unclear = [str(name) for name in table if name in _TEXTS or table[name].dtype == object]
    return table.astype({name: "str" if name in _TEXTS else "float64" for name in unclear})


def rows(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return the rows of the table: column -> value, None where it is not known."""
    known = [_row(record) for record in records]
    extra = sorted({name for row in known for name in row} - set(COLUMNS))
    return [{name: row.get(name) for name in (*COLUMNS, *extra)} for row in known]


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv" and path.is_file()


def _read_csv(path: Path) -> pd.DataFrame:
    """Read what a report wrote: words stay words, such as a key of digits alone or a model called ``null``."""
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {reason(error)}; give the CSV of `seqbench report`") from error
    if list(table.columns[: len(COLUMNS)]) != list(COLUMNS):
        raise StoreError(f"{path} is no table of results: its columns are not those of `seqbench report`")
    try:
        return pd.DataFrame({from_csv_text(str(name)): _typed(str(name), list(table[name])) for name in table})
    except ValueError as error:
        raise StoreError(f"{path} is no table of results: {error}") from error


def _typed(name: str, texts: list[str]) -> pd.Series[Any]:
    """Return a column with the type that `frame` gives it; Python's float reads every digit."""
    import pandas as pd

    if name in _TEXTS:
        return pd.Series([from_csv_text(text) or None for text in texts], dtype="str")
    if texts and all(text.lstrip("-").isdigit() for text in texts):
        return pd.Series([int(text) for text in texts], dtype="int64")
    return pd.Series([float(text) if text else math.nan for text in texts], dtype="float64")


def _lags(record: Record) -> Iterator[tuple[Any, ...]]:
    cell = record.cell
    for each in record.gradients.flows if record.gradients else ():
        for curve in each.flow.curves:
            known = (cell.task.name, cell.model.name, cell.length, cell.seed, each.when, each.step)
            points = zip(curve.lags, curve.median, curve.q25, curve.q75, curve.ln_median, curve.n, strict=True)
            for point in points:
                yield (*known, curve.quantity, curve.part, *point, record.key)


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
        **_gradients(record),
        **_scores(record),
    }


def _gradients(record: Record) -> dict[str, Any]:
    if record.gradients is None:
        return {}
    row: dict[str, Any] = {}
    for each in record.gradients.flows:
        if each.when != "during":
            row[f"gain_{each.when}"] = each.summary.gain_per_step
            row[f"horizon_{each.when}"] = each.summary.horizon.lag if each.summary.horizon else None
            # The flows stand in the order of time: the last verdict is that of the trained network.
            row["verdict"] = each.summary.verdict
    norms = record.gradients.norms
    if norms is not None:
        spread = {f"grad_norm_{name}": value for name, value in vars(norms.whole).items()}
        row |= {**spread, "clipped_share": norms.clipped_share, "nonfinite_steps": norms.nonfinite_steps}
    return row


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
