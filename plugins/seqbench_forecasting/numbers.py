"""Reads one column as numbers, and refuses numbers that cannot be scored.

Decimal commas, separators of thousands, markers of missing values, and sizes beyond what squares can hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seqbench import DataError, place_of_row
from seqbench_forecasting.options import Decimal, option

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

_POINT = r"[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?(?:[eE][+-]?\d+)?|[+-]?\.\d+"
_COMMA = r"[+-]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,\d*)?(?:[eE][+-]?\d+)?|[+-]?,\d+"
_FIRST = r"\s*[+\u2212-]?(?:[\d.,'\s\u00a0\u202f]*\d[\d.,]*(?:[eE][+-]?\d+)?|nan|inf(?:inity)?)\s*"
_DRESSED = r"\D{0,6}\d[\d.,' ]*\D{0,6}"  # $5, (5), 5 %, 5 mm, EUR 5
_THOUSANDS = r"[+-]?[1-9]\d{0,2}\.\d{3}"
_MISSING = ("?", ".", "-", "--", "*", "na", "n/a", "n.a.", "#n/a", "null", "none", "nan", "-nan", "missing", "")
_FAR = (-99.0, -99.9, -200.0, -999.0, -999.9, -9999.0, -9999.9, -99999.0, 999.9, 9999.0, 9999.9, 99999.0, 999999.0)
_FAR_AWAY = 0.5  # of a marker's size: 9999 among 9990 to 9993 is a number
_EXACT = 2**53  # the integers that a float64 holds one by one
_LARGEST = 1e150  # whose square a float64 holds
_SMALLEST = 1e-150
_ROUNDING = {2: 4e-3, 4: 2e-6}  # relative, of numbers kept in so many bytes; 1e-12 for others
_REACH = 2.0**24  # deviations from the mean that a float32 tells apart by one


def as_numbers(name: str, column: pd.Series[Any], decimal: Decimal | None) -> pd.Series[Any] | None:
    """Return a column as numbers, missing ones as NaN; None if it holds texts or times.

    Args:
        name: for messages.
        column: numbers, booleans (0 and 1), decimals, or texts of numbers.
        decimal: the decimal mark in texts; None detects it.

    Raises:
        DataError: complex numbers, or texts whose decimal mark, comma or point, cannot be determined.
    """
    import pandas as pd

    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        return column.astype("float64")
    if pd.api.types.is_complex_dtype(kind):
        raise DataError(f"column {name!r} holds complex numbers; split it into two columns")
    if pd.api.types.is_numeric_dtype(kind):
        return column
    if pd.api.types.is_datetime64_any_dtype(kind) or not (
        pd.api.types.is_object_dtype(kind) or pd.api.types.is_string_dtype(kind)
    ):
        return None
    known = column.dropna()
    if known.empty or not _may_be_number(known.iloc[0]):
        return None
    numbers = pd.to_numeric(column.where(column.map(_is_plain)), errors="coerce")
    if (numbers.notna() == column.notna()).all() and numbers.notna().any():
        if _has_thousands(name, known, decimal):
            return _with_commas(name, column, "comma")
        return numbers.astype("float64")
    return _with_commas(name, column, decimal)


def _may_be_number(cell: object) -> bool:
    """Say whether a cell is a number or a text that looks like one; the first cell decides about a column."""
    return _is_plain(cell) and not (isinstance(cell, str) and re.fullmatch(_FIRST, cell) is None)


def _is_plain(cell: object) -> bool:
    """Say whether a cell can be a number: pandas would accept True and lists."""
    import decimal
    import numbers

    return isinstance(cell, (str, numbers.Real, decimal.Decimal)) and not isinstance(cell, bool)


def _has_thousands(name: str, known: pd.Series[Any], decimal: Decimal | None) -> bool:
    """Say whether the points in texts of numbers separate thousands.

    Raises:
        DataError: it is ambiguous: ``950`` beside ``1.050``, and ``decimal`` is None.
    """
    if decimal == "point" or not known.map(lambda cell: isinstance(cell, str)).all():
        return False
    texts = known.str.strip()
    has_point = texts.str.contains(".", regex=False)
    if not has_point.any() or not texts[has_point].str.fullmatch(_THOUSANDS).all():
        return False
    # Zero is the same in either reading, and -999 marks missing values.
    bare = texts[~has_point & ~texts.isin(("0", "-99", "-999"))]
    if decimal is None and len(bare) and bare.str.fullmatch(r"[+-]?\d{1,3}").all():
        row, other = texts.index[int(has_point.to_numpy().argmax())], bare.index[0]
        raise DataError(
            f"column {name!r} holds {texts[row]!r} in {place_of_row(known, int(row))} and {bare[other]!r} in"
            f" {place_of_row(known, int(other))}: a point before decimals, or one between thousands? No cell"
            f" tells; say so with {option('decimal', 'point')} or {option('decimal', 'comma')}"
        )
    return decimal == "comma"


def _with_commas(name: str, column: pd.Series[Any], decimal: Decimal | None) -> pd.Series[Any] | None:
    texts = column.dropna()
    bare = _one_spelling(texts)
    if bare.empty or not bare.head(1).str.fullmatch(f"{_POINT}|{_COMMA}").all():
        return None
    fits = [
        style
        for style, pattern in (("point", _POINT), ("comma", _COMMA))
        if decimal in (None, style) and bare.str.fullmatch(pattern).all()
    ]
    if not fits:
        return None
    if len(fits) == 2 and bare.str.contains("[.,]", regex=True).any():
        row = bare.index[int(bare.str.contains(",").to_numpy().argmax())]
        raise DataError(
            f"column {name!r} holds {texts[row]!r} in {place_of_row(column, int(row))}: a comma before decimals,"
            f" or one between thousands? No cell tells; say so with {option('decimal', 'comma')} or"
            f" {option('decimal', 'point')}"
        )
    if fits[0] == "comma":
        bare = bare.str.replace(".", "").str.replace(",", ".")
    return bare.str.replace(",", "").astype("float64").reindex(column.index)


def says_text(name: str, column: pd.Series[Any]) -> str:
    """Return which cell of a column is not a number, and what to do."""
    import pandas as pd

    texts = _one_spelling(column.where(column.map(_is_plain)))
    # Numbers with commas are numbers in either style; another cell makes the column a text.
    is_number = pd.to_numeric(texts, errors="coerce").notna() | texts.str.fullmatch(f"{_POINT}|{_COMMA}")
    is_other = (~is_number & column.notna()).to_numpy()
    if not is_other.any():  # each is a number, and no style fits all
        is_other = (~texts.str.fullmatch(_POINT) & column.notna()).to_numpy()
    place = int(is_other.argmax())
    cell, row = column.iloc[place], place_of_row(column, int(column.index[place]))
    if str(cell).strip().lower() in _MISSING:
        return (
            f"column {name!r} holds {cell!r} in {row}, a marker of a missing value, the first of"
            f" {int(is_other.sum())}; fill in or remove them first, since seqbench makes up no data, or leave the"
            f" column out with {option('exclude', name)}"
        )
    what = "correct or remove it"
    if re.fullmatch(f"{_POINT}|{_COMMA}", str(texts.iloc[place])):
        what = "its comma or point is not that of the others, or not that of decimal=; write all alike"
    elif isinstance(cell, str) and re.fullmatch(_DRESSED, cell):
        what = "write bare numbers, without signs or units"
    return (
        f"column {name!r} holds something that is neither a number nor a date: {cell!r} in {row}; {what}, or"
        f" leave the column out with {option('exclude', name)}"
    )


def _one_spelling(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Strip texts, write a minus as a hyphen, and remove separators between digits."""
    stripped = texts.astype(str).str.strip().str.replace("\u2212", "-")
    # Between digits, spaces and apostrophes can only separate thousands.
    return stripped.str.replace(r"(?<=\d)[\u00a0\u202f' ](?=\d{3}(?!\d))", "", regex=True)


def refuse_missing(values: Array, columns: Sequence[str], rows: Array, frame: pd.DataFrame) -> None:
    """Refuse missing and infinite values.

    Args:
        values: [rows, channels].
        columns: the channels' names.
        rows: [rows], their numbers in the source, from 0.
        frame: the source.

    Raises:
        DataError: there is one.
    """
    import numpy as np

    is_bad = ~np.isfinite(values)
    for name, is_bad_row, numbers in zip(columns, is_bad.T, values.T, strict=True):
        if is_bad_row.any():
            place = int(is_bad_row.argmax())
            what = "a missing value" if np.isnan(numbers[place]) else "an infinite value"
            hint = ""
            if np.isnan(numbers[place:]).all() and len(is_bad_row) - place > 1 and len(columns) > 1:
                hint = "; if each column is a series of its own length, say " + option("layout", "columns")
            raise DataError(
                f"column {name!r} has {what} in {place_of_row(frame, int(rows[place]))}, the first of"
                f" {is_bad_row.sum()} missing or infinite ones; fill in or remove them first, since seqbench makes"
                f" up no data, or leave the column out with {option('exclude', name)}{hint}"
            )


def refuse_markers(name: str, values: Array, rows: Array, frame: pd.DataFrame, where: str = "") -> None:
    """Refuse a number like -999 that is far from all others: it marks missing values in many files.

    Args:
        name: of the channel.
        values: [rows] finite, of one series.
        rows: [rows] their numbers in the source, from 0.
        frame: the source.
        where: of which series, for messages.

    Raises:
        DataError: there is one.
    """
    import numpy as np

    for marker in _FAR:
        is_marker = values == marker
        rest = values[~is_marker]
        if not is_marker.any() or len(rest) == 0 or len(np.unique(rest[:1000])) < 3:
            continue
        gap = rest.min() - marker if marker < rest.min() else marker - rest.max()
        if gap > max(rest.max() - rest.min(), _FAR_AWAY * abs(marker)):
            row = place_of_row(frame, int(rows[int(is_marker.argmax())]))
            raise DataError(
                f"column {name!r}{where} holds {marker:g} in {row}, the first of {int(is_marker.sum())}, far"
                f" from all its other values ({rest.min():g} to {rest.max():g}), as a marker of missing values"
                f" does; fill in or remove those rows, leave the column out with {option('exclude', name)}, or,"
                f" where the numbers are meant, say --set forecasting.markers=keep"
            )


def refuse_inexact(name: str, column: pd.Series[Any]) -> None:
    """Refuse integers that a float64 cannot hold one by one.

    Raises:
        DataError: there is one.
    """
    import pandas as pd

    if not pd.api.types.is_integer_dtype(column.dtype) or column.isna().all():
        return
    least, most = int(column.min()), int(column.max())
    if max(-least, most) > _EXACT:
        raise DataError(
            f"column {name!r} holds integers beyond 2**53 ({most if most > _EXACT else least}), which"
            f" floating-point"
            f" numbers cannot tell apart; subtract a constant, or leave it out with"
            f" {option('exclude', name)}"
        )


def refuse_sizes(name: str, values: Array, training: Array, stored: Any, where: str = "") -> None:
    """Refuse a channel whose scores cannot be computed in floating-point numbers.

    Args:
        name: of the channel.
        values: [rows] float64, finite.
        training: [training rows] float64, from which its scale is measured.
        stored: the type in which the source keeps it.
        where: of which series, for messages.

    Raises:
        DataError: values beyond 1e150 or that differ by less than 1e-150; training rows that are constant but
            for rounding; or values so far from them that a float32 cannot tell them apart.
    """
    import numpy as np

    told = f"column {name!r}{where}"
    way_out = f"or leave it out with {option('exclude', name)}"
    _refuse_squares(told, values, way_out)
    low, high = float(training.min()), float(training.max())
    itemsize = stored.itemsize if isinstance(stored, np.dtype) and stored.kind == "f" else 8
    if 0 < high - low <= _ROUNDING.get(itemsize, 1e-12) * max(abs(low), abs(high)):
        raise DataError(
            f"{told} is constant but for rounding in the {len(training)} training rows ({low!r} to {high!r}):"
            f" subtract {low:g} from it before it is rounded, {way_out}"
        )
    deviation = float(training.std()) or 1.0
    if (reach := float(np.abs(values - training.mean()).max()) / deviation) > _REACH:
        raise DataError(
            f"{told} goes {reach:.1e} standard deviations of its training rows away from their mean: nothing can"
            f" be learned for that; choose another split, {way_out}"
        )


def _refuse_squares(told: str, values: Array, way_out: str) -> None:
    import numpy as np

    if np.abs(values).max() > _LARGEST:
        raise DataError(
            f"{told} holds {values[np.abs(values).argmax()]:g}: squares of numbers beyond 1e150 are"
            f" no numbers any more; write it in another unit, {way_out}"
        )
    if 0 < (spread := float(values.max() - values.min())) < _SMALLEST:
        raise DataError(
            f"{told} changes by {spread:g} only: squares of numbers below 1e-150 are 0; write it in another unit,"
            f" {way_out}"
        )
