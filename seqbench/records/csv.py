"""Reads the CSV of a report back as the table that was written, to the last bit.

Words stay words, even a key of digits alone or a model called ``null``. Pandas is imported when a function runs.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.base.csv_fields import from_csv_text
from seqbench.errors import StoreError, reason
from seqbench.experiment.strict_yaml import read_scalar
from seqbench.records.rows import COLUMNS, TEXTS, is_setting, ordered

if TYPE_CHECKING:
    import pandas as pd

_FIRST_EDITION = (
    "task", "model", "length", "seed", "status", "metric", "score", "baseline", "baseline_name", "skill",
    "parameters", "state_size", "steps", "train_seconds", "seconds_per_step", "peak_memory_bytes",
    "validation_score", "stopped", "key", "gain_init", "gain_trained", "horizon_init", "horizon_trained",
    "verdict", "grad_norm_median", "grad_norm_p95", "grad_norm_max", "clipped_share", "nonfinite_steps",
)  # fmt: skip
"""The columns of a CSV without names and settings."""

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?")
_LARGEST = 2**63


def is_csv(path: Path) -> bool:
    """Say whether a path is a CSV file, not a folder of results."""
    return path.suffix.lower() == ".csv" and path.is_file()


def read_csv(path: Path) -> pd.DataFrame:
    """Read the CSV of a report.

    A file of an earlier seqbench has no names: task and model are used instead.

    Raises:
        StoreError: it cannot be read, or is not a table of results.
    """
    import pandas as pd

    from seqbench.records.frame import ResultFrame

    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {reason(error)}; give the CSV of `seqbench report`") from error
    columns = [str(name) for name in table.columns]
    is_old = columns[: len(_FIRST_EDITION)] == list(_FIRST_EDITION)
    if not is_old and columns[: len(COLUMNS)] != list(COLUMNS):
        raise StoreError(f"{path} is no table of results: its columns are not those of `seqbench report`")
    if is_old:
        table["task_name"], table["model_name"] = table["task"], table["model"]
        table = table.reindex(columns=ordered(columns), fill_value="")
    try:
        return ResultFrame({from_csv_text(str(name)): _typed(str(name), list(table[name])) for name in table})
    except ValueError as error:
        raise StoreError(f"{path} is no table of results: {error}") from error


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join several tables; a setting that is a number in one and a word in another becomes a word."""
    import pandas as pd

    table = pd.concat(tables, ignore_index=True)
    for name in table.columns:
        if is_setting(str(name)) and table[name].dtype == object:
            texts = [value if isinstance(value, str) else _number_text(value) for value in table[name]]
            table[name] = pd.Series([text or None for text in texts], dtype="str")
    return table[ordered(map(str, table.columns))]


def text_of(value: Any) -> str:
    """Return a setting as text for a table: a word unchanged, unless it could be read as something else.

    >>> [text_of(value) for value in (64, 0.1, True, None, "cosine", "64", "", [8, 9])]
    ['64', '0.1', 'true', 'null', 'cosine', '"64"', '""', '[8, 9]']
    """
    if not isinstance(value, str):
        return json.dumps(value, sort_keys=True)
    is_word = value and read_scalar(value) == value and not _NUMBER.fullmatch(value)
    return value if is_word else json.dumps(value)


def typed_setting(texts: Sequence[str]) -> pd.Series[Any]:
    """Return a column of settings: numbers if all known values are numbers, otherwise words."""
    import pandas as pd

    known = [text for text in texts if text]
    if all(map(_is_number, set(known))):
        return _numbers(texts)
    return pd.Series([text or None for text in texts], dtype="str")


def _typed(name: str, texts: list[str]) -> pd.Series[Any]:
    """Return a column with the type that `frame` gives it."""
    import pandas as pd

    if name in TEXTS:
        return pd.Series([from_csv_text(text) or None for text in texts], dtype="str")
    return typed_setting(list(map(from_csv_text, texts))) if is_setting(name) else _numbers(texts)


def _numbers(texts: Sequence[str]) -> pd.Series[Any]:
    """Return numbers: integers if all are whole and none is missing. Python's float keeps every digit."""
    import pandas as pd

    if texts and all(text.lstrip("-").isdigit() for text in texts):
        return pd.Series([int(text) for text in texts], dtype="int64")
    return pd.Series([float(text) if text else math.nan for text in texts], dtype="float64")


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None and abs(float(text)) < _LARGEST


def _number_text(value: Any) -> str:
    return "" if value is None or value != value else repr(value)
