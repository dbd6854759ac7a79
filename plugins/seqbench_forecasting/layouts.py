"""Stacks the series of a table below one another: those of a long table, of a wide one, or the only one.

A table of several series that would be read as one is refused, with what to type: the series would be mixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqbench import DataError, place_of_row
from seqbench_forecasting.laid import Laid, of_roles, refuse_disorder
from seqbench_forecasting.mixed import refuse_several, refuse_wide
from seqbench_forecasting.numbers import as_numbers
from seqbench_forecasting.options import Options, listed, named
from seqbench_forecasting.roles import look, sort_columns
from seqbench_forecasting.wide import decided, series_in_columns, series_in_rows

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]


def lay(frame: pd.DataFrame, restarts: Sequence[int], options: Options) -> Laid:
    """Stack the series of a table below one another, as the options say.

    Args:
        frame: the table.
        restarts: where each split of the source begins, and the number of rows.
        options: ``group``, ``layout`` and the names of columns.

    Raises:
        DataError: the table does not have this layout, or has another one.
    """
    if options.layout == "wide":
        return lay(frame, restarts, decided(frame, restarts, options))
    if options.layout == "rows":
        return series_in_rows(frame, options)
    if options.layout == "columns":
        return series_in_columns(frame, restarts, options)
    if options.group is not None:
        return _grouped(frame, options)
    if options.columns is None:
        refuse_wide(frame, options)
    seen = look(frame, (0, len(frame)), options)
    refuse_several(frame, seen.clock, options)
    roles = sort_columns(seen, restarts, options)
    refuse_disorder(roles.clock, (0, len(frame)), frame)
    return of_roles(roles, frame, ("",), (0, len(frame)), "one series")


def _grouped(frame: pd.DataFrame, options: Options) -> Laid:
    import numpy as np
    import pandas as pd

    if options.group not in frame.columns:
        raise DataError(f"no column is called {options.group!r} (group); there are: {listed(frame.columns)}")
    options = _without_group(options, list(frame.columns))
    ids = frame[options.group]
    if ids.isna().any():
        place = place_of_row(frame, int(frame.index[int(ids.isna().to_numpy().argmax())]))
        raise DataError(f"column {options.group!r} (group) is empty in {place}; name the series there")
    codes, found = pd.factorize(ids)
    order = np.argsort(codes, kind="stable")
    bounds = (0, *np.cumsum(np.bincount(codes)).tolist())
    sorted_ = frame.iloc[order].drop(columns=[options.group])
    names = tuple(str(name) for name in found)
    static = _static(sorted_, codes[order], options)
    roles = sort_columns(look(sorted_.drop(columns=list(static)), bounds, options), bounds, options)
    refuse_disorder(roles.clock, bounds, sorted_)
    laid = of_roles(roles, sorted_, names, bounds, f"the rows with one {options.group!r} (group=)")
    laid.left_out.update(static)
    return laid


def _without_group(options: Options, known: Sequence[str]) -> Options:
    """Remove the column that names the series from the columns to read, if it is among them.

    Raises:
        DataError: it is to be left out as well.
    """
    if options.group in named(options.exclude, known):
        raise DataError(f"column {options.group!r} names the series (group=) and is to be left out (exclude=)")
    if options.columns is None:
        return options
    return replace(options, columns=tuple(n for n in named(options.columns, known) if n != options.group) or None)


def _static(frame: pd.DataFrame, codes: Array, options: Options) -> dict[str, str]:
    """Return the columns that are constant within a series, e.g. its region, and why they are left out."""
    known = list(frame.columns)
    asked = {*named(options.columns, known), *named(options.target, known), *named(options.exclude, known)}
    numbers = [name for name in known if as_numbers(name, frame[name], options.decimal) is not None]
    same = [name for name in known if name not in asked and _is_static(frame[name], codes)]
    if set(numbers) <= set(same):  # nothing else is left to forecast
        same = [name for name in same if name not in numbers]
    return dict.fromkeys(same, "the same in all rows of a series")


def _is_static(column: pd.Series[Any], codes: Array) -> bool:
    return bool((column.groupby(codes).nunique(dropna=False) <= 1).all())
