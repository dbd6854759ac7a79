"""Reads the rows of a file for a task's `encode`, and writes rows of answers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.base.given import shown
from seqbench.data.row_places import place_of_row
from seqbench.data.sources import read_tables
from seqbench.errors import DataError, ExperimentError

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

WRITTEN = (".csv", ".jsonl", ".parquet")
"""Endings of files that rows are written to."""


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a csv, tsv, json, jsonl, parquet or text file: column -> value, None where it is missing.

    A text file has a column ``text``, with a row for each line. A parquet file's named index is a column.

    Raises:
        DataError: it is missing, empty or unreadable.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder, and the rows of one file are read; name a file in it")
    tables = read_tables(str(path))
    if "all" not in tables:
        raise DataError(f"no such file: {path}")
    return _of_table(tables["all"])


def rows_of(given: pd.DataFrame | Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return rows that a Python caller gave: a list of them, or a DataFrame of pandas (None where it has nothing).

    >>> rows_of([{"text": "good"}])
    [{'text': 'good'}]

    Raises:
        DataError: it is something else, or a row is no mapping.
    """
    if not isinstance(given, Sequence | Iterator) or isinstance(given, str):
        import pandas as pd

        if isinstance(given, pd.DataFrame):
            return [*_of_table(given)]
        raise DataError(
            f"rows is {shown(given)}; it must be a list of rows, each column -> value (to_dicts() of polars), or a"
            " DataFrame of pandas"
        )
    rows = list(given)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise DataError(f"row {number} is {shown(row)}; a row is column -> value, such as {{'text': 'good'}}")
    return rows


def lines_told(message: str, path: Path) -> str:
    """Return where the rows that a message numbers stand in their file; empty where they are no lines of it."""
    table = read_tables(path)["all"]
    numbers = dict.fromkeys(int(number) for number in re.findall(r"\brow (\d{1,9})\b", message))
    places = {number: place_of_row(table, number - 1) for number in numbers if 0 < number <= len(table)}
    told = [f"row {number} is {place}" for number, place in places.items() if place.startswith("line ")]
    return f" ({', '.join(told)} of {path})" if told else ""


def _of_table(table: pd.DataFrame) -> list[Row]:
    if table.index.names != [None]:
        table = table.reset_index()
    whole = table.astype(object).where(table.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in whole.to_dict("records")]


def answer_rows(answers: Sequence[Any]) -> list[Row]:
    """Return answers as rows of a table, each with the number of its input, from 1.

    An answer that is a list becomes a row for each step, an object a column for each name.

    >>> answer_rows([[{"load": 3.0}, {"load": 4.0}]])
    [{'input': 1, 'step': 1, 'load': 3.0}, {'input': 1, 'step': 2, 'load': 4.0}]
    >>> answer_rows(["good"])
    [{'input': 1, 'answer': 'good'}]
    """
    rows: list[Row] = []
    for number, answer in enumerate(answers, start=1):
        if isinstance(answer, list):
            rows += [{"input": number, "step": step, **_named(each)} for step, each in enumerate(answer, start=1)]
        else:
            rows.append({"input": number, **_named(answer)})
    return rows


def written_rows(rows: Sequence[Row], ending: str) -> bytes:
    """Return the content of a file of rows: csv, jsonl or parquet.

    Raises:
        ExperimentError: the ending is another one.
    """
    if ending == ".jsonl":
        return "".join(f"{json.dumps(_finite(row), allow_nan=False)}\n" for row in rows).encode()
    if ending == ".csv":
        text: str = _table(rows).to_csv(index=False, lineterminator="\n")
        return text.encode()
    if ending == ".parquet":
        content: bytes = _table(rows).to_parquet(index=False)
        return content
    raise ExperimentError(
        f"the ending {ending or '(none)'} names no kind of table that is written; there are {', '.join(WRITTEN)}"
    )


def _table(rows: Sequence[Row]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows)


def _named(answer: Any) -> Row:
    return (
        {str(name): value for name, value in answer.items()} if isinstance(answer, Mapping) else {"answer": answer}
    )


def _finite(value: Any) -> Any:
    """Return data with null in place of numbers that strict JSON does not know."""
    if isinstance(value, Mapping):
        return {str(name): _finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def json_answers(answers: Sequence[Any]) -> list[Any]:
    """Return answers as strict JSON holds them: null in place of numbers that are not finite."""
    return [_finite(answer) for answer in answers]
