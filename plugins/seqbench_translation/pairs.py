"""Reads pairs of sentences from tables and parallel files, and keeps the splits apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from seqbench_texts.columns import no_columns, texts_in
from seqbench_texts.words import letters_of

from seqbench import DataError, generator, place_of_row, read_tables
from seqbench_translation.units import normal

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("train", "validation", "test")
PARALLEL = "label"
"""The column in which `read_tables` gives the ending of each of several text files: ``en``, ``de``."""

Pair = tuple[str, str]
Keyed = tuple[str, Pair]


@dataclass(frozen=True)
class Pairs:
    """Pairs of normal texts by split, and what was left out.

    Attributes:
        parts: split -> (source, target).
        empty: pairs of which a side is empty.
        overlapping: pairs of training and validation whose source stands in a later split too.
    """

    parts: Mapping[str, Sequence[Pair]]
    empty: int = 0
    overlapping: int = 0


def read_pairs(data: str, source: str, target: str, seed: int) -> Pairs:
    """Read pairs, draw the splits that are missing, and keep all of them apart.

    Args:
        data: as for `seqbench.read_tables`.
        source, target: columns, the keys of objects in a column ``translation``, or the endings of parallel files.
        seed: decides the draw.

    Raises:
        DataError: a column or a file is missing, two files differ in their lines, or a split is empty.
    """
    tables = {part: _pairs(table, source, target, part) for part, table in read_tables(data).items()}
    whole = {part: [pair for pair in pairs if all(pair)] for part, pairs in tables.items()}
    empty = sum(len(tables[part]) - len(whole[part]) for part in tables)
    return apart(whole, seed, empty=empty)


def apart(parts: Mapping[str, Sequence[Pair]], seed: int, *, empty: int = 0) -> Pairs:
    """Draw the splits that are missing from the training pairs, and drop what stands in a later split too.

    Sources are the same if they have the same letters and digits in the same order, whatever their signs, spaces
    and capitals. All translations of a source are in one split.

    Raises:
        DataError: there is nothing to train on, or a split is empty.
    """
    keyed = {
        "train" if part == "all" else part: [(key(pair[0]), pair) for pair in pairs]
        for part, pairs in parts.items()
    }
    drawn = _completed(keyed, seed)
    taken: set[str] = set()
    kept: dict[str, Sequence[Pair]] = {}
    for part in reversed(PARTS):
        kept[part] = [pair for named, pair in drawn[part] if named not in taken]
        taken.update(named for named, _ in drawn[part])
        if not kept[part]:
            raise DataError(
                f"translation needs pairs of sentences in every split, and {part} has none whose source is not in"
                " another split too; give more pairs"
            )
    return Pairs(kept, empty, sum(len(drawn[part]) - len(kept[part]) for part in PARTS))


def key(source: str) -> str:
    """Return what a source shares with its copies.

    >>> key(" It is late!") == key("it is  LATE.")
    True
    """
    return "".join(map(_letters, source.split())) or source


_letters = lru_cache(maxsize=2**16)(letters_of)


def _completed(keyed: Mapping[str, Sequence[Keyed]], seed: int) -> dict[str, Sequence[Keyed]]:
    """Draw a tenth of the training sources, with all their translations, for each missing split."""
    import torch

    missing = [part for part in PARTS if part not in keyed]
    if not missing:
        return dict(keyed)
    names = list(dict.fromkeys(named for named, _ in keyed["train"]))
    if len(names) <= len(missing):
        raise DataError(
            f"{len(keyed['train'])} pairs of sentences have {len(names)} distinct sources, signs and capitals"
            f" aside, and {' and '.join(missing)} are drawn by source, which takes at least {len(missing) + 1};"
            " give pairs of more sources, or files of the splits"
        )
    order = torch.randperm(len(names), generator=generator(seed, "translation", "splits")).tolist()
    tenth = -(-len(names) // 10)
    place = {names[row]: part for i, part in enumerate(missing) for row in order[i * tenth : (i + 1) * tenth]}
    found: dict[str, list[Keyed]] = {part: [] for part in ("train", *missing)}
    for named, pair in keyed["train"]:
        found[place.get(named, "train")].append((named, pair))
    return {**keyed, **found}


def _pairs(table: pd.DataFrame, source: str, target: str, part: str) -> list[Pair]:
    if source not in table and "translation" in table:
        table = _of_objects(table, (source, target), part)
    if source not in table and list(table.columns) == ["text", PARALLEL]:
        sides = [_lines(table, name, part) for name in (source, target)]
        if len(sides[0]) != len(sides[1]):
            raise DataError(
                f"of parallel files line n of one is the translation of line n of the other, and ({part}) the"
                f" file of {source!r} has {len(sides[0])} lines, that of {target!r} {len(sides[1])}; find the line"
                " from which on they differ"
            )
    else:
        rows = table.reset_index(drop=True)
        options = {"translation.source": source, "translation.target": target}
        if not {source, target} <= {*rows.columns}:
            raise no_columns(rows, options)
        sides = [texts_in(rows, column, option, part) for option, column in options.items()]
    return list(zip(map(normal, sides[0]), map(normal, sides[1]), strict=True))


def _lines(table: pd.DataFrame, name: str, part: str) -> list[str]:
    known = [str(label) for label in table[PARALLEL].unique()]
    if name not in known:
        raise DataError(
            f"there are parallel files ({part}) for {', '.join(known)}, and none for {name!r}; choose which of"
            " them is read and which is written: --set translation.source=NAME --set translation.target=NAME"
        )
    lines: list[str] = table["text"][table[PARALLEL] == name].tolist()
    return lines


def _of_objects(table: pd.DataFrame, names: Sequence[str], part: str) -> pd.DataFrame:
    """Return as columns what a column ``translation`` of objects holds: ``{"en": ..., "de": ...}``."""
    import pandas as pd

    rows = table["translation"].tolist()
    bad = next((i for i, row in enumerate(rows) if not isinstance(row, dict) or not {*names} <= {*row}), None)
    if bad is not None:
        found = ", ".join(map(str, rows[bad])) if isinstance(rows[bad], dict) else repr(rows[bad])[:60]
        raise DataError(
            f"the column 'translation' holds objects, and {place_of_row(table, bad)} ({part}) has not both"
            f" {names[0]!r} and {names[1]!r}, but {found}; name them with --set translation.source=NAME and"
            " translation.target=NAME"
        )
    return pd.DataFrame({name: [row[name] for row in rows] for name in names})
