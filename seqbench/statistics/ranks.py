"""Ranks the models over all tasks and lengths."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from seqbench.statistics.intervals import Interval, interval
from seqbench.statistics.pairs import Outcomes, Place, twice_ranks


@dataclass(frozen=True)
class MeanRank:
    """The rank of one model: 1 is the best; equal models share their mean rank.

    Attributes:
        model: its name.
        rank: mean over tasks of the mean over their lengths and seeds; None for a model that has not run at every
            place, since nothing is imputed, and for a single model.
        interval: of the mean over tasks; None for a single task.
        tasks: number of tasks.
        missing: number of places where other models have an outcome and this one has none.
    """

    model: str
    rank: float | None
    interval: Interval | None
    tasks: int
    missing: int


def mean_ranks(outcomes: Outcomes) -> list[MeanRank]:
    """Rank the models that have an outcome at every place, best first; the others follow without a rank.

    >>> found = mean_ranks({"gru": {("copy", 16, 0): 0.9}, "lstm": {("copy", 16, 0): 0.9}, "rnn": {}})
    >>> [(each.model, each.rank, each.missing) for each in found]
    [('gru', 1.5, 0), ('lstm', 1.5, 0), ('rnn', None, 1)]
    """
    places = _places(outcomes)
    missing = {model: sum(place not in found for place in places) for model, found in outcomes.items()}
    by_task = task_ranks(outcomes)
    ranked = [_mean_rank(model, list(tasks.values()), len(by_task)) for model, tasks in by_task.items()]
    unranked = [MeanRank(model, None, None, 0, missing[model]) for model in outcomes if model not in by_task]
    return [*sorted(ranked, key=lambda each: each.rank or 0.0), *unranked]


def task_ranks(outcomes: Outcomes) -> dict[str, dict[str, float]]:
    """Return model -> task -> its mean rank there, over lengths and seeds; of models that were run everywhere."""
    found: dict[str, dict[str, list[float]]] = {}
    for (task, _, _), ranks in place_ranks(outcomes).items():
        for model, rank in ranks.items():
            found.setdefault(model, {}).setdefault(task, []).append(rank)
    return {
        model: {task: statistics.fmean(ranks) for task, ranks in tasks.items()} for model, tasks in found.items()
    }


def place_ranks(outcomes: Outcomes) -> dict[Place, dict[str, float]]:
    """Return place -> model -> rank, for the models that have an outcome at every place.

    Being first of one means nothing: fewer than two such models give nothing.
    """
    places = _places(outcomes)
    complete = [model for model, found in outcomes.items() if all(place in found for place in places)]
    if len(complete) < 2:
        return {}
    return {
        place: dict(zip(complete, _ranks([outcomes[model][place] for model in complete]), strict=True))
        for place in places
    }


def _places(outcomes: Outcomes) -> list[Place]:
    return sorted({place for found in outcomes.values() for place in found})


def _ranks(values: Sequence[float]) -> list[float]:
    return [twice / 2 for twice in twice_ranks([-value for value in values])]


def _mean_rank(model: str, by_task: list[float], models: int) -> MeanRank:
    found = interval(by_task, least=1, most=models)
    return MeanRank(model, statistics.fmean(by_task), found, len(by_task), 0)
