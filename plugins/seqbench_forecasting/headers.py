"""Tells whether the headers of a table count up or are dates, as in a wide table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqbench_forecasting.choice import choose
from seqbench_forecasting.date_numbers import Reading
from seqbench_forecasting.dates import readings
from seqbench_forecasting.numbers import as_numbers
from seqbench_forecasting.options import Options

if TYPE_CHECKING:
    import pandas as pd

HEADERS = 8
"""Number of rising headers; fewer may be chance."""

_BEFORE, _AFTER = 10, 3
"""Most headers before and after the steps of a wide table, e.g. a latitude before and a total after."""


def numbers_and_texts(frame: pd.DataFrame, options: Options) -> tuple[list[str], list[str]]:
    """Return the names of the columns of numbers and of the others."""
    numbers = [name for name in frame.columns if as_numbers(name, frame[name], options.decimal) is not None]
    empty = [name for name in frame.columns if frame[name].isna().all()]
    return [n for n in frame.columns if n in numbers or n in empty], [
        n for n in frame.columns if n not in numbers and n not in empty
    ]


def step_headers(names: Sequence[str]) -> slice | None:
    """Return the range of headers that are one name with a rising number (V2, V3, ...), or dates; None if none.

    A few columns of numbers may stand before them, e.g. a latitude, and after them, e.g. a total.

    >>> step_headers(["Lat", *(f"d_{day}" for day in range(1, 10)), "total"]), step_headers(["a", "b"])
    (slice(1, 10, None), None)
    """
    spans = ((before, len(names) - after) for after in range(_AFTER + 1) for before in range(_BEFORE + 1))
    return next((slice(a, b) for a, b in spans if b - a >= HEADERS and _counts_on(names[a:b])), None)


def _counts_on(names: Sequence[str]) -> bool:
    import pandas as pd

    parts = [re.fullmatch(r"(\D*)(\d+)", name) for name in names]
    if all(parts):
        heads = {part[1] for part in parts if part}
        counts = pd.Series([int(part[2]) for part in parts if part]).diff().dropna()
        if len(heads) == 1 and (counts == 1).all():
            return True
    return header_times(names) is not None


def header_times(names: Sequence[str], options: Options | None = None) -> Reading | None:
    """Read headers as rising times; None if they are something else."""
    import numpy as np
    import pandas as pd

    texts = pd.Series(list(names), dtype="str")
    if texts.str.fullmatch(r"\d+").all() and not texts.str.fullmatch(r"[12]\d{3}").all():
        return None
    found = readings(texts, None if options is None else options.dates)
    found = [r for r in found if not np.isnat(r.times).any() and (np.diff(r.times) > np.timedelta64(0)).all()]
    return choose("the header", found, (0, len(names))) if found else None
