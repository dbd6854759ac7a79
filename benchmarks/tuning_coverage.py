"""Measures, on simulated scores, how often intervals after tuning hold the true score of the chosen setting.

    python -m benchmarks.tuning_coverage [--runs 4000] [--trials 1,4,12,48] [--seeds 3,6,10] [--apart 0.25]

Settings have true scores, which are a normal sample with the standard deviation --apart; that over seeds is 1. A
trial sees them with that noise, once for each of its seeds; the best mean is chosen, here and not by the tuner.
The interval of its scores on fresh seeds is the one that seqbench reports; that of the scores by which it was
chosen is shown beside it, which nobody should report.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from seqbench.statistics import interval

APART = 0.25
"""Standard deviation of the true scores of settings; that over seeds is 1."""


@dataclass(frozen=True)
class Coverage:
    """What came of many searches.

    Attributes:
        fresh: share of intervals of scores on fresh seeds that hold the true score.
        chosen: the same of intervals of the validation scores by which the setting was chosen.
        bias: mean of those validation scores less the true score, in standard deviations over seeds.
    """

    fresh: float
    chosen: float
    bias: float


def coverage(trials: int, seeds: int, *, runs: int, apart: float = APART) -> Coverage:
    """Simulate searches whose trials have as many seeds as the cells that are run in the end."""
    random = np.random.default_rng([trials, seeds])
    hits, false_hits, bias = 0, 0, 0.0
    for _ in range(runs):
        true = random.normal(0.0, apart, trials)
        seen = true[:, None] + random.normal(size=(trials, seeds))
        best = int(seen.mean(axis=1).argmax())
        fresh = true[best] + random.normal(size=seeds)
        hits += _holds(fresh.tolist(), float(true[best]))
        false_hits += _holds(seen[best].tolist(), float(true[best]))
        bias += float(seen[best].mean() - true[best])
    return Coverage(hits / runs, false_hits / runs, bias / runs)


def _holds(scores: list[float], true: float) -> bool:
    ends = interval(scores)
    return ends is not None and ends.low <= true <= ends.high


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--trials", default="1,4,12,48")
    parser.add_argument("--seeds", default="3,6,10")
    parser.add_argument("--apart", type=float, default=APART)
    asked = parser.parse_args()
    print("trials  seeds  fresh seeds  validation scores of the choice  their bias")
    for trials in map(int, asked.trials.split(",")):
        for seeds in map(int, asked.seeds.split(",")):
            found = coverage(trials, seeds, runs=asked.runs, apart=asked.apart)
            print(
                f"{trials:6d}  {seeds:5d}  {found.fresh:11.3f}  {found.chosen:31.3f}  {found.bias:10.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
