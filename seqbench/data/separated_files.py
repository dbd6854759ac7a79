"""Reads tables whose cells are separated by a mark: CSV and TSV, also with decimal commas and thousands points."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.base.printable import one_line
from seqbench.data.encodings import open_text
from seqbench.data.separated_lines import SHOWN, fault_of_rows, separator_of

if TYPE_CHECKING:
    import pandas as pd

_MISSING = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "-nan", "-NaN")
_THOUSANDS = r"[+-]?[1-9]\d{0,2}\.\d{3}"


def read_csv(path: Path) -> pd.DataFrame:
    """Read a file of cells separated by commas, or by semicolons.

    Raises:
        ValueError: its header or its rows are malformed.
    """
    return _read_separated(path, separator_of(path, "csv"), csv.QUOTE_MINIMAL)


def read_tsv(path: Path) -> pd.DataFrame:
    """Read a file of cells separated by tabs; quotation marks are letters like others.

    Raises:
        ValueError: its header or its rows are malformed.
    """
    return _read_separated(path, separator_of(path, "tsv"), csv.QUOTE_NONE)


def _read_separated(path: Path, separator: str, quoting: Any) -> pd.DataFrame:
    import pandas as pd

    with open_text(path) as file:
        # A line may end in \r alone, as on old Macs.
        _check_header(re.split("[\r\n]", file.readline(), maxsplit=1)[0], separator, quoting)
        file.seek(0)
        try:
            table = pd.read_csv(
                file,
                sep=separator,
                quoting=quoting,
                keep_default_na=False,
                na_values=[""],
                low_memory=False,
            )
        except pd.errors.ParserError as error:
            why = str(error).removeprefix("Error tokenizing data. C error: ")
            raise ValueError(fault_of_rows(path, separator) or why) from error
    if not isinstance(table.index, pd.RangeIndex):
        raise ValueError(fault_of_rows(path, separator) or "the rows have more cells than the header has names")
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    for column in table.columns:
        if isinstance(table[column].dtype, pd.StringDtype):
            table[column] = _as_numbers(table[column])
    return table if separator == "," else _with_thousands(path, table, separator, quoting)


def _with_thousands(path: Path, table: pd.DataFrame, separator: str, quoting: Any) -> pd.DataFrame:
    """Return a table whose columns are texts where a point may separate thousands: ``950``, ``1.050``.

    A comma is then the decimal mark, and does not separate cells.
    """
    import pandas as pd

    places = [i for i, name in enumerate(table) if _may_be_thousands(table[name])]
    if not places:
        return table
    with open_text(path) as file:
        texts = pd.read_csv(
            file,
            sep=separator,
            quoting=quoting,
            keep_default_na=False,
            na_values=[""],
            dtype="str",
            usecols=places,
        )
    for place, (_, column) in zip(places, texts.items(), strict=True):
        known = column.where(~column.isin(_MISSING))
        if _are_thousands(known.dropna().str.strip()):
            table[table.columns[place]] = known
    return table


def _may_be_thousands(column: pd.Series[Any]) -> bool:
    """Say whether numbers have at most three decimals, some have none, and all are below 1000."""
    import pandas as pd

    if not pd.api.types.is_float_dtype(column.dtype):
        return False
    sizes = column.dropna().abs()
    is_whole = sizes % 1 == 0
    in_thousandths = sizes * 1000
    return (
        bool(is_whole.any() and not is_whole.all() and (sizes < 1000).all())
        and bool((sizes[~is_whole] > 1).all())
        and bool(((in_thousandths - in_thousandths.round()).abs() < 1e-6).all())
    )


def _are_thousands(known: pd.Series[Any]) -> bool:
    """Say whether every point is followed by three digits, and some cells have no point: ``950``, ``1.050``."""
    has_point = known.str.contains(".", regex=False)
    return bool(known[has_point].str.fullmatch(_THOUSANDS).all() and not has_point.all() and has_point.any())


def _check_header(line: str, separator: str, quoting: Any) -> None:
    """Refuse a first line that is not a header, or a header with another separator.

    Raises:
        ValueError: it is not a header (the first row would be lost), it has another separator (all columns but one
            would be lost), or it names a column twice (the second would be renamed).
    """
    if line.startswith("#") and separator not in line:
        raise ValueError("its first line is a comment; remove all lines above the names of the columns")
    try:
        names = [name.strip() for name in next(csv.reader([line], delimiter=separator, quoting=quoting), [])]
    except csv.Error as error:
        raise ValueError(
            f"its first line is to name the columns, and begins {one_line(line, SHOWN)} ({error}); write the names"
            " in a line above it"
        ) from error
    other = next((mark for mark in (";", "\t", "|") if mark in line), None)
    if len(names) == 1 and other is not None:
        raise ValueError(f"its header is separated by {other!r}, and a file of this kind is by {separator!r}")
    twice = next((name for i, name in enumerate(names) if name and name in names[:i]), None)
    if twice is not None:
        raise ValueError(f"its header names the column {twice!r} twice; rename one")
    # A whole number may be a name, e.g. a year.
    numbers = [name for name in names if name[:1] in "+-.0123456789" and not name.isdigit() and _is_number(name)]
    if numbers:
        raise ValueError(
            f"its first line is to name the columns, and holds the number {numbers[0]}; write the names in a line"
            " above it"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _as_numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return numbers if every cell is a number or a word for a missing one, otherwise the unchanged column."""
    import pandas as pd

    rest = column.where(~column.isin(_MISSING))
    # The first cell settles a column of long texts quickly.
    if pd.to_numeric(rest.dropna().head(1), errors="coerce").isna().any():
        return column
    numbers = pd.to_numeric(rest, errors="coerce")
    is_numeric = bool(rest.notna().any()) and bool((numbers.notna() == rest.notna()).all())
    return rest.astype("float64") if is_numeric else column
