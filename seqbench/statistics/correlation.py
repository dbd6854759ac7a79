"""Computes Spearman's correlation of two numbers of cells, with an interval over tasks.

Cells of one task are alike, so whole tasks are resampled (cluster bootstrap: Davison and Hinkley 1997, Bootstrap
Methods and their Application, section 3.8). numpy is imported where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.statistics.intervals import RESAMPLES, Interval, expanded_tail

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_CLUSTERS = 6
"""With fewer tasks, resampling them covers too little; see the measurements in docs/reports.md."""

_BLOCK = 1_000_000


@dataclass(frozen=True)
class Pair:
    """Two numbers of one cell.

    Attributes:
        cluster: its task; tasks are resampled.
        stratum: cells are compared within it alone, where that is asked for; it lies within one cluster.
        x, y: the numbers; only their order counts.
    """

    cluster: Hashable
    stratum: Hashable
    x: float
    y: float


@dataclass(frozen=True)
class Correlation:
    """Spearman's correlation.

    Attributes:
        rho: between -1 and 1; None if all x or all y are equal, or there are fewer than three pairs.
        interval: over tasks, at 95%; None for fewer than six tasks.
        n, clusters: how many pairs and tasks.
    """

    rho: float | None
    interval: Interval | None
    n: int
    clusters: int


def spearman(pairs: Sequence[Pair]) -> Correlation:
    """Return the correlation of the ranks of all pairs; equal values share their mean rank (Spearman 1904).

    >>> spearman([Pair("copy", 16, x, y) for x, y in ((1, 2), (2, 5), (3, 4), (4, 9))]).rho
    0.8
    """

    def ranked(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return _midranks(values, weights)

    return _correlation(pairs, ranked)


def spearman_within(pairs: Sequence[Pair]) -> Correlation:
    """Return the correlation of ranks that are taken within each stratum, as shares of its size, from its middle.

    What differs between strata, such as the length, has no part in it.

    >>> found = [Pair("copy", t, x + 100 * t, y - 100 * t) for t in (1, 2) for x, y in ((1, 1), (2, 2), (3, 3))]
    >>> round(spearman(found).rho, 2), spearman_within(found).rho
    (-0.54, 1.0)
    """
    import numpy as np

    strata: dict[Hashable, list[int]] = {}
    for i, pair in enumerate(pairs):
        strata.setdefault(pair.stratum, []).append(i)

    def ranked(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.zeros(len(values))
        for places in strata.values():
            one = _midranks(values[places], np.ones((1, len(places))))[0]
            found[places] = (one - one.mean()) / len(places)
        # A stratum is drawn with its whole task, so its ranks stay.
        return found[None, :]

    return _correlation(pairs, ranked)


def _correlation(
    pairs: Sequence[Pair],
    ranked: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
) -> Correlation:
    import numpy as np

    clusters = {cluster: i for i, cluster in enumerate(dict.fromkeys(pair.cluster for pair in pairs))}
    if len(pairs) < 3:
        return Correlation(None, None, len(pairs), len(clusters))
    own = np.array([clusters[pair.cluster] for pair in pairs])
    x, y = np.array([pair.x for pair in pairs], dtype=float), np.array([pair.y for pair in pairs], dtype=float)

    def rho(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return _pearson(ranked(x, weights), ranked(y, weights), weights)

    seen = float(rho(np.ones((1, len(pairs))))[0])
    if not math.isfinite(seen):
        return Correlation(None, None, len(pairs), len(clusters))
    ends = None
    if len(clusters) >= LEAST_CLUSTERS:
        drawn = np.concatenate([rho(weights) for weights in _resampled(own, len(clusters))])
        tail = expanded_tail(len(clusters), len(clusters))
        low, high = np.quantile(drawn[np.isfinite(drawn)], [tail, 1 - tail])
        ends = Interval(float(min(low, seen)), float(max(high, seen)), "bootstrap")
    return Correlation(round(seen, 12), ends, len(pairs), len(clusters))


def _resampled(own: NDArray[np.int64], clusters: int) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of how often each pair is drawn: [resample, pair]."""
    import numpy as np

    drawn = np.random.default_rng(0).integers(clusters, size=(RESAMPLES, clusters))
    times = np.stack([(drawn == i).sum(axis=1) for i in range(clusters)], axis=1).astype(float)
    step = max(1, _BLOCK // len(own))
    for start in range(0, RESAMPLES, step):
        yield times[start : start + step][:, own]


def _midranks(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean rank of each value among values that count ``weights`` times: [resample, value]."""
    import numpy as np

    order = np.argsort(values, kind="stable")
    ordered = values[order]
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    mass = np.add.reduceat(weights[:, order], np.flatnonzero(is_first), axis=1)
    group = np.empty(len(values), dtype=np.int64)
    group[order] = np.cumsum(is_first) - 1
    ranks: NDArray[np.float64] = (np.cumsum(mass, axis=1) - mass / 2)[:, group]
    return ranks


def _pearson(x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted correlation of each row; NaN where x or y does not vary."""
    import numpy as np

    whole = weights.sum(axis=1, keepdims=True)
    x = x - (weights * x).sum(axis=1, keepdims=True) / whole
    y = y - (weights * y).sum(axis=1, keepdims=True) / whole
    both, of_x, of_y = ((weights * a * b).sum(axis=1) for a, b in ((x, y), (x, x), (y, y)))
    # Equal values leave a spread of rounding errors, far below that of any two ranks.
    varies = (of_x > 1e-12 * whole[:, 0]) & (of_y > 1e-12 * whole[:, 0])
    found: NDArray[np.float64] = np.divide(
        both, np.sqrt(of_x * of_y), out=np.full(len(both), math.nan), where=varies
    )
    return found
