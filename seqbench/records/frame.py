"""Provides the table of results as a pandas DataFrame whose printed form shows the most important columns.

pandas prints the first and the last columns of a wide table and leaves out the rest. Here all leading columns are
printed, and the others counted. Imports pandas, so import it where a table is made.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from seqbench.records.rows import LEADING


class ResultFrame(pd.DataFrame):
    """A DataFrame that prints its leading columns, and is otherwise unchanged."""

    @property
    def _constructor(self) -> Any:
        # pandas' own hook: a filtered or sorted table stays a ResultFrame.
        return ResultFrame

    def __repr__(self) -> str:
        """Return the leading columns as pandas prints them, and how many others there are."""
        leading = list(LEADING)
        others = len(self.columns) - len(leading)
        if others <= 0 or list(self.columns[: len(leading)]) != leading or not len(self):
            return super().__repr__()
        with pd.option_context("display.max_colwidth", _WIDEST, "display.max_columns", len(leading)):
            shown = repr(pd.DataFrame(self[leading]))
        named = ", ".join(map(str, self.columns[len(leading) :][:3]))
        return f"{shown}\nand {others} more columns, such as {named}"


_WIDEST = 60
"""Largest width of a name in a printed table; names have at most 48 characters (`seqbench.records.variants`)."""
