"""Computes how far a rank correlation may move with other seeds of the same tasks.

A bootstrap draws the seeds of each task with replacement; all cells of a drawn seed come along, since a seed means
the same data to all models and lengths. A number that is made of all seeds of a task, such as a usable length, is
made anew in each resample. numpy is imported where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.statistics.intervals import Interval, t_quantile
from seqbench.statistics.usable import HOLDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRAWS = 300
"""Resamples: enough for a standard deviation, which is all that is taken from them."""

OPEN = 0.5
"""What is known to be at least so many steps ranks above what is exactly so many."""

_NOTHING = 1e-9
"""A mean square of ranks, as shares of their number, is larger than this where any two ranks differ."""

_MOST_UNKNOWN = 0.05
"""Share of resamples without a correlation from which on the others do not tell the spread."""

_CELLS_OF_A_SEED = 1.5
"""Cells that a seed must have in a stratum, in the mean: with one each, resamples hold copies of few cells."""


@dataclass(frozen=True)
class SeedDraws:
    """The seeds of each task, drawn again and again.

    Attributes:
        places: each task with each of its seeds.
        times: how often each place is drawn: [resample, place].
        fewest: the smallest number of seeds that a task has.
        freedom: degrees of freedom: the number of places less that of the tasks.
    """

    places: Mapping[tuple[Hashable, int], int]
    times: NDArray[np.float64]
    fewest: int
    freedom: int

    def of(self, task: Hashable, seeds: Sequence[int]) -> NDArray[np.float64]:
        """Return how often each seed of a task is drawn: [resample, seed]. One that no place has is there once."""
        import numpy as np

        found = np.ones((len(self.times), len(seeds)))
        for i, seed in enumerate(seeds):
            if (task, seed) in self.places:
                found[:, i] = self.times[:, self.places[task, seed]]
        return found


def draw_seeds(places: Sequence[tuple[Hashable, int]]) -> SeedDraws | None:
    """Draw the seeds of each task with replacement; None if a task has a single one.

    Args:
        places: task and seed of each cell, in any order and repeated.
    """
    import numpy as np

    seeds: dict[Hashable, list[int]] = {}
    for task, seed in dict.fromkeys(places):
        seeds.setdefault(task, []).append(seed)
    fewest = min((len(own) for own in seeds.values()), default=0)
    if fewest < 2:
        return None
    random = np.random.default_rng(0)
    times = [
        random.multinomial(len(own), [1 / len(own)] * len(own), size=DRAWS).astype(float) for own in seeds.values()
    ]
    order = [(task, seed) for task, own in seeds.items() for seed in own]
    return SeedDraws(
        {place: i for i, place in enumerate(order)},
        np.concatenate(times, axis=1),
        fewest,
        len(order) - len(seeds),
    )


def usable_again(
    skills: Mapping[int, Mapping[int, float | None]],
    diverged: Mapping[int, Sequence[int]],
    task: Hashable,
    draws: SeedDraws,
) -> NDArray[np.float64]:
    """Return the usable length in each resample, as a number to rank: [resample]; NaN if unknown; see `OPEN`.

    Args:
        skills: tested length -> seed -> skill; None if unknown.
        diverged: tested length -> the seeds whose training diverged there: drawn, they make the length unusable.
        task: whose seeds are drawn.
        draws: the resamples.
    """
    import numpy as np

    lengths = sorted(skills)
    reached, is_known = np.zeros(len(draws.times), dtype=int), np.ones(len(draws.times), dtype=bool)
    for i, length in enumerate(lengths):
        known = {seed: skill for seed, skill in skills[length].items() if skill is not None}
        times = draws.of(task, list(known))
        lost = draws.of(task, diverged.get(length, ())).sum(axis=1) > 0
        total, number = times @ np.array(list(known.values()), dtype=float), times.sum(axis=1)
        is_on_the_way = reached == i
        is_known &= ~is_on_the_way | lost | (number > 0)
        reached += is_on_the_way & ~lost & (number > 0) & (total >= HOLDS * number)
    steps = np.array([0.0, *lengths[:-1], lengths[-1] + OPEN])
    return np.where(is_known, steps[reached], np.nan)


def seed_interval(
    rho: float,
    values: tuple[NDArray[np.float64], NDArray[np.float64]],
    strata: Sequence[Hashable],
    places: Sequence[tuple[Hashable, int]],
    draws: SeedDraws,
) -> Interval | None:
    """Return rho +- t times the spread of the resamples, cut at -1 and 1; None if they do not tell the spread.

    Args:
        rho: the correlation of all cells.
        values: x, [1, cell], and y, [1, cell], or [resample, cell] where it is made anew; NaN if unknown.
        strata: ranks are taken within the stratum of each cell.
        places: task and seed of each cell.
        draws: the resamples.
    """
    import numpy as np

    if len(places) < _CELLS_OF_A_SEED * len({*zip(strata, places, strict=True)}):
        return None
    weights = draws.times[:, [draws.places[place] for place in places]]
    x, y = (_ranks(each, strata, weights) for each in values)
    xy, xx, yy = ((weights * a * b).sum(axis=1) / weights.sum(axis=1) for a, b in ((x, y), (x, x), (y, y)))
    is_known = (xx > _NOTHING) & (yy > _NOTHING) & ~np.isnan(values[1]).any(axis=1)
    if is_known.mean() < 1 - _MOST_UNKNOWN:
        return None
    found = xy[is_known] / (xx * yy)[is_known] ** 0.5
    # A resample of s values has a variance that is too small by (s - 1) / s (Hesterberg 2015, section 4.2).
    spread = float(found.std(ddof=1)) * math.sqrt(draws.fewest / (draws.fewest - 1))
    if spread < _NOTHING:
        return None
    half = t_quantile(draws.freedom + 1) * spread
    return Interval(max(-1.0, rho - half), min(1.0, rho + half), "bootstrap")


def _ranks(
    values: NDArray[np.float64], strata: Sequence[Hashable], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return ranks within strata, as shares from the middle: [resample, cell]; equal values share a mean rank."""
    import numpy as np

    members: dict[Hashable, list[int]] = {}
    for i, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(i)
    ranks = np.zeros_like(weights)
    for own in members.values():
        distinct, place = np.unique(values[:, own], return_inverse=True)
        place = place.reshape(len(values), len(own)) + len(distinct) * np.arange(len(weights))[:, None]
        counts = np.bincount(place.ravel(), weights[:, own].ravel(), minlength=len(weights) * len(distinct))
        counts = counts.reshape(len(weights), len(distinct))
        below = (counts.cumsum(axis=1) - counts / 2).ravel()[place]
        ranks[:, own] = below / np.maximum(counts.sum(axis=1, keepdims=True), 1) - 0.5
    return ranks
