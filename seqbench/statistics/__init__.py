"""Computes statistics over seeds, tasks and trials: intervals, ranks, usable lengths, correlations, windows.

Numbers in, numbers out; nothing is imputed. Imports nothing of seqbench.
"""

from __future__ import annotations

from seqbench.statistics.best_of import best_so_far, expected_best
from seqbench.statistics.components import Components, TaskShares, components, mean_shares, shares_by_task
from seqbench.statistics.correlation import FEWEST, LEAST_CLUSTERS, Correlation, Pair, spearman, spearman_within
from seqbench.statistics.critical import RankTest, rank_test, ranks_once, why_untested
from seqbench.statistics.example_intervals import example_interval
from seqbench.statistics.intervals import LEVEL, Interval, SeedSummary, interval, mean, summary
from seqbench.statistics.pairs import LAST, LEAST_PAIRS, Comparison, Outcomes, Place, compare, holm, signed_rank_p
from seqbench.statistics.rank_intervals import RankIntervals, rank_intervals
from seqbench.statistics.ranks import MeanRank, mean_ranks
from seqbench.statistics.seed_intervals import OPEN, SeedDraws, usable_again
from seqbench.statistics.share import share_interval
from seqbench.statistics.usable import HOLDS, Ranges, Reach, UsableLength, usable_length
from seqbench.statistics.windows import CLOSE, LearnedLevel, Window, learned_level, window

__all__ = [
    "CLOSE",
    "FEWEST",
    "HOLDS",
    "LAST",
    "LEAST_CLUSTERS",
    "LEAST_PAIRS",
    "LEVEL",
    "OPEN",
    "Comparison",
    "Components",
    "Correlation",
    "Interval",
    "LearnedLevel",
    "MeanRank",
    "Outcomes",
    "Pair",
    "Place",
    "Ranges",
    "RankIntervals",
    "RankTest",
    "Reach",
    "SeedDraws",
    "SeedSummary",
    "TaskShares",
    "UsableLength",
    "Window",
    "best_so_far",
    "compare",
    "components",
    "example_interval",
    "expected_best",
    "holm",
    "interval",
    "learned_level",
    "mean",
    "mean_ranks",
    "mean_shares",
    "rank_intervals",
    "rank_test",
    "ranks_once",
    "share_interval",
    "shares_by_task",
    "signed_rank_p",
    "spearman",
    "spearman_within",
    "summary",
    "usable_again",
    "usable_length",
    "why_untested",
    "window",
]
