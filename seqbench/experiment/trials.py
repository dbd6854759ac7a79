"""Defines what a cell and its record tell of a search: that it is a trial, or that its setting was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TrialData:
    """One setting tried by a search.

    Attributes:
        search: the hash of the search, see `seqbench.records.trials.Search`.
        number: of the trial, counted from 0 for each model, task and length.
        setting: parameter, as the search space names it -> value.
        operations: floating-point operations of the whole training, where the budget is counted in them.
        bars: (step, validation score); a trial that has come to no better score by then is pruned.
    """

    search: str
    number: int
    setting: Mapping[str, Any]
    operations: float | None = None
    bars: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class TunedData:
    """What chose the setting of a cell that is no trial.

    Attributes:
        search: the hash of the search.
        method: how it proposed settings.
        trials: how many it tried for this task, model and length.
        number: the number of the chosen trial.
        keys: the keys of its cells, one for each seed of trials.
        validation_score: its mean score on validation data.
        outcomes: a hash of the keys and outcomes of all these trials.
        setting: what was chosen: parameter, as the search space names it -> value.
    """

    search: str
    method: str
    trials: int
    number: int
    keys: tuple[str, ...]
    validation_score: float
    outcomes: str
    setting: Mapping[str, Any] = field(default_factory=dict)
