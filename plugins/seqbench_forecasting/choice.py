"""Chooses among several readings of a column of times.

Of two readings in which times rise, the one with constant steps is taken. Where nothing decides, none is.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqbench import DataError
from seqbench_forecasting.date_numbers import Reading
from seqbench_forecasting.options import option
from seqbench_forecasting.time import irregular_steps, said

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

_CLEARLY = 3  # times as many irregular steps: then a reading is clearly worse
_FEW = 0.1  # the largest share of irregular steps in a reading that is clearly better


@dataclass(frozen=True, eq=False)
class _Fit:
    """The quality of a reading.

    Attributes:
        reading: the reading.
        unread: number of cells in another form.
        irregular: number of steps that differ from the most common one; None if times do not rise.
        steps: number of all steps.
    """

    reading: Reading
    unread: int
    irregular: int | None
    steps: int

    @property
    def rank(self) -> tuple[int, bool, int]:
        """The sort key; the best reading comes first."""
        return self.unread, self.irregular is None, self.irregular or 0


def choose(name: str, readings: Sequence[Reading], bounds: Sequence[int]) -> Reading:
    """Return the reading whose times rise in constant steps.

    Args:
        name: name of the column, for messages.
        readings: readings of the same cells, at least one; the first is preferred if they give the same times.
        bounds: first row of each series, and the number of rows; times start again there.

    Raises:
        DataError: nothing decides between a day before the month and a month before the day.
    """
    fits = sorted((_fit(reading, bounds) for reading in readings), key=lambda fit: fit.rank)
    best = fits[0]
    if best.reading.doubt:
        raise DataError(
            f"{name} may hold {best.reading.doubt}; write years with four digits, or say how to read it with"
            f" {option('dates', '%b-%y')}"
        )
    for other in fits[1:]:
        if not _is_open(best, other):
            continue
        raise DataError(
            f"{name} can be read in two ways: its first and last row are {_ends(best)} as {best.reading.form},"
            f" {_ends(other)} as {other.reading.form}, and steps do not tell which is right;"
            f" say so with {option('dates', best.reading.order or '%d/%m/%Y')}"
            f" or {option('dates', other.reading.order or '%y/%m/%d')}"
        )
    return best.reading


def _is_open(best: _Fit, other: _Fit) -> bool:
    """Say whether the second reading might be the right one."""
    import numpy as np

    if other.unread > best.unread or (other.irregular is None and best.irregular is not None):
        return False
    if best.irregular is None or other.irregular is None:  # neither rises: the message about order comes later
        return False
    if np.array_equal(best.reading.times, other.reading.times, equal_nan=True):
        return False
    if not best.reading.order and not other.reading.order:
        return False  # clocks or UTC, compact or epoch: the more constant one will do
    is_few = best.irregular <= _FEW * best.steps
    return not (is_few and other.irregular > _CLEARLY * best.irregular)


def _fit(reading: Reading, bounds: Sequence[int]) -> _Fit:
    import numpy as np

    unread = np.isnat(reading.times)
    irregular: int | None = 0
    for start, end in itertools.pairwise(bounds):
        part = reading.times[start:end][~unread[start:end]]
        found = irregular_steps(part)
        irregular = None if found is None or irregular is None else irregular + found
    return _Fit(reading, int(unread.sum()), irregular, len(unread) - (len(bounds) - 1))


def _ends(fit: _Fit) -> str:
    return f"{said(fit.reading.times[0])} and {said(fit.reading.times[-1])}"
