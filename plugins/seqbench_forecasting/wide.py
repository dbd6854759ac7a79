"""Stacks the series of a wide table below one another: one series per row, or one per column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqbench import DataError, place_of_row
from seqbench_forecasting.headers import header_times, numbers_and_texts, step_headers
from seqbench_forecasting.laid import Laid, of_roles, refuse_disorder
from seqbench_forecasting.numbers import as_numbers
from seqbench_forecasting.options import Options, listed, named, option
from seqbench_forecasting.roles import is_ramp, look, sort_columns

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

_VALUE = "value"


def decided(frame: pd.DataFrame, restarts: Sequence[int], options: Options) -> Options:
    """Return the options with the detected layout of a wide table.

    Raises:
        DataError: nothing tells.
    """
    numbers, texts = numbers_and_texts(frame, options)
    if step_headers(numbers) is not None:
        return replace(options, layout="rows")
    seen = look(frame, (0, len(frame)), options)
    has_times = seen.clock is not None
    if has_times and len(texts) <= 1:
        return replace(options, layout="columns")
    raise DataError(
        f"layout=wide: is a series a row or a column? Headers ({listed(map(str, frame.columns))}) neither count"
        f" on nor are"
        f" dates, and no column says the times; say {option('layout', 'rows')} or {option('layout', 'columns')}"
    )


def series_in_rows(frame: pd.DataFrame, options: Options) -> Laid:
    """Make a series of each row; empty cells before and after its numbers are no part of it."""
    import numpy as np

    for what in ("columns", "target"):
        if getattr(options, what) is not None:
            raise DataError(f"{what}= names channels, and with layout=rows there is one, the cells of a row")
    excluded = named(options.exclude, list(frame.columns))
    rest = frame.drop(columns=[name for name in excluded if name in frame])
    numbers, texts = numbers_and_texts(rest, options)
    label, steps = _label(rest, numbers, texts)
    steps = _without_empty_ends(rest, steps)
    place = step_headers(steps) or slice(0, len(steps))
    beside, steps = [*steps[: place.start], *steps[place.stop :]], steps[place]
    if len(steps) < 2:
        raise DataError(
            f"layout=rows: a row holds {len(steps)} numbers; there are: {listed(map(str, frame.columns))}"
        )
    matrix = _matrix(rest, steps, options)
    names = tuple(f"row {row + 1}" for row in rest.index) if label is None else tuple(map(str, rest[label]))
    is_known = ~np.isnan(matrix)
    first, last = is_known.argmax(1), matrix.shape[1] - is_known[:, ::-1].argmax(1)
    _refuse_holes(is_known, first, last, names, rest[steps])
    reading = header_times(steps, options)
    spans = [slice(a, b) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    other_texts = [name for name in texts if name != label]
    left_out = dict.fromkeys(other_texts, "texts beside the numbers of a row")
    left_out |= dict.fromkeys(beside, "numbers beside the steps of a row")
    return Laid(
        np.concatenate([row[span] for row, span in zip(matrix, spans, strict=True)])[:, None],
        (_VALUE,),
        ("float64",),
        _unique(names),
        (0, *np.cumsum(last - first).tolist()),
        times=None if reading is None else np.concatenate([reading.times[span] for span in spans]),
        said="" if reading is None else f"the header ({steps[0]} to {steps[-1]}), read as {reading.form}",
        rows=np.repeat(rest.index.to_numpy(), last - first),
        left_out={**dict.fromkeys(excluded, "exclude="), **left_out},
        layout="a row each (layout=rows)" + ("" if label is None else f", named by {label!r}"),
    )


def _matrix(frame: pd.DataFrame, steps: Sequence[str], options: Options) -> Array:
    """Return the numbers of the rows, missing ones as NaN: [series, steps]."""
    import numpy as np

    columns = [as_numbers(name, frame[name], options.decimal) for name in steps]
    return np.column_stack(
        [np.full(len(frame), np.nan) if c is None else c.to_numpy("float64", na_value=np.nan) for c in columns]
    )


def _label(frame: pd.DataFrame, numbers: Sequence[str], texts: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the column that names the rows, if any, and those that hold their numbers."""
    unique: list[str | None] = [name for name in texts if frame[name].is_unique and frame[name].notna().all()]
    if len(texts) == 1:
        return texts[0], list(numbers)  # two rows of one name are refused
    if unique or texts:
        return (unique or [None])[0], list(numbers)
    first = numbers[0]
    ids = frame[first].to_numpy("float64")
    counts_rows = len(frame) > 2 and is_ramp(ids, (0, len(frame)))
    if counts_rows or (not re.search(r"\d", first) and len(numbers) > 1 and re.search(r"\d", numbers[1])):
        return first, list(numbers[1:])
    return None, list(numbers)


def _without_empty_ends(frame: pd.DataFrame, steps: Sequence[str]) -> list[str]:
    """Return the steps from the first to the last at which a series has a number."""
    known = [place for place, name in enumerate(steps) if frame[name].notna().any()]
    return list(steps[known[0] : known[-1] + 1]) if known else list(steps)


def _refuse_holes(is_known: Array, first: Array, last: Array, names: Sequence[str], frame: pd.DataFrame) -> None:
    counts = is_known.sum(1)
    for place, name in enumerate(names):
        if counts[place] == 0:
            raise DataError(f"the series {name!r} in {_place(frame, place)} has no number; remove it")
        if counts[place] != last[place] - first[place]:
            hole = int((~is_known[place, first[place] :]).argmax()) + int(first[place])
            raise DataError(
                f"column {frame.columns[hole]!r} has a missing value in {_place(frame, place)} (series {name!r}),"
                " and numbers after it; fill it in first, since seqbench makes up no data"
            )


def _place(frame: pd.DataFrame, place: int) -> str:
    return place_of_row(frame, int(frame.index[place]))


def series_in_columns(frame: pd.DataFrame, restarts: Sequence[int], options: Options) -> Laid:
    """Make a series of each column; empty cells before and after its numbers are no part of it."""
    import numpy as np

    if options.target is not None:
        raise DataError("target= names channels, and with layout=columns each column is a series; use columns=")
    roles = sort_columns(look(frame, (0, len(frame)), options), restarts, options)
    refuse_disorder(roles.clock, (0, len(frame)), frame)
    whole = of_roles(roles, frame, ("",), (0, len(frame)), "")
    parts, spans = [], []
    for name, values in zip(whole.channels, whole.values.T, strict=True):
        known = np.flatnonzero(~np.isnan(values))
        if len(known) == 0:
            raise DataError(f"column {name!r} has no number; leave it out with {option('exclude', name)}")
        spans.append(slice(int(known[0]), int(known[-1]) + 1))
        parts.append(values[spans[-1]])
        if np.isnan(parts[-1]).any():
            row = place_of_row(frame, int(whole.rows[spans[-1]][int(np.isnan(parts[-1]).argmax())]))
            raise DataError(
                f"column {name!r} has a missing value in {row}, and numbers after it; fill it in first, since"
                f" seqbench makes up no data, or leave it out with {option('exclude', name)}"
            )
    return Laid(
        np.concatenate(parts)[:, None],
        (_VALUE,),
        ("float64",),
        whole.channels,
        (0, *np.cumsum([len(part) for part in parts]).tolist()),
        times=None if whole.times is None else np.concatenate([whole.times[span] for span in spans]),
        said=whole.said,
        rows=np.concatenate([whole.rows[span] for span in spans]),
        left_out=whole.left_out,
        layout="a column each (layout=columns)",
    )


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"two series are called {twice!r}; rename one")
    return names
