"""How do the rows of a labelled data set become token numbers in three splits?

Checked rows, a split that puts no text on two sides, a vocabulary from what is read of the training texts.
Nothing here knows of metrics or baselines; pandas and torch are imported when a function runs.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from seqbench import DataError, generator

if TYPE_CHECKING:
    import pandas as pd

Truncate = Literal["head", "tail", "middle"]
"""Which tokens of a longer text are read: the first, the last, or those in its middle."""

PARTS = ("train", "validation", "test")
PADDING, UNKNOWN = "<padding>", "<unknown>"
SPECIAL = (PADDING, UNKNOWN)
"""The first two tokens of a vocabulary."""
_TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_PART_NAMES = {"training": "train", "valid": "validation", "val": "validation", "dev": "validation"}


@dataclass(frozen=True)
class Columns:
    """The names of the columns that are looked at."""

    text: str
    label: str
    split: str
    fold: str


@dataclass(frozen=True)
class Folds:
    """The folds that are held out; None takes the last but one to validate and the last to test on."""

    validation: str | int | None = None
    test: str | int | None = None


@dataclass(frozen=True)
class Example:
    """A text and its class."""

    tokens: tuple[str, ...]
    label: str


class Tokeniser:
    """Finds words (letters, digits, apostrophes inside) and, each by itself, every other visible character.

    >>> Tokeniser(lower=True)("It's NOT good, is it?")
    ("it's", 'not', 'good', ',', 'is', 'it', '?')

    No token has white space in it, so what stands between two white spaces is looked at once, however often it
    comes; and a token that comes often is kept once.
    """

    def __init__(self, *, lower: bool) -> None:
        self._lower = lower
        self._pieces = _Pieces()

    def __call__(self, text: str) -> tuple[str, ...]:
        """Return the tokens of a text."""
        pieces = (text.lower() if self._lower else text).split()
        return tuple(itertools.chain.from_iterable(map(self._pieces.__getitem__, pieces)))


class _Pieces(dict[str, tuple[str, ...]]):
    """A piece of text without white space -> its tokens."""

    def __missing__(self, piece: str) -> tuple[str, ...]:
        found = self[piece] = tuple(map(sys.intern, _TOKEN.findall(piece)))
        return found


def excerpt(tokens: Sequence[str], length: int, truncate: Truncate) -> Sequence[str]:
    """Return at most ``length`` tokens of a text.

    >>> [excerpt("abcdefg", 3, which) for which in ("head", "tail", "middle")]
    ['abc', 'efg', 'cde']
    """
    room = max(0, len(tokens) - length)
    start = {"head": 0, "tail": room, "middle": room // 2}[truncate]
    return tokens[start : start + length]


def vocabulary(texts: Iterable[Sequence[str]], size: int, minimum_count: int) -> list[str]:
    """Return the tokens a model tells apart: the two markers, then words, commonest first, ties by alphabet.

    >>> vocabulary([["a", "b", "a"], ["c", "b", "d"]], size=4, minimum_count=2)
    ['<padding>', '<unknown>', 'a', 'b']
    """
    counts = Counter(itertools.chain.from_iterable(texts))
    kept = sorted((word for word, n in counts.items() if n >= minimum_count), key=lambda w: (-counts[w], w))
    return [*SPECIAL, *kept[: size - len(SPECIAL)]]


def split_examples(
    tables: Mapping[str, pd.DataFrame], columns: Columns, folds: Folds, seed: int, *, lower: bool
) -> tuple[dict[str, list[Example]], int]:
    """Return the examples of the three splits, and how many empty texts were left out.

    The data's own split is kept: separate tables, else a split column, else a fold column. A part that it does
    not have is a tenth of the training examples, drawn by ``seed``, each class in its share, equal texts on
    the same side.

    Raises:
        DataError: a column, a label, a class or a fold is missing, or a class has too few texts of its own.
    """
    tokenise = Tokeniser(lower=lower)
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
        raise DataError(f"a fold is asked for, and the data have no column {columns.fold!r}; {_has(rows)}")
    return {"train": [rows]}


def _by_split(rows: pd.DataFrame, column: str) -> dict[str, list[pd.DataFrame]]:
    parts: dict[str, list[pd.DataFrame]] = {}
    for value, group in rows.groupby(column, sort=True, dropna=False):
        name = str(value).strip().lower()
        part = _PART_NAMES.get(name, name)
        if part not in PARTS:
            raise DataError(
                f"the column {column!r} says {value!r} in {len(group)} rows; it may say train, validation or test"
            )
        parts.setdefault(part, []).append(group)
    if "train" not in parts:
        raise DataError(f"the column {column!r} says train in no row")
    return parts


def _by_fold(rows: pd.DataFrame, column: str, asked: Folds) -> dict[str, list[pd.DataFrame]]:
    unknown = int(rows[column].isna().sum())
    if unknown:
        raise DataError(f"{unknown} of {len(rows)} rows have nothing in the column {column!r}")
    folds = {str(value): group for value, group in rows.groupby(column, sort=True)}
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


def _examples(rows: pd.DataFrame, columns: Columns, part: str, tokenise: Tokeniser) -> tuple[list[Example], int]:
    """Return the examples of these rows, and how many rows have an empty text."""
    for column, parameter in ((columns.text, "text_column"), (columns.label, "label_column")):
        if column not in rows:
            raise DataError(f"the data have no column {column!r}; {_has(rows)}. Name it by {parameter}")
    unlabelled = int(rows[columns.label].isna().sum())
    if unlabelled:
        raise DataError(f"{unlabelled} of {len(rows)} rows ({part}) have no label in {columns.label!r}")
    texts = rows[columns.text].fillna("").astype(str)
    tokens = [tokenise(text) for text in texts]
    labels = [_class_name(value, columns.label) for value in rows[columns.label]]
    found = [Example(t, label) for t, label in zip(tokens, labels, strict=True) if t]
    if not found:
        raise DataError(f"all {len(rows)} texts ({part}) in {columns.text!r} are empty")
    return found, len(rows) - len(found)


def _has(rows: pd.DataFrame) -> str:
    return f"there are: {', '.join(str(column) for column in rows.columns)}"


def _class_name(value: Any, column: str) -> str:
    if not isinstance(value, float):
        return str(value)
    if not value.is_integer():
        raise DataError(f"the label {value} in {column!r} is no class; labels are words or whole numbers")
    return str(int(value))


def text_facts(examples: Mapping[str, Sequence[Example]], length: int) -> dict[str, float | int]:
    """Return the share of texts that are longer than what is read, and test texts that were trained on."""
    whole = [example for found in examples.values() for example in found]
    known = {example.tokens for example in examples["train"]}
    return {
        "truncated_rate": sum(len(example.tokens) > length for example in whole) / len(whole),
        "test_texts_also_in_train": sum(example.tokens in known for example in examples["test"]),
    }


def class_names(labels: Iterable[str]) -> list[str]:
    """Return the different labels in order: numbers by value, words by alphabet.

    >>> class_names(["10", "2", "2"]), class_names(["pos", "neg", "1"])
    (['2', '10'], ['1', 'neg', 'pos'])
    """
    names = sorted(set(labels))
    is_numeric = all(re.fullmatch(r"-?\d+", name) for name in names)
    return sorted(names, key=int) if is_numeric else names


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
    for label, groups in _equal_texts(examples).items():
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
    rest = [example for example in examples if example.tokens not in home]
    return rest, {part: [e for e in examples if home.get(e.tokens) == part] for part in parts}


def _equal_texts(examples: Sequence[Example]) -> dict[str, dict[tuple[str, ...], int]]:
    """Return label -> text -> how often; a text that has two labels is counted under its first."""
    groups: dict[str, dict[tuple[str, ...], int]] = {}
    first: dict[tuple[str, ...], str] = {}
    for example in examples:
        label = first.setdefault(example.tokens, example.label)
        counts = groups.setdefault(label, {})
        counts[example.tokens] = counts.get(example.tokens, 0) + 1
    return groups


def _shuffled(texts: list[tuple[str, ...]], seed: int, label: str) -> list[tuple[str, ...]]:
    import torch

    order = torch.randperm(len(texts), generator=generator(seed, "sentiment", "split", label))
    return [texts[place] for place in order.tolist()]
