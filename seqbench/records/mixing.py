"""Warns where a mean over rows of a table would mix different settings. Uses pandas only through the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from seqbench.base.counts import counted
from seqbench.records.rows import is_setting

if TYPE_CHECKING:
    import pandas as pd

_NAMES = ["task_name", "model_name"]
_SIZE = "model.weights"
"""An axis of an experiment, as the length is: rows are expected to differ in it."""

_VERSIONED = ("task_version", "model_version", "precision")


def confusions(table: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each way in which one group may mix rows of different experiments."""
    if not len(table):
        return
    twice = int(table["key"].duplicated().sum())
    if twice:
        yield (
            f"{counted(twice, 'row')} of cells that another of these places has too:"
            " table.drop_duplicates('key') keeps one of each"
        )
    axes = ["task", "model", *(name for name in (_SIZE,) if name in table)]
    variants = table.groupby(axes, dropna=False)[_NAMES].nunique().max(axis=1)
    for task, model in dict.fromkeys(key[:2] for key in variants[variants > 1].index):
        own = table[(table["task"] == task) & (table["model"] == model)]
        yield (
            f"{model} on {task} was run with different settings ({', '.join(_differing(own))}): group by task_name"
            " and model_name, which tell them apart, not by task and model"
        )
    keys = table.groupby([*_NAMES, "length", "seed"])["key"].nunique()
    if (keys > 1).any():
        yield (
            f"{counted(int((keys > 1).sum()), 'cell')} by task_name, model_name, length and seed are several by"
            " their keys, which differ in what the table does not tell; a CSV names only the settings that differ"
            " within it: load the folders instead"
        )


def _differing(own: pd.DataFrame) -> list[str]:
    names = [str(name) for name in own.columns if is_setting(str(name)) or name in _VERSIONED]
    return [name for name in names if own[name].nunique(dropna=False) > 1] or ["which the table does not tell"]
