"""Provides the table of results as a pandas DataFrame whose printed form shows the most important columns.

pandas prints the first and the last columns of a wide table and leaves out the rest. Here all leading columns are
printed, and the others counted. Imports pandas, so import it where a table is made.
"""

from __future__ import annotations

from html import escape
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
        if not self._has_more:
            return super().__repr__()
        with pd.option_context("display.max_colwidth", _WIDEST, "display.max_columns", len(LEADING)):
            shown = repr(pd.DataFrame(self[list(LEADING)]))
        return f"{shown}\n{self._others}"

    def _repr_html_(self) -> Any:
        # What a notebook shows; pandas' own hook, which escapes texts.
        plain: Any = pd.DataFrame(self[list(LEADING)] if self._has_more else self)
        with pd.option_context("display.max_colwidth", _WIDEST):
            shown = plain._repr_html_()
        return f"{shown}<p>{escape(self._others)}</p>" if shown and self._has_more else shown

    @property
    def _has_more(self) -> bool:
        leading = list(LEADING)
        return len(self) > 0 and len(self.columns) > len(leading) and list(self.columns)[: len(leading)] == leading

    @property
    def _others(self) -> str:
        named = ", ".join(map(str, self.columns[len(LEADING) :][:3]))
        return f"and {len(self.columns) - len(LEADING)} more columns, such as {named}"


_WIDEST = 60
"""Largest width of a name in a printed table; names have at most 48 characters (`seqbench.records.variants`)."""
