"""Reads columns of texts and of labels from a table, and refuses other values with their line and value.

Python's text of an object, a list or a number is not a text that somebody wrote. Imports only public names of
seqbench.
"""

from __future__ import annotations

import numbers
import shlex
from collections.abc import Iterator, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any

from seqbench import DataError, place_of_row
from seqbench_texts.words import plain

if TYPE_CHECKING:
    import pandas as pd

_EXACT = 2**53  # floats below hold each whole number
_SHOWN = 60  # characters of a value that a person is shown
_LABEL_NAMES = (
    "label",
    "labels",
    "class",
    "category",
    "sentiment",
    "polarity",
    "target",
    "stars",
    "rating",
    "score",
)


def texts_in(rows: pd.DataFrame, column: str, option: str, part: str) -> list[str]:
    """Return the texts of a column; a missing one is empty.

    Args:
        rows: a table.
        column: its name.
        option: what sets the name, such as ``sentiment.text_column``.
        part: the split that the rows are of, or ``all``; for a message.

    Raises:
        DataError: there is no such column, or a value in it is not text.
    """
    if column not in rows:
        raise no_column(rows, column, option, _likely_texts(rows))
    for row, value in _present(rows[column]):
        if not isinstance(value, str):
            raise DataError(
                f"the column {column!r} is to hold texts, and {_place(rows, row, part)} holds {_kind(value)}:"
                f" {_shown(value)}; name a column of texts with --set {option}=NAME, or write the texts out"
                f" ({_columns(rows)})"
            )
    texts: list[str] = rows[column].astype(object).where(rows[column].notna(), "").tolist()
    return texts


def texts_of(rows: Sequence[Mapping[str, Any]], column: str, otherwise: str | None = None) -> list[str]:
    """Return the texts of new rows, for a network that was trained on texts of this column.

    Args:
        rows: column -> value.
        column: its name.
        otherwise: the column of rows that have none of this name; None refuses them.

    Raises:
        DataError: there is no row, or one has no text in the column.
    """
    if not rows:
        raise DataError(f"there is no row; give one or more, with a text in the column {column!r}")
    return [_text_of(row, number, column, otherwise) for number, row in enumerate(rows, start=1)]


def _text_of(row: Mapping[str, Any], number: int, column: str, otherwise: str | None) -> str:
    name = column if otherwise is None or column in row or otherwise not in row else otherwise
    if name not in row:
        raise DataError(
            f"row {number} has no column {column!r}, which the network was trained to read; there are:"
            f" {', '.join(map(str, row))}"
        )
    if row[name] is None:
        raise DataError(f"row {number} has no text in the column {name!r}; give it one, or leave the row out")
    if not isinstance(row[name], str):
        raise DataError(f"the column {name!r} is to hold texts, and row {number} holds {_shown(row[name])}")
    return str(row[name])


def labels_in(rows: pd.DataFrame, column: str, option: str, part: str) -> list[str]:
    """Return the classes of a column: words as written, whole numbers without a point, truth values in words.

    Raises:
        DataError: there is no such column; or a label is missing, no word, whole number or truth value, or of
            another kind than the first.
    """
    if column not in rows:
        raise no_column(rows, column, option, _likely_labels(rows))
    values = [(row, value) for row, value in _present(rows[column]) if not _is_blank(value)]
    if len(values) < len(rows):
        labelled = {row for row, _ in values}
        first = next(int(row) for row in rows.index if int(row) not in labelled)
        raise DataError(
            f"{len(rows) - len(values)} of {len(rows)} rows ({part}) have no label in {column!r}, the first of"
            f" them {place_of_row(rows, first)}; label them, or leave them out"
        )
    names = [_class_name(value) for _, value in values]
    for name, (row, value) in zip(names, values, strict=True):
        if name is None:
            raise DataError(
                f"the label {_shown(value)} in {column!r} at {_place(rows, row, part)} is no class but"
                f" {_kind(value)}; labels are words or whole numbers"
            )
    kinds = {_kind(value): (row, value) for row, value in reversed(values)}
    if len(kinds) > 1:
        told = " and ".join(
            f"{_kind(value)} in {place_of_row(rows, row)} ({_shown(value)})" for row, value in kinds.values()
        )
        raise DataError(
            f"the labels in {column!r} are to be of one kind, and there is {told}; write them in one way"
        )
    return [str(name) for name in names]


def no_column(rows: pd.DataFrame, column: str, option: str, likely: Sequence[str] = ()) -> DataError:
    """Return an error that lists the columns, and the option that chooses one of them."""
    others = [str(name) for name in likely if name != column]
    setting = shlex.quote(f"{option}={others[0] if others else 'NAME'}")
    return DataError(
        f"the data have no column {column!r}; {_columns(rows)}. Name it with --set {setting}{_header_hint(rows)}"
    )


def no_columns(rows: pd.DataFrame, options: Mapping[str, str]) -> DataError:
    """Return an error for data without one or more of these columns of texts, with a setting for each.

    Args:
        rows: a table.
        options: what sets the name of a column, such as ``translation.source``, and the name.
    """
    absent = [name for name in options.values() if name not in rows]
    missing = " and ".join(f"no column {name!r}" for name in absent)
    free = [str(name) for name in rows.columns if name in _likely_texts(rows) and name not in options.values()]
    # Where several are missing, only the user knows which column is which.
    likely = free[0] if len(absent) == 1 and free else "NAME"
    names = [name if name in rows else likely for name in options.values()]
    settings = [shlex.quote(f"{option}={name}") for option, name in zip(options, names, strict=True)]
    return DataError(
        f"the data have {missing}; {_columns(rows)}. Name them with"
        f" {' '.join(f'--set {setting}' for setting in settings)}{_header_hint(rows)}"
    )


def _header_hint(rows: pd.DataFrame) -> str:
    is_data = any(len(str(name).split()) > 2 or str(name).isdigit() for name in rows.columns)
    return (
        "; the first line is read as these names: if it is data, write a line of names above it" if is_data else ""
    )


def _place(rows: pd.DataFrame, row: int, part: str) -> str:
    place = place_of_row(rows, row)
    return place if part == "all" else f"{place} ({part})"


def _columns(rows: pd.DataFrame) -> str:
    return f"there are: {', '.join(str(name) for name in rows.columns)}"


def _likely_texts(rows: pd.DataFrame) -> list[str]:
    """Return the columns of texts, the longest first."""
    sizes = {str(name): _mean_size(rows[name].head(100)) for name in rows.columns}
    return sorted((name for name, size in sizes.items() if size), key=lambda name: -sizes[name])


def _likely_labels(rows: pd.DataFrame) -> list[str]:
    return [name for name in rows.columns if str(name).strip().lower() in _LABEL_NAMES]


def _mean_size(values: pd.Series[Any]) -> float:
    texts = [value for value in values if isinstance(value, str)]
    return sum(map(len, texts)) / len(texts) if texts else 0.0


def _present(values: pd.Series[Any]) -> Iterator[tuple[int, Any]]:
    """Yield the label of each row that has a value, its number in the table that was read, and the value."""
    is_missing = values.isna().to_numpy()
    for row, value, missing in zip(values.index, values.astype(object), is_missing, strict=True):
        if not missing:
            yield int(row), value


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _class_name(value: Any) -> str | None:
    """Return the class that a label stands for; None if it is none."""
    kind = _kind(value)
    if kind == "text":
        return " ".join(plain(value).split())
    if kind == "a truth value":
        return "true" if value else "false"
    if kind == "a number" and value == value // 1:
        return str(int(value))
    return None


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bytes | bytearray):
        return "bytes"
    if isinstance(value, dict):
        return "an object"
    if type(value).__name__ in ("bool", "bool_"):
        return "a truth value"
    if isinstance(value, numbers.Real):
        return "a number"
    if isinstance(value, Sized):
        return "a list"
    return f"a value of the kind {type(value).__name__}"


def _shown(value: Any) -> str:
    value = value.tolist() if type(value).__module__ == "numpy" else value
    # A column of whole numbers becomes one of floats if a value is missing; 5 was written, and not 5.0.
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    text = repr(int(value) if is_whole else value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
