"""Computes how far a mean rank may move with other tasks and other seeds.

A bootstrap draws tasks with replacement, and for each drawn task its seeds; the lengths stay as they are. All
models are ranked on the same draws, since a seed means the same data to all of them. numpy is imported where it is
used.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.statistics.intervals import RESAMPLES, Interval, expanded_tail, t_quantile
from seqbench.statistics.pairs import Outcomes
from seqbench.statistics.ranks import place_ranks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_TASKS = 6
"""With fewer tasks, resampling them covers too little; see the measurements in docs/reports.md."""


@dataclass(frozen=True)
class RankIntervals:
    """Where the mean rank of a model lies with 95%, by what is drawn again.

    Attributes:
        over_both: on other tasks of this kind, with other seeds; None for fewer than six tasks.
        over_seeds: on these tasks, with other seeds: Student's t; None if a task has a single seed.
    """

    over_both: Interval | None
    over_seeds: Interval | None


def rank_intervals(outcomes: Outcomes) -> dict[str, RankIntervals]:
    """Return the intervals of every model that `mean_ranks` ranks.

    >>> skills = {"gru": [0.9, 0.8, 0.9], "rnn": [0.5, 0.4, 0.95]}
    >>> found = rank_intervals({model: {("copy", 16, s): v[s] for s in range(3)} for model, v in skills.items()})
    >>> found["gru"].over_both, found["gru"].over_seeds.low
    (None, 1.0)
    """
    tasks = _by_task(outcomes)
    if not tasks:
        return {}
    models = list(next(iter(place_ranks(outcomes).values())))
    both = _over_both(tasks)
    seeds = _over_seeds(tasks)
    return {
        model: RankIntervals(both[i] if both else None, seeds[i] if seeds else None)
        for i, model in enumerate(models)
    }


def _by_task(outcomes: Outcomes) -> list[NDArray[np.float64]]:
    """Return the ranks on each task: [seed, model], means over the lengths of a seed."""
    import numpy as np

    found: dict[str, dict[int, list[list[float]]]] = {}
    for (task, _, seed), ranks in place_ranks(outcomes).items():
        found.setdefault(task, {}).setdefault(seed, []).append(list(ranks.values()))
    return [
        np.array([[statistics.fmean(column) for column in zip(*rows, strict=True)] for rows in seeds.values()])
        for seeds in found.values()
    ]


def _over_both(tasks: Sequence[NDArray[np.float64]]) -> list[Interval] | None:
    import numpy as np

    if len(tasks) < LEAST_TASKS:
        return None
    random = np.random.default_rng(0)
    drawn = random.integers(len(tasks), size=(RESAMPLES, len(tasks)))
    return _intervals(_means(tasks, drawn, random), expanded_tail(len(tasks), len(tasks)))


def _over_seeds(tasks: Sequence[NDArray[np.float64]]) -> list[Interval] | None:
    """Return mean +- t sqrt(sum_t v_t / s_t) / N: v_t is the variance over the s_t seeds of one of N tasks."""
    import numpy as np

    if min(len(ranks) for ranks in tasks) < 2:
        return None
    means = np.mean([ranks.mean(axis=0) for ranks in tasks], axis=0)
    squares = sum(ranks.var(axis=0, ddof=1) / len(ranks) for ranks in tasks)
    half = t_quantile(1 + sum(len(ranks) - 1 for ranks in tasks)) * np.sqrt(squares) / len(tasks)
    models = tasks[0].shape[1]
    ends = (np.clip(means - half, 1, models), np.clip(means + half, 1, models))
    return [Interval(float(low), float(high), "t") for low, high in zip(*ends, strict=True)]


def _means(
    tasks: Sequence[NDArray[np.float64]], drawn: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.float64]:
    """Return the mean ranks of each resample: [resample, model]. ``drawn`` are tasks: [resample, task]."""
    import numpy as np

    found = np.zeros((*drawn.shape, tasks[0].shape[1]))
    for number, ranks in enumerate(tasks):
        here = drawn == number
        seeds = random.integers(len(ranks), size=(int(here.sum()), len(ranks)))
        found[here] = ranks[seeds].mean(axis=1)
    means: NDArray[np.float64] = found.mean(axis=1)
    return means


def _intervals(means: NDArray[np.float64], tail: float) -> list[Interval]:
    import numpy as np

    ends = np.quantile(means, [tail, 1 - tail], axis=0)
    return [Interval(float(low), float(high), "bootstrap") for low, high in ends.T]
