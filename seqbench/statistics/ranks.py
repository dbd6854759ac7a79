"""Ranks the models over all tasks and lengths."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping
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
    places = sorted({place for found in outcomes.values() for place in found})
    missing = {model: sum(place not in found for place in places) for model, found in outcomes.items()}
    complete = {model: found for model, found in outcomes.items() if not missing[model] and places}
    if len(complete) < 2:
        # Being first of one means nothing.
        complete = {}
    by_task = _ranks_by_task(complete, places)
    ranked = [_mean_rank(model, by_task[model], len(complete)) for model in complete]
    unranked = [MeanRank(model, None, None, 0, missing[model]) for model in outcomes if model not in complete]
    return [*sorted(ranked, key=lambda each: each.rank or 0.0), *unranked]


def _ranks_by_task(outcomes: Outcomes, places: Collection[Place]) -> Mapping[str, list[float]]:
    """Return model -> mean rank on each task."""
    found: dict[str, dict[str, list[float]]] = {model: {} for model in outcomes}
    for place in places:
        ranks = twice_ranks([-outcomes[model][place] for model in outcomes])
        for model, twice in zip(outcomes, ranks, strict=True):
            found[model].setdefault(place[0], []).append(twice / 2)
    return {model: [statistics.fmean(ranks) for ranks in tasks.values()] for model, tasks in found.items()}


def _mean_rank(model: str, by_task: list[float], models: int) -> MeanRank:
    found = interval(by_task, least=1, most=models)
    return MeanRank(model, statistics.fmean(by_task), found, len(by_task), 0)
