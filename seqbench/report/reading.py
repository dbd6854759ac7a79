"""Reads what a report is made of: records in folders of results, and the searches that chose settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set, ValuesView
from dataclasses import dataclass
from pathlib import Path

from seqbench.base.given import as_path
from seqbench.errors import StoreError
from seqbench.records.curves import CurvesOf
from seqbench.records.layout import Layout
from seqbench.records.merge import read_light
from seqbench.records.schema import Record
from seqbench.records.search import has_trials
from seqbench.report.tuning import Tried, read_tried

Folders = str | Path | Sequence[str | Path]
"""A folder of results, or several, which are merged."""


@dataclass(frozen=True)
class Material:
    """What a report is made of.

    Attributes:
        records: the records, without their curves, each cell once.
        curves: returns the curves of a record.
        tried: the searches that chose settings.
    """

    records: tuple[Record, ...]
    curves: CurvesOf
    tried: tuple[Tried, ...]


def several(folders: Folders) -> list[Path]:
    """Return the folders as a list.

    Raises:
        StoreError: there is none, or one is no path.

    >>> [str(each) for each in several("results/quick")]
    ['results/quick']
    """
    # Of a table, which can be iterated over too, the names of its columns would be taken for folders.
    if isinstance(folders, str) or not isinstance(folders, Sequence | Set | ValuesView | Iterator):
        return [as_path(folders, "a folder of results")]
    named = [as_path(folder, "a folder of results") for folder in folders]
    if not named:
        raise StoreError("no folder was named: name a folder of results, such as 'results/quick'")
    return named


def read(folders: Folders, *, has_curves: bool = False) -> Material:
    """Read folders of results; one that holds trials may have no results yet.

    Args:
        folders: the folders.
        has_curves: whether the curves will be asked for.

    Raises:
        StoreError: a folder is missing or empty, or folders contradict each other.
    """
    named = several(folders)
    with_results = [folder for folder in named if not has_trials(folder) or Layout(folder).record_files()]
    records, curves = read_light(with_results, has_curves=has_curves)
    return Material(tuple(records), curves, tuple(read_tried(named, records)))
