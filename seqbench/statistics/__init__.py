"""Computes statistics over seeds: means with intervals, pairs of models, ranks and usable lengths.

Numbers in, numbers out; nothing is imputed. Imports nothing of seqbench.
"""

from __future__ import annotations

from seqbench.statistics.intervals import LEVEL, Interval, SeedSummary, interval, mean, summary
from seqbench.statistics.pairs import LAST, LEAST_PAIRS, Comparison, Outcomes, Place, compare, holm, signed_rank_p
from seqbench.statistics.ranks import MeanRank, mean_ranks
from seqbench.statistics.usable import HOLDS, Ranges, Reach, UsableLength, usable_length

__all__ = [
    "HOLDS",
    "LAST",
    "LEAST_PAIRS",
    "LEVEL",
    "Comparison",
    "Interval",
    "MeanRank",
    "Outcomes",
    "Place",
    "Ranges",
    "Reach",
    "SeedSummary",
    "UsableLength",
    "compare",
    "holm",
    "interval",
    "mean",
    "mean_ranks",
    "signed_rank_p",
    "summary",
    "usable_length",
]
