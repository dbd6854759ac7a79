"""Measures intervals of a tuned setting where a network learns its task or learns nothing.

    python -m benchmarks.learned_coverage [--runs 4000] [--trials 1,5,12] [--seeds 3,6,10]

A network has skill 1 or 0, with noise of 0.02. A setting has a chance of learning, all being equally likely; a
search chooses by one network for each trial. Then the setting is run on fresh seeds.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqbench.report.tables.usable_networks import learned
from seqbench.statistics import HOLDS, interval, share_interval

_NOISE = 0.02
"""Standard deviation over seeds of the skill of networks that all learned, or all did not."""
Skills = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Coverage:
    """What came of many searches.

    Attributes:
        mean_skill: share of intervals of mean skill that hold the true one.
        divided: the same of seeds that are divided, as some learned and others did not; NaN without any.
        usable: share of intervals of the share of usable networks that hold it.
    """

    mean_skill: float
    divided: float
    usable: float


def coverage(trials: int, seeds: int, *, runs: int) -> Coverage:
    """Simulate searches of so many trials, whose choice is run with so many seeds."""
    random = np.random.default_rng([trials, seeds, 1])
    found = []
    for _ in range(runs):
        chances = random.uniform(size=trials)
        chance = float(chances[_skills(random, chances).argmax()])
        fresh = _skills(random, np.full(seeds, chance)).tolist()
        ends = interval(fresh)
        low, high = share_interval(sum(skill >= HOLDS for skill in fresh), seeds)
        is_held = ends is not None and ends.low <= chance <= ends.high
        found.append((is_held, learned(fresh) is not None, low <= chance <= high))
    hits, divided, shares = np.array(found).T
    return Coverage(
        float(hits.mean()), float(hits[divided].mean()) if divided.any() else math.nan, float(shares.mean())
    )


def _skills(random: np.random.Generator, chances: Skills) -> Skills:
    return (random.uniform(size=len(chances)) < chances) + random.normal(0.0, _NOISE, len(chances))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--trials", default="1,5,12")
    parser.add_argument("--seeds", default="3,6,10")
    asked = parser.parse_args()
    print("trials  seeds  mean skill  of divided seeds  share of usable networks")
    for trials in map(int, asked.trials.split(",")):
        for seeds in map(int, asked.seeds.split(",")):
            found = coverage(trials, seeds, runs=asked.runs)
            print(
                f"{trials:6d}  {seeds:5d}  {found.mean_skill:10.3f}  {found.divided:16.3f}  {found.usable:24.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
