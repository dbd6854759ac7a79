"""Computes Spearman's correlation of two numbers of cells, with an interval over tasks and one over seeds.

Cells of one task are alike, so whole tasks are resampled (cluster bootstrap: Davison and Hinkley 1997, Bootstrap
Methods and their Application, section 3.8). numpy is imported where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seqbench.statistics.intervals import RESAMPLES, Interval, expanded_tail
from seqbench.statistics.seed_intervals import SeedDraws, draw_seeds, seed_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Again = Callable[[SeedDraws], "NDArray[np.float64]"]
"""Makes a number of all pairs anew in each resample of seeds: [resample, pair]."""

LEAST_CLUSTERS = 6
"""With fewer tasks, resampling them covers too little; see the measurements in docs/reports.md."""


FEWEST = 3
"""With fewer pairs nothing is told."""

_NOTHING = 1e-6
"""Sums of squares of ranks are rounded to less, and are larger than this where any two ranks differ."""


@dataclass(frozen=True)
class Pair:
    """Two numbers of one cell.

    Attributes:
        cluster: its task; tasks are resampled.
        stratum: cells are compared within it alone, where that is asked for; it lies within one cluster.
        x, y: the numbers; only their order counts.
        seed: its seed.
    """

    cluster: Hashable
    stratum: Hashable
    x: float
    y: float
    seed: int = 0


@dataclass(frozen=True)
class Correlation:
    """Spearman's correlation.

    Attributes:
        rho: between -1 and 1; None if all x or all y are equal, or there are fewer than three pairs.
        interval: over tasks, at 95%; None for fewer than six tasks.
        n, clusters: how many pairs and tasks.
        over_seeds: on these tasks, with other seeds, at 95%; None if a task has a single seed, or seeds have too
            few cells to tell.
    """

    rho: float | None
    interval: Interval | None
    n: int
    clusters: int
    over_seeds: Interval | None = None


def spearman(pairs: Sequence[Pair], again: Again | None = None) -> Correlation:
    """Return the correlation of the ranks of all pairs; equal values share their mean rank (Spearman 1904).

    Args:
        pairs: of all cells.
        again: makes y of all pairs in each resample of seeds, [resample, pair], where it is made of several seeds.

    >>> spearman([Pair("copy", 16, x, y) for x, y in ((1, 2), (2, 5), (3, 4), (4, 9))]).rho
    0.8
    """
    import numpy as np

    own, clusters = _clusters(pairs)
    if len(pairs) < FEWEST:
        return Correlation(None, None, len(pairs), clusters)
    x, y = (_below(values, own, clusters) for values in _values(pairs))
    xy, xx, yy = (_products(a, b, own, clusters) for a, b in ((x, y), (x, x), (y, y)))
    sizes = np.bincount(own, minlength=clusters)

    def rho(times: NDArray[np.float64]) -> NDArray[np.float64]:
        # A rank in a resample is sum_a w_a below_a; ranks of N values, less a half, have the mean N / 2.
        n = times @ sizes
        of = (np.einsum("rc,ra,rb,cab->r", times, times, times, g, optimize=True) - n**3 / 4 for g in (xy, xx, yy))
        return _ratio(*of)

    return _over_seeds(_correlation(rho, len(pairs), clusters), pairs, [0] * len(pairs), again)


def spearman_within(pairs: Sequence[Pair], again: Again | None = None) -> Correlation:
    """Return the correlation of ranks that are taken within each stratum, as shares of its size, from its middle.

    What differs between strata, such as the length, has no part in it. Arguments are those of `spearman`.

    >>> found = [Pair("copy", t, x + 100 * t, y - 100 * t) for t in (1, 2) for x, y in ((1, 1), (2, 2), (3, 3))]
    >>> round(spearman(found).rho, 2), spearman_within(found).rho
    (-0.54, 1.0)
    """
    import numpy as np

    own, clusters = _clusters(pairs)
    if len(pairs) < FEWEST:
        return Correlation(None, None, len(pairs), clusters)
    strata: dict[Hashable, list[int]] = {}
    for i, pair in enumerate(pairs):
        strata.setdefault(pair.stratum, []).append(i)
    x, y = (_within(values, list(strata.values())) for values in _values(pairs))
    # A stratum is drawn with its whole task, so its ranks stay.
    xy, xx, yy = (np.bincount(own, a * b, minlength=clusters) for a, b in ((x, y), (x, x), (y, y)))
    found = _correlation(lambda times: _ratio(times @ xy, times @ xx, times @ yy), len(pairs), clusters)
    return _over_seeds(found, pairs, [pair.stratum for pair in pairs], again)


def _correlation(rho: Callable[[NDArray[np.float64]], NDArray[np.float64]], n: int, clusters: int) -> Correlation:
    """Return the correlation; ``rho`` returns those of resamples from how often each draws a task."""
    import numpy as np

    seen = float(rho(np.ones((1, clusters)))[0])
    if not math.isfinite(seen):
        return Correlation(None, None, n, clusters)
    if clusters < LEAST_CLUSTERS:
        return Correlation(round(seen, 12), None, n, clusters)
    drawn = np.random.default_rng(0).integers(clusters, size=(RESAMPLES, clusters))
    times = np.stack([(drawn == i).sum(axis=1) for i in range(clusters)], axis=1).astype(float)
    found = rho(times)
    tail = expanded_tail(clusters, clusters)
    low, high = np.quantile(found[np.isfinite(found)], [tail, 1 - tail])
    ends = Interval(max(-1.0, min(float(low), seen)), min(1.0, max(float(high), seen)), "bootstrap")
    return Correlation(round(seen, 12), ends, n, clusters)


def _over_seeds(
    found: Correlation, pairs: Sequence[Pair], strata: Sequence[Hashable], again: Again | None
) -> Correlation:
    places = [(pair.cluster, pair.seed) for pair in pairs]
    draws = draw_seeds(places)
    if found.rho is None or draws is None:
        return found
    x, y = _values(pairs)
    ys = again(draws) if again else y[None]
    return replace(found, over_seeds=seed_interval(found.rho, (x[None], ys), strata, places, draws))


def _clusters(pairs: Sequence[Pair]) -> tuple[NDArray[np.int64], int]:
    """Return the number of the cluster of each pair, and how many there are."""
    import numpy as np

    numbers = {cluster: i for i, cluster in enumerate(dict.fromkeys(pair.cluster for pair in pairs))}
    return np.array([numbers[pair.cluster] for pair in pairs], dtype=np.int64), len(numbers)


def _values(pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np

    return np.array([pair.x for pair in pairs], dtype=float), np.array([pair.y for pair in pairs], dtype=float)


def _below(values: NDArray[np.float64], own: NDArray[np.int64], clusters: int) -> NDArray[np.float64]:
    """Return how many values of each cluster lie below each value, equal ones counted half: [cluster, pair]."""
    import numpy as np

    found = np.empty((clusters, len(values)))
    for cluster in range(clusters):
        among = np.sort(values[own == cluster])
        found[cluster] = (np.searchsorted(among, values, "left") + np.searchsorted(among, values, "right")) / 2
    return found


def _products(
    x: NDArray[np.float64], y: NDArray[np.float64], own: NDArray[np.int64], clusters: int
) -> NDArray[np.float64]:
    """Return sum over the pairs i of cluster c of x_ai y_bi: [c, a, b]."""
    import numpy as np

    return np.stack([x[:, own == cluster] @ y[:, own == cluster].T for cluster in range(clusters)])


def _within(values: NDArray[np.float64], strata: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Return the rank of each value in its stratum, from the stratum's mean rank, as a share of its size."""
    import numpy as np

    found = np.zeros(len(values))
    for places in strata:
        alone = np.zeros(len(places), dtype=np.int64)
        found[places] = _below(values[places], alone, 1)[0] / len(places) - 0.5
    return found


def _ratio(xy: NDArray[np.float64], xx: NDArray[np.float64], yy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return xy / sqrt(xx yy); NaN where x or y does not vary, but for rounding."""
    import numpy as np

    varies = (xx > _NOTHING) & (yy > _NOTHING)
    found: NDArray[np.float64] = np.divide(
        xy, np.sqrt(np.abs(xx * yy)), out=np.full(len(xy), math.nan), where=varies
    )
    return found
