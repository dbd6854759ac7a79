"""Puts rows in the order of a report's tables: by task, model, length and seed, numbers in names by value.

Rows of one cell keep their order. numpy and pandas are imported when a table is sorted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seqbench.records.variants import natural

if TYPE_CHECKING:
    import pandas as pd


def place_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a key that sorts rows, which are mappings with the names of columns."""
    return (natural(row["task_name"]), natural(row["model_name"]), row["length"], row["seed"], row["key"])


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of cells, or of curves of cells, with its rows in order."""
    import numpy as np

    if not len(table):
        return table
    by = (*(_ranks(table[name]) for name in ("task_name", "model_name")), table["length"], table["seed"])
    # The last key of lexsort counts most.
    order = np.lexsort((_ranks(table["key"], is_name=False), *by[::-1]))
    return table.iloc[order].reset_index(drop=True)


def _ranks(texts: pd.Series[Any], *, is_name: bool = True) -> Any:
    """Return the place of each text among the different ones."""
    import numpy as np
    import pandas as pd

    codes, different = pd.factorize(texts.astype(object).fillna(""))
    known = list(map(str, different))
    order = sorted(range(len(known)), key=lambda i: natural(known[i]) if is_name else known[i])
    return np.argsort(order)[codes]
