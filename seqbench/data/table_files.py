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
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from seqbench.base.printable import one_line
from seqbench.data.encodings import check_start, first_strange_byte, open_text
from seqbench.data.row_places import FILES
from seqbench.data.separated_files import read_csv, read_tsv
from seqbench.data.separated_lines import SHOWN
from seqbench.errors import DataError, reason

if TYPE_CHECKING:
    import pandas as pd

Read = TypeVar("Read")


def read_file(path: Path, kind: str) -> pd.DataFrame:
    """Return the rows of a file of this kind, one of `READERS`; see `seqbench.read_tables` for the rules.

    Raises:
        DataError: unreadable, malformed or without rows.
    """
    table = _told(path, kind, lambda: READERS[kind](path))
    if table.empty:
        raise DataError(f"{path} is empty: no row was found in it")
    table.attrs[FILES] = ((str(path), kind, len(table)),)
    return table


def read_document(path: Path) -> str:
    """Return the whole text of a file; it may be empty.

    Raises:
        DataError: unreadable, or not UTF-8 text.
    """

    def read() -> str:
        with open_text(path) as file:
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


def _read_json(path: Path) -> pd.DataFrame:
    import pandas as pd

    with open_text(path) as file:
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

    with open_text(path) as file:
        return pd.DataFrame(list(_objects(file)))


def _objects(lines: TextIO) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            found = one_line(line, SHOWN)
            raise ValueError(
                f"line {number} is not JSON ({error.msg} at character {error.pos + 1}): {found}; write an object"
                ' on each line, such as {"text": "good"}'
            ) from error
        if not isinstance(row, dict):
            found = one_line(line, SHOWN)
            raise ValueError(f'line {number} is not an object, but {found}; write one, such as {{"text": "good"}}')
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

    with open_text(path) as file:
        return pd.DataFrame({"text": [line.rstrip("\r\n") for line in file]}, dtype="str")


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "csv": read_csv,
    "tsv": read_tsv,
    "json": _read_json,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
    "txt": _read_txt,
    "tokens": _read_txt,
}
"""Kind of file -> how it is read."""
