"""Reads results as a table: one row for each cell, or one for each lag of a curve.

`load_results` reads stores, or the CSV that a report made of them, into a tidy pandas DataFrame. Every row has the
names of its task and its model as tables show them, and every setting that differs.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.base.collector import collector_paused
from seqbench.base.given import as_path
from seqbench.errors import StoreError
from seqbench.records.csv import is_csv, joined, read_csv, text_of, typed_setting
from seqbench.records.layout import no_results
from seqbench.records.mixing import confusions
from seqbench.records.row_columns import RowColumns, rows_in_order
from seqbench.records.row_order import in_order
from seqbench.records.rows import (
    FIXED,
    GRADIENT_COLUMNS,
    TEXTS,
    Kinds,
    KnownRow,
    is_setting,
    lags,
    ordered,
    own_row,
)
from seqbench.records.schema import Record
from seqbench.records.search import has_trials
from seqbench.records.store import Store

if TYPE_CHECKING:
    import pandas as pd


def load_results(*places: str | Path) -> pd.DataFrame:
    """Return one row for each cell, in the order of a report's tables: by task, model, length and seed.

    Columns are `COLUMNS`, then the settings that differ between the rows (``task.NAME``, ``model.NAME``,
    ``training.NAME``, ``evaluate_lengths``), ``metrics.NAME`` for every other metric, and ``metrics.NAME@LENGTH``
    for the lengths of ``evaluate_lengths``. An unknown value is missing, never 0. Group by ``task_name`` and
    ``model_name``, which are different for different settings. A warning says if grouping by ``task`` and
    ``model`` would mix settings that are no axis of an experiment, as the length and ``model.weights`` are.

    Args:
        places: folders of results, and files written by ``seqbench report --format csv``, which give the same
            values to the last bit.

    Raises:
        StoreError: a place is missing or holds something else.
    """
    paths = [as_path(place, "a folder or file of results") for place in places]
    files = [read_csv(path) for path in paths if is_csv(path)]
    # Nothing that is made of many records can be freed before the table is there.
    with collector_paused():
        table = frame(rows_in_order([_store(path).rows() for path in paths if not is_csv(path)]))
    if files:
        table = joined([*([table] if len(table) else []), *files])
    table = in_order(table)
    for sentence in confusions(table):
        warnings.warn(sentence, stacklevel=2)
    return table


def load_gradients(*folders: str | Path) -> pd.DataFrame:
    """Return the curves of gradient norms against lag, one row for each lag, in the order of `load_results`.

    Columns are `GRADIENT_COLUMNS`. ``when`` is ``init``, ``during`` or ``trained``; lags are in steps;
    ``ln_median`` is known even if the median is outside the range of floats. Group by ``task_name`` and
    ``model_name``.

    Raises:
        StoreError: a folder is missing or holds something else.
    """
    return in_order(gradient_frame(record for folder in folders for record in _store(folder).each()))


def _store(folder: str | Path) -> Store:
    """Return the store of a folder; one that never was a folder of results, or of a search, is refused."""
    store = Store(folder)
    are_there = store.layout.mark.exists() or store.layout.records.is_dir() or has_trials(store.path)
    if store.path.is_dir() and not are_there:
        raise StoreError(no_results(store.path))
    return store


def frame(records: Iterable[Record | KnownRow]) -> pd.DataFrame:
    """Return the table of these records; a column's type does not depend on its missing values."""
    from seqbench.records.frame import ResultFrame

    if isinstance(records, RowColumns):
        known = records.named(_named) | records.fixed() | records.others()
        return ResultFrame(known, columns=ordered(known))
    kinds, values, others = Kinds(), [], []
    for record in records:
        if isinstance(record, KnownRow):
            kinds.add_known(record)
            values.append(record.values)
            others.append(record.others)
        else:
            kinds.add(record)
            row = own_row(record)
            values.append([row.pop(name, None) for name in FIXED])
            others.append(row)
    columns: dict[str, Any] = {**_named(kinds)}
    columns |= zip(FIXED, zip(*values, strict=True) if values else [()] * len(FIXED), strict=True)
    columns |= {name: [each.get(name) for each in others] for name in {name for each in others for name in each}}
    table = ResultFrame(columns, columns=ordered(columns))
    # A column without any value has no type of its own.
    unclear = [n for n in ordered(columns) if not is_setting(n) and (n in TEXTS or table[n].dtype == object)]
    return table.astype({name: "str" if name in TEXTS else "float64" for name in unclear})


def gradient_frame(records: Iterable[Record]) -> pd.DataFrame:
    """Return the curves of these records as `load_gradients` does; they are read one at a time."""
    import pandas as pd

    kinds = Kinds()
    found: list[dict[str, Any]] = []
    ends: list[int] = []
    for record in records:
        kinds.add(record)
        found += lags(record)
        ends.append(len(found))
    told = kinds.told()
    for kind, start, end in zip(kinds.of_records, [0, *ends], ends, strict=False):
        for row in found[start:end]:
            row |= {name: told[kind][name] for name in ("task_name", "model_name")}
    return pd.DataFrame(found, columns=list(GRADIENT_COLUMNS))


def _named(kinds: Kinds) -> dict[str, pd.Series[Any]]:
    """Return the columns of names and of settings that differ."""
    import pandas as pd

    told = kinds.told()
    names = {name for each in told.values() for name in each}
    columns: dict[str, pd.Series[Any]] = {}
    for name in {"task_name", "model_name"} | names:
        known = {kind: own[name] for kind, own in told.items() if name in own}
        if is_setting(name):
            texts = {kind: text_of(value) for kind, value in known.items()}
            columns[name] = typed_setting([texts.get(kind, "") for kind in kinds.of_records])
        else:
            columns[name] = pd.Series([known[kind] for kind in kinds.of_records], dtype="str")
    return columns
