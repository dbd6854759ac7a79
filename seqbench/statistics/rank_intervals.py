"""Computes how far a mean rank may move with other tasks and other seeds, by a bootstrap of both.

Tasks are drawn with replacement, and for each drawn task its seeds; the lengths stay as they are. All models are
ranked on the same draws, since a seed means the same data to all of them. numpy is imported where it is used.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.statistics.intervals import RESAMPLES, Interval, expanded_tail
from seqbench.statistics.pairs import Outcomes
from seqbench.statistics.ranks import place_ranks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_TASKS = 5
"""With fewer tasks, resampling them covers too little; see the measurements in docs/reports.md."""


@dataclass(frozen=True)
class RankIntervals:
    """Where the mean rank of a model lies with 95%, by what is drawn again.

    Attributes:
        over_both: tasks and seeds are drawn again: other tasks of this kind; None for fewer than five tasks.
        over_seeds: seeds alone are drawn again: these tasks, other seeds; None if a task has a single seed.
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
    return {model: RankIntervals(both and both[i], seeds and seeds[i]) for i, model in enumerate(models)}


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
    import numpy as np

    seeds = min(len(ranks) for ranks in tasks)
    if seeds < 2:
        return None
    drawn = np.tile(np.arange(len(tasks)), (RESAMPLES, 1))
    freedom = sum(len(ranks) - 1 for ranks in tasks)
    return _intervals(_means(tasks, drawn, np.random.default_rng(0)), expanded_tail(seeds, freedom + 1))


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
