"""Sorts the rows of a labelled data set into three splits that share no text.

The rows are checked. The data's own splits are used where they exist; otherwise the seed draws a tenth for each.
Pandas and torch are imported when a function runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqbench_texts.columns import labels_in, no_column, texts_in

from seqbench import DataError, generator, place_of_row
from seqbench_sentiment.texts import PARTS, Example, Tokeniser

if TYPE_CHECKING:
    import pandas as pd

_PART_NAMES = {"training": "train", "valid": "validation", "val": "validation", "dev": "validation"}


@dataclass(frozen=True)
class Columns:
    """The names of the columns that are read."""

    text: str
    label: str
    split: str
    fold: str


@dataclass(frozen=True)
class Folds:
    """The folds to hold out; None takes the last but one for validation and the last for testing."""

    validation: str | int | None = None
    test: str | int | None = None


def split_examples(
    tables: Mapping[str, pd.DataFrame], columns: Columns, folds: Folds, seed: int, *, lower: bool
) -> tuple[dict[str, list[Example]], int]:
    """Return the examples of the three splits, and how many empty texts were left out.

    The data's own split is kept: separate tables, otherwise a split column, otherwise a fold column. A missing
    part is a tenth of the training examples, drawn by ``seed``, stratified by class, with copies on the same side.

    Raises:
        DataError: a column, a label, a class or a fold is missing, or a class has too few texts of its own.
    """
    tokenise = Tokeniser(lower=lower)
    tables = {part: rows.reset_index(drop=True) for part, rows in tables.items()}  # messages count rows
    parts = {
        part: [_examples(rows, columns, part, tokenise) for rows in group]
        for part, group in _assigned(tables, columns, folds).items()
    }
    dropped = sum(empty for group in parts.values() for _, empty in group)
    examples = {part: [e for found, _ in group for e in found] for part, group in parts.items()}
    _check_classes(examples)
    missing = [part for part in PARTS[:0:-1] if part not in examples]
    examples["train"], taken = _hold_out(examples["train"], missing, seed)
    examples |= taken
    _check_classes(examples)  # a text with two labels is held out with both, and may have been a class's last
    return examples, dropped


def given_parts(tables: Mapping[str, pd.DataFrame], columns: Columns, folds: Folds) -> frozenset[str]:
    """Return the splits that the data have themselves; the others are drawn by the seed.

    Raises:
        DataError: a column or a fold is missing.
    """
    return frozenset(_assigned(tables, columns, folds))


def _assigned(tables: Mapping[str, pd.DataFrame], columns: Columns, folds: Folds) -> dict[str, list[pd.DataFrame]]:
    if "all" not in tables:
        return {part: [tables[part]] for part in PARTS if part in tables}
    rows = tables["all"]
    asks_for_folds = folds != Folds()
    if columns.split in rows and not asks_for_folds:
        return _by_split(rows, columns.split)
    if columns.fold in rows:
        return _by_fold(rows, columns.fold, folds)
    if asks_for_folds:
        raise no_column(rows, columns.fold, "sentiment.fold_column")
    return {"train": [rows]}


def _by_split(rows: pd.DataFrame, column: str) -> dict[str, list[pd.DataFrame]]:
    parts: dict[str, list[pd.DataFrame]] = {}
    for value, group in rows.groupby(column, sort=True, dropna=False):
        name = str(value).strip().lower()
        part = _PART_NAMES.get(name, name)
        if part not in PARTS:
            raise DataError(
                f"the column {column!r} says {value!r} in {len(group)} rows, the first of them"
                f" {place_of_row(rows, int(group.index[0]))}; it may say train, validation or test"
            )
        parts.setdefault(part, []).append(group)
    if "train" not in parts:
        raise DataError(f"the column {column!r} says train in no row")
    return parts


def _by_fold(rows: pd.DataFrame, column: str, asked: Folds) -> dict[str, list[pd.DataFrame]]:
    is_unknown = rows[column].isna()
    if is_unknown.any():
        first = place_of_row(rows, int(rows.index[int(is_unknown.to_numpy().argmax())]))
        raise DataError(
            f"{int(is_unknown.sum())} of {len(rows)} rows have nothing in the column {column!r}, the first of them"
            f" {first}; name the fold of each"
        )
    folds = {_fold_name(value): group for value, group in rows.groupby(column, sort=True)}
    names = list(folds)
    if len(names) < 3:
        raise DataError(
            f"the column {column!r} holds {len(names)} folds ({', '.join(names)}); three are needed,"
            " to train, to validate and to test on"
        )
    held = {"test": asked.test, "validation": asked.validation}
    chosen = {part: str(fold) for part, fold in held.items() if fold is not None}
    for part, name in chosen.items():
        if name not in folds:
            raise DataError(f"{part}_fold is {name}, and the column {column!r} holds {', '.join(names)}")
    for part in held:
        chosen.setdefault(part, next(name for name in reversed(names) if name not in chosen.values()))
    if chosen["test"] == chosen["validation"]:
        raise DataError(f"validation_fold and test_fold are both {chosen['test']}; they have to differ")
    train = [group for name, group in folds.items() if name not in chosen.values()]
    return {"train": train, **{part: [folds[name]] for part, name in chosen.items()}}


def _fold_name(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _examples(rows: pd.DataFrame, columns: Columns, part: str, tokenise: Tokeniser) -> tuple[list[Example], int]:
    """Return the examples of these rows, and how many rows have an empty text."""
    texts = texts_in(rows, columns.text, "sentiment.text_column", part)
    labels = labels_in(rows, columns.label, "sentiment.label_column", part)
    found = [
        Example(tokens, label, tokenise.key(tokens))
        for tokens, label in zip(map(tokenise, texts), labels, strict=True)
        if tokens
    ]
    if not found:
        raise DataError(f"all {len(rows)} texts ({part}) in {columns.text!r} are empty")
    return found, len(rows) - len(found)


def _check_classes(examples: Mapping[str, Sequence[Example]]) -> None:
    known = {example.label for example in examples["train"]}
    if len(known) < 2:
        raise DataError(f"every training text has the label {min(known)!r}; two classes are needed at least")
    for part, found in examples.items():
        strange = sorted({example.label for example in found} - known)
        if strange:
            raise DataError(
                f"the {part} texts have labels that no training text has: {', '.join(strange[:5])};"
                " give training texts of that class, or leave it out"
            )


def _hold_out(
    examples: Sequence[Example], parts: Sequence[str], seed: int
) -> tuple[list[Example], dict[str, list[Example]]]:
    """Take a tenth of the examples for each of ``parts``, and return the rest and what was taken."""
    home = {}
    for label, groups in _copies(examples).items():
        count = sum(groups.values())
        if parts and len(groups) <= len(parts):
            raise DataError(
                f"the label {label!r} has {len(groups)} different texts, too few for a"
                f" {', a '.join(('train', *parts))} part"
            )
        order = _shuffled(list(groups), seed, label)
        for needed, part in zip(range(len(parts), 0, -1), parts, strict=True):
            taken = 0
            while not taken or (taken < round(count / 10) and len(order) > needed):
                home[text := order.pop()] = part
                taken += groups[text]
    rest = [example for example in examples if example.key not in home]
    return rest, {part: [e for e in examples if home.get(e.key) == part] for part in parts}


def _copies(examples: Sequence[Example]) -> dict[str, dict[bytes, int]]:
    """Return label -> key of a text -> how often; a text that has two labels is counted under its first."""
    groups: dict[str, dict[bytes, int]] = {}
    first: dict[bytes, str] = {}
    for example in examples:
        label = first.setdefault(example.key, example.label)
        counts = groups.setdefault(label, {})
        counts[example.key] = counts.get(example.key, 0) + 1
    return groups


def _shuffled(texts: list[bytes], seed: int, label: str) -> list[bytes]:
    import torch

    order = torch.randperm(len(texts), generator=generator(seed, "sentiment", "split", label))
    return [texts[place] for place in order.tolist()]
