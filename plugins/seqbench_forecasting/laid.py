"""Holds series that were stacked below one another, still as numbers of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from seqbench import DataError, place_of_row
from seqbench_forecasting.clock import Clock
from seqbench_forecasting.roles import Roles

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]


_FLOATS = {
    "float16": "float16",
    "halffloat[pyarrow]": "float16",
    "float32": "float32",
    "float[pyarrow]": "float32",
}
"""pandas' type in small letters -> numpy's; every other one is kept as float64."""


@dataclass(frozen=True, eq=False)
class Laid:
    """Series below one another.

    Attributes:
        values: [rows, channels] float64; may hold missing ones.
        channels: the channels' names.
        stored: [channels] numpy float types with the precision of the source.
        names: of the series; one empty name for a single series.
        bounds: first row of each series, and the number of rows.
        times: [rows] datetime64[us]; None if unknown.
        said: description of the times, for messages and facts.
        rows: [rows] their numbers in the source, from 0.
        left_out: column -> why it is not read.
        layout: what a series is, in words.
    """

    values: Array
    channels: tuple[str, ...]
    stored: tuple[str, ...]
    names: tuple[str, ...]
    bounds: tuple[int, ...]
    times: Array | None
    said: str
    rows: Array
    left_out: dict[str, str] = field(default_factory=dict)
    layout: str = "one series"


def of_roles(
    roles: Roles, frame: pd.DataFrame, names: tuple[str, ...], bounds: tuple[int, ...], layout: str
) -> Laid:
    """Return the channels of a table whose columns are sorted into roles.

    Args:
        roles: of the columns.
        frame: the table; its index counts the rows of the source from 0.
        names: of its series.
        bounds: where each begins, and the number of rows.
        layout: what a series is, in words.
    """
    import numpy as np

    columns = list(roles.channels)
    stored = tuple(_float_type(roles.numbers[name]) for name in columns)
    clock = roles.clock
    return Laid(
        # In one memory order, so that sums have the same bits however pandas stores the columns.
        np.ascontiguousarray(roles.numbers[columns].to_numpy("float64", na_value=np.nan)),
        roles.channels,
        stored,
        names,
        bounds,
        times=None if clock is None else clock.reading.times,
        said="" if clock is None else f"{clock.name}, read as {clock.reading.form}",
        rows=frame.index.to_numpy(),
        left_out=dict(roles.left_out),
        layout=layout,
    )


def _float_type(column: pd.Series[Any]) -> str:
    """Return the precision in which numbers are stored; whole numbers count as float64."""
    return _FLOATS.get(str(column.dtype).lower(), "float64")


def refuse_disorder(clock: Clock | None, bounds: Sequence[int], frame: pd.DataFrame) -> None:
    """Refuse times that are repeated or out of order.

    Raises:
        DataError: some are.
    """
    import numpy as np

    if clock is None:
        return
    times = clock.reading.times
    for start, end in pairwise(bounds):
        steps = np.diff(times[start:end])
        if (steps > np.timedelta64(0)).all():
            continue
        place = start + int((steps <= np.timedelta64(0)).argmax())
        what = "is repeated" if times[place] == times[place + 1] else f"comes after {clock.texts[place]}"
        row = place_of_row(frame, int(frame.index[place + 1]))
        raise DataError(
            f"the rows of a series are needed in the order of time, each time once: in {clock.name}"
            f" {clock.texts[place + 1]} {what} ({row}); sort the rows and keep"
            f" one of each, or, where clocks were set back, write times with their zone"
        )
