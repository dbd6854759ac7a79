"""Tells whether the headers of a table count on, or are dates, as those of a wide table do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqbench_forecasting_choice import choose
from seqbench_forecasting_date_numbers import Reading
from seqbench_forecasting_dates import readings
from seqbench_forecasting_numbers import as_numbers
from seqbench_forecasting_options import Options

if TYPE_CHECKING:
    import pandas as pd

HEADERS = 8
"""Headers that count on: fewer may be chance."""

_BESIDE = 10


def numbers_and_texts(frame: pd.DataFrame, options: Options) -> tuple[list[str], list[str]]:
    """Return the names of the columns of numbers and of the others."""
    numbers = [name for name in frame.columns if as_numbers(name, frame[name], options.decimal) is not None]
    empty = [name for name in frame.columns if frame[name].isna().all()]
    return [n for n in frame.columns if n in numbers or n in empty], [
        n for n in frame.columns if n not in numbers and n not in empty
    ]


def first_step(names: Sequence[str]) -> int | None:
    """Return from where on headers are one name with a number that counts on (V2, V3, ...), or dates.

    Up to ten columns of numbers may stand before them: one that names the rows, or a latitude.

    >>> first_step(["Lat", *(f"d_{day}" for day in range(1, 10))]), first_step(["a", "b"])
    (1, None)
    """
    last = min(_BESIDE, len(names) - HEADERS)
    return next((place for place in range(last + 1) if _counts_on(names[place:])), None)


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
    """Read headers as times that rise; None where they are none."""
    import numpy as np
    import pandas as pd

    texts = pd.Series(list(names), dtype="str")
    if texts.str.fullmatch(r"\d+").all() and not texts.str.fullmatch(r"[12]\d{3}").all():
        return None
    found = readings(texts, None if options is None else options.dates)
    found = [r for r in found if not np.isnat(r.times).any() and (np.diff(r.times) > np.timedelta64(0)).all()]
    return choose("the header", found, (0, len(names))) if found else None
