"""Reads the rows of one file, or explains in a sentence why it cannot.

Uses pandas, not datasets.load_dataset. That one (5.2, tried) serves old rows when a file was changed within the
same modification time, types a column by its first 10,000 rows and fails on the rest, turns the words NA, None and
null of a text into nothing, and copies the file into its own cache.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

from seqbench.data.encodings import check_start, first_strange_byte, opener
from seqbench.errors import DataError, reason

if TYPE_CHECKING:
    import pandas as pd

Read = TypeVar("Read")
_MISSING = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "-nan", "-NaN")
_THOUSANDS = r"[+-]?[1-9]\d{0,2}\.\d{3}"


def read_file(path: Path, kind: str) -> pd.DataFrame:
    """Return the rows of a file of this kind, one of `READERS`; see `seqbench.read_tables` for the rules.

    Raises:
        DataError: unreadable, malformed or without rows.
    """
    table = _told(path, kind, lambda: READERS[kind](path))
    if table.empty:
        raise DataError(f"{path} is empty: no row was found in it")
    return table


def read_document(path: Path) -> str:
    """Return the whole text of a file; it may be empty.

    Raises:
        DataError: unreadable, or not UTF-8 text.
    """

    def read() -> str:
        with _open_text(path) as file:
            return file.read()

    return _told(path, "text", read, may_be_empty=True)


def _told(path: Path, kind: str, read: Callable[[], Read], *, may_be_empty: bool = False) -> Read:
    """Read a file, and report its fault in one sentence.

    Raises:
        DataError: unreadable or malformed.
    """
    try:
        if path.stat().st_size == 0 and not may_be_empty:
            raise DataError(f"{path} is empty: there is not one byte in it")
        check_start(path, kind)
        return read()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {first_strange_byte(path)}") from error
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start])
        raise DataError(
            f"{path} cannot be read as {kind}: it holds half of a letter, {half}; write it out"
        ) from error
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        # pandas' and pyarrow's own errors are ValueErrors.
        why = next(iter(reason(error).splitlines()), type(error).__name__)
        raise DataError(f"{path} cannot be read as {kind}: {why}") from error


def ending(path: Path) -> str:
    """Return the ending that determines a file's kind, in lower case, without ``.gz``.

    >>> ending(Path("reviews.csv.gz"))
    'csv'
    """
    return _without_gz(path).suffix[1:].lower()


def stem(path: Path) -> str:
    """Return a file's name without its ending.

    >>> stem(Path("reviews.csv.gz"))
    'reviews'
    """
    return _without_gz(path).stem


def _without_gz(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def _read_csv(path: Path) -> pd.DataFrame:
    with _open_text(path) as file:
        header = file.readline()
    # Files with decimal commas separate cells by semicolons.
    separator = ";" if ";" in header and "," not in header else ","
    return _read_separated(path, separator, csv.QUOTE_MINIMAL)


def _read_tsv(path: Path) -> pd.DataFrame:
    return _read_separated(path, "\t", csv.QUOTE_NONE)


def _read_separated(path: Path, separator: str, quoting: Any) -> pd.DataFrame:
    import pandas as pd

    with _open_text(path) as file:
        _check_header(file.readline(), separator, quoting)
        file.seek(0)
        table = pd.read_csv(
            file,
            sep=separator,
            quoting=quoting,
            keep_default_na=False,
            na_values=[""],
            low_memory=False,
        )
    if not isinstance(table.index, pd.RangeIndex):
        raise ValueError("the rows have more cells than the header has names")
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
    with _open_text(path) as file:
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
    names = [name.strip() for name in next(csv.reader([line], delimiter=separator, quoting=quoting), [])]
    other = next((mark for mark in (";", "\t", "|") if mark in line), None)
    if len(names) == 1 and other is not None:
        raise ValueError(f"its header is separated by {other!r}, and a file of this kind is by {separator!r}")
    twice = next((name for i, name in enumerate(names) if name and name in names[:i]), None)
    if twice is not None:
        raise ValueError(f"its header names the column {twice!r} twice; rename one")
    # A whole number may be a name, e.g. a year.
    numbers = [name for name in names if name[:1] in "+-.0123456789" and not name.isdigit() and _is_number(name)]
    if numbers:
        raise ValueError(f"its first line is to name the columns, and holds the number {numbers[0]}")


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


def _read_json(path: Path) -> pd.DataFrame:
    import pandas as pd

    with _open_text(path) as file:
        try:
            rows = json.load(file)
        except json.JSONDecodeError as error:
            if not error.msg.startswith("Extra data"):
                raise
            # On the hub, a .json file often has an object on each line.
            return _read_jsonl(path)
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return pd.DataFrame(rows)
    names = ", ".join(map(str, list(rows)[:10])) if isinstance(rows, dict) else ""
    found = f"one object with the keys {names}" if names else f"a {type(rows).__name__}"
    raise ValueError(f"it has to be a list of objects, one for each row, and it is {found}; write out the list")


def _read_jsonl(path: Path) -> pd.DataFrame:
    import pandas as pd

    with _open_text(path) as file:
        return pd.DataFrame(list(_objects(file)))


def _objects(lines: TextIO) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {number}: {error.msg}") from error
        if not isinstance(row, dict):
            raise ValueError(f"line {number} is not an object")
        yield row


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd
    from pyarrow.parquet import read_schema

    table = pd.read_parquet(path)
    for column, names in _class_names(read_schema(path).metadata or {}).items():
        if column in table:
            # A missing label is -1, which is not an index of the list.
            table[column] = table[column].map(dict(enumerate(names)))
    return table


def _class_names(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """Return the class names of each column that `datasets` wrote as classes."""
    features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
    return {
        column: feature["names"]
        for column, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    }


def _read_txt(path: Path) -> pd.DataFrame:
    import pandas as pd

    with _open_text(path) as file:
        return pd.DataFrame({"text": [line.rstrip("\r\n") for line in file]}, dtype="str")


def _open_text(path: Path) -> TextIO:
    # Only \n ends a line: a text may contain \x85 or \u2028. utf-8-sig drops the mark that spreadsheets write.
    return cast(TextIO, opener(path)(path, "rt", encoding="utf-8-sig", newline="\n"))


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "csv": _read_csv,
    "tsv": _read_tsv,
    "json": _read_json,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
    "txt": _read_txt,
}
"""Kind of file -> how it is read."""
