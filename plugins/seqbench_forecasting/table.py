"""Reads a data source as one series or several: numbers in the order of time, and how each column was read."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from seqbench import DataError, cached_tensors, fingerprint, read_tables
from seqbench_forecasting.dates import readings
from seqbench_forecasting.laid import Laid
from seqbench_forecasting.layouts import lay
from seqbench_forecasting.numbers import refuse_inexact, refuse_markers, refuse_missing
from seqbench_forecasting.options import Options, listed
from seqbench_forecasting.panel import Counts, Panel, packed, unpacked
from seqbench_forecasting.time import Steps, said, steps_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

_PARTS = ("train", "validation", "test")


def read_panel(data: str, options: Options, version: int) -> Panel:
    """Read the series of a data source; a file that was read before comes from the cache.

    Args:
        data: a file, a folder or a Hugging Face data set, as `seqbench.read_tables` takes it.
        options: how it is read.
        version: of the task; part of the identity in the cache.

    Raises:
        DataError: missing, unreadable or unfit.
    """
    known_as = fingerprint(data)
    if known_as.startswith("hub:"):  # a name does not identify content, which may have changed
        return panel_from_tables(read_tables(data), options)
    kept = cached_tensors(
        ("forecasting", "panel", version, known_as, options.identity()),
        lambda: packed(panel_from_tables(read_tables(data), options)),
    )
    return unpacked(kept)


def panel_from_tables(tables: Mapping[str, pd.DataFrame], options: Options) -> Panel:
    """Make a panel of the rows of a data source; its splits are joined in the order of time.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"day": ["2020-01-01", "2020-01-02", "2020-01-04"], "sales": [3, 5, 4]})
    >>> panel = panel_from_tables({"all": table}, Options(gaps="fill"))
    >>> panel.channels, panel.season, panel.values[:, 0].tolist()
    (('sales',), 7, [3.0, 5.0, 5.0, 4.0])

    Raises:
        DataError: a column of text, a missing or infinite value, times that are missing, repeated or out of
            order, no column of numbers, several series where one is expected, or splits whose columns differ.
    """
    import numpy as np
    import pandas as pd

    frame, part_of = _joined(tables)
    frame, empty_rows = _without_end(frame)
    restarts = (0, *(np.flatnonzero(np.diff(part_of[: len(frame)])) + 1).tolist(), len(frame))
    laid = _picked(lay(frame, restarts, options), options)
    refuse_missing(laid.values, laid.channels, laid.rows, frame)
    if options.markers == "refuse":
        _refuse_markers(laid, frame)
    for name in laid.channels:
        if name in frame:
            refuse_inexact(name, frame[name])
    flags = [name for name in laid.channels if name in frame and pd.api.types.is_bool_dtype(frame[name])]
    more = {"true_and_false_as_1_and_0": listed(flags)} if flags else {}
    if empty_rows:
        more["empty_rows_at_the_end"] = str(empty_rows)
    return _panel(laid, part_of if set(tables) >= set(_PARTS) else None, more, options)


def _refuse_markers(laid: Laid, frame: pd.DataFrame) -> None:
    """Check each series by itself: a value far from one series may be normal in another."""
    for series, start, end in zip(laid.names, laid.bounds, laid.bounds[1:], strict=False):
        for name, values in zip(laid.channels, laid.values[start:end].T, strict=True):
            where = f" of series {series!r}" if series else ""
            refuse_markers(name, values, laid.rows[start:end], frame, where)


def _joined(tables: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, Array]:
    """Return all rows in order, and which split each is of: [rows] 0, 1 or 2."""
    import numpy as np
    import pandas as pd

    names = [name for name in ("all", *_PARTS) if name in tables]
    frames = [_with_index(tables[name]) for name in names]
    for name, frame in zip(names, frames, strict=True):
        if list(frame.columns) != list(frames[0].columns):
            raise DataError(
                f"the splits of a series need the same columns, and {names[0]} has"
                f" {listed(map(str, frames[0].columns))} while {name} has {listed(map(str, frame.columns))}"
            )
    joined = pd.concat([_as_texts(frame) for frame in frames], ignore_index=True)
    joined.columns = joined.columns.map(str)
    if all("files" in frame.attrs for frame in frames):
        joined.attrs["files"] = tuple(chain.from_iterable(frame.attrs["files"] for frame in frames))
    if not joined.columns.is_unique:
        twice = joined.columns[joined.columns.duplicated()][0]
        raise DataError(f"two columns are called {twice!r}; rename one")
    if list(joined.columns) == ["text"] and joined["text"].astype(str).str.contains("[;,\t]").all():
        raise DataError(
            f"this holds lines of text ({joined['text'].iloc[0]!r}), not columns; if it is a table, give its file"
            f" the"
            f" ending .csv or .tsv"
        )
    return joined, np.repeat(np.arange(len(frames)), [len(frame) for frame in frames])


def _as_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Write lists and objects in cells as texts, which are refused by name unless their column is left out."""
    import numpy as np
    import pandas as pd

    kinds = (list, dict, np.ndarray)
    objects = [name for name in frame.columns if pd.api.types.is_object_dtype(frame[name].dtype)]
    nested = [name for name in objects if frame[name].map(lambda cell: isinstance(cell, kinds)).any()]
    return frame.assign(**{str(name): frame[name].map(repr) for name in nested}) if nested else frame


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Make the index a column if it holds more than row numbers: parquet may store the times there."""
    import pandas as pd

    index = frame.index
    is_bare = list(index.names) == [None] and pd.api.types.is_integer_dtype(index.dtype)
    if is_bare and not _says_times(index):
        return frame.reset_index(drop=True)
    twice = [str(name) for name in index.names if name in frame.columns]
    for name in twice:
        if not (frame[name].to_numpy() == index.get_level_values(name).to_numpy()).all():
            raise DataError(f"the index is called {name!r}, and so is a column with other cells; rename one")
    if len(twice) == index.nlevels:
        return frame.reset_index(drop=True)
    return (frame.reset_index(level=twice, drop=True) if twice else frame).reset_index()


def _says_times(index: pd.Index[Any]) -> bool:
    """Say whether integers without a name are times: they rise, and fit a form of dates or a count since 1970."""
    return bool(index.is_monotonic_increasing) and bool(index[0] >= 1000) and bool(readings(index.to_series()))


def _without_end(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Leave out rows at the end in which every cell is empty, and count them."""
    import numpy as np

    known = np.flatnonzero(frame.notna().any(axis=1).to_numpy())
    if len(known) == 0:
        raise DataError("every cell is empty")
    end = int(known[-1]) + 1
    return frame.iloc[:end], len(frame) - end


def _picked(laid: Laid, options: Options) -> Laid:
    """Return the one requested series, or all."""
    from dataclasses import replace

    if options.series is None:
        return laid
    if laid.names == ("",):
        raise DataError("series= picks one of several series; say which they are with group= or layout= beside it")
    if options.series not in laid.names:
        raise DataError(f"no series is called {options.series!r} (series); there are: {listed(laid.names)}")
    place = laid.names.index(options.series)
    span = slice(laid.bounds[place], laid.bounds[place + 1])
    return replace(
        laid,
        values=laid.values[span],
        names=(options.series,),
        bounds=(0, span.stop - span.start),
        times=None if laid.times is None else laid.times[span],
        rows=laid.rows[span],
        layout=f"{options.series!r}, one of {len(laid.names)}: {laid.layout}",
    )


def _panel(laid: Laid, part_of: Array | None, more: Mapping[str, str], options: Options) -> Panel:
    """Measure the steps of each series, fill missing times on request, and describe how columns were read."""
    import numpy as np
    import torch

    spans = [slice(start, end) for start, end in zip(laid.bounds, laid.bounds[1:], strict=False)]
    steps = [_steps(laid, place, span, options) for place, span in enumerate(spans)]
    _refuse_other_steps(laid.names, steps)
    repeats = [
        np.ones(span.stop - span.start, dtype=int) if s.repeats is None else s.repeats
        for s, span in zip(steps, spans, strict=True)
    ]
    values = laid.values.repeat(np.concatenate(repeats), axis=0)
    parts = None
    if part_of is not None:
        parts = tuple(_counts(part_of[laid.rows[span]], r) for span, r in zip(spans, repeats, strict=True))
    ends = np.cumsum([int(r.sum()) for r in repeats])
    return Panel(
        torch.tensor(values),  # a copy, since what comes from parquet cannot be written to
        laid.channels,
        season=next((s.season for s in steps if s.length), None),
        names=laid.names,
        ends=tuple(ends.tolist()),
        parts=parts,
        irregular_steps=sum(s.irregular for s in steps),
        filled_rows=len(values) - len(laid.values),
        stored=laid.stored,
        about={**_about(laid, steps), **more},
    )


def _steps(laid: Laid, place: int, span: slice, options: Options) -> Steps:
    if laid.times is None:
        return Steps()
    where = laid.said.split(", read as")[0]
    if len(laid.names) > 1:
        where = f"series {laid.names[place]!r}: {where}"
    return steps_of(where, laid.times[span], options.gaps)


def _refuse_other_steps(names: tuple[str, ...], steps: list[Steps]) -> None:
    known = [(name, step.length) for name, step in zip(names, steps, strict=True) if step.length]
    for name, length in known[1:]:
        if length != known[0][1]:
            raise DataError(
                f"the series have steps of different lengths: {known[0][1]} in {known[0][0]!r}, {length} in"
                f" {name!r};"
                f" put series of one kind into a file"
            )


def _counts(part_of: Array, repeats: Array) -> Counts:
    """Count the rows of each split of a series, after filling."""
    import numpy as np

    train, validation, test = np.bincount(part_of.repeat(repeats), minlength=3).tolist()
    return train, validation, test


def _about(laid: Laid, steps: list[Steps]) -> dict[str, str]:
    about = {"series": str(len(laid.names))}
    if len(laid.names) > 1 or laid.names != ("",):
        about |= {"series_names": listed(laid.names), "a_series_is": laid.layout}
    about["times"] = laid.said or "none: no column says when the rows are"
    if laid.times is not None:
        about["first_time"], about["last_time"] = said(laid.times.min()), said(laid.times.max())
        about["step"] = next((s.length for s in steps if s.length), "unknown: one row")
    about["left_out"] = listed(f"{name} ({why})" for name, why in laid.left_out.items())
    return about
