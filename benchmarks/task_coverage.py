"""Measures, on simulated tasks, how often intervals over tasks hold the truth, and how often equal models differ.

    python -m benchmarks.task_coverage [--runs 1000]

Prints the shares that docs/reports.md has: of intervals of mean ranks over tasks and seeds and over seeds alone,
of intervals of correlations over tasks, and of critical differences that tell equal models apart.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seqbench.statistics import Outcomes, Pair, mean_ranks, rank_intervals, rank_test, spearman, spearman_within
from seqbench.statistics.critical import critical_difference

MODELS = 3
_LEVELS = np.linspace(0.0, 0.8, MODELS)
_OF_TASK, _OF_SEED = 0.6, 0.5
"""Standard deviation of a model's skill over tasks, and over seeds of a task."""


def skills(
    tasks: int, seeds: int, random: np.random.Generator, *, levels: NDArray[np.float64] | None = None
) -> Outcomes:
    """Return skills of three models whose levels differ by task; ``levels``: [task, model], drawn if not given."""
    means = random.normal(_LEVELS, _OF_TASK, (tasks, MODELS)) if levels is None else levels
    drawn = means[:, None, :] + random.normal(0.0, _OF_SEED, (tasks, seeds, MODELS))
    return {
        f"m{m}": {(f"t{t}", 16, s): float(drawn[t, s, m]) for t in range(tasks) for s in range(seeds)}
        for m in range(MODELS)
    }


def rank_coverage(tasks: int, seeds: int, *, runs: int) -> float:
    """Return the share of intervals over tasks and seeds that hold the mean rank over tasks without number."""
    true = _ranks(skills(20_000, 1, np.random.default_rng(99)))
    drawn = (skills(tasks, seeds, np.random.default_rng(run)) for run in range(runs))
    return _held(true, drawn, "over_both")


def seed_coverage(tasks: int, seeds: int, *, runs: int) -> float:
    """Return the share of intervals over seeds that hold the mean rank of these tasks over endless seeds."""
    levels = np.random.default_rng(98).normal(_LEVELS, _OF_TASK, (tasks, MODELS))
    true = _ranks(skills(tasks, 4000, np.random.default_rng(99), levels=levels))
    drawn = (skills(tasks, seeds, np.random.default_rng(run), levels=levels) for run in range(runs))
    return _held(true, drawn, "over_seeds")


def _ranks(outcomes: Outcomes) -> dict[str, float]:
    return {each.model: each.rank for each in mean_ranks(outcomes) if each.rank is not None}


def _held(true: Mapping[str, float], drawn: Iterable[Outcomes], name: str) -> float:
    held = [
        ends.low <= true[model] <= ends.high
        for outcomes in drawn
        for model, own in rank_intervals(outcomes).items()
        if (ends := getattr(own, name)) is not None
    ]
    return sum(held) / len(held) if held else float("nan")


def cells(tasks: int, random: np.random.Generator) -> list[Pair]:
    """Return cells of tasks that differ in level, and in how far the horizon tells the skill."""
    found = []
    for task in range(tasks):
        slope, level = random.normal(0.7, 0.5), random.normal(0.0, 0.5)
        for length in range(3):
            x = random.normal(size=4)
            y = slope * x + level + random.normal(size=4)
            found += [Pair(task, (task, length), *map(float, both)) for both in zip(x, y, strict=True)]
    return found


def correlation_coverage(tasks: int, *, runs: int, is_within: bool) -> float:
    """Return the share of intervals that hold the correlation of tasks without number."""
    correlation = spearman_within if is_within else spearman
    # As one cluster, whose tasks are not drawn again.
    many = correlation([replace(pair, cluster=0) for pair in cells(10_000, np.random.default_rng(99))])
    true = many.rho or 0.0
    ends = [correlation(cells(tasks, np.random.default_rng(run))).interval for run in range(runs)]
    held = [each.low <= true <= each.high for each in ends if each is not None]
    return sum(held) / len(held) if held else float("nan")


def false_differences(models: int, tasks: int, *, runs: int) -> float:
    """Return the share of runs in which a critical difference tells any two of equal models apart."""
    random = np.random.default_rng([models, tasks])
    found = 0
    for _ in range(runs):
        ranks = random.random((tasks, models)).argsort(axis=1) + 1.0
        # Permutations take time, and matter to the few tables alone where two models lie that far apart.
        if np.ptp(ranks.mean(axis=0)) >= critical_difference(models, tasks):
            found += rank_test({str(m): ranks[:, m].tolist() for m in range(models)}).p <= 0.05
    return found / runs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args().runs
    print("mean ranks: tasks  seeds  over tasks and seeds  over seeds")
    for tasks, seeds in ((6, 1), (6, 3), (8, 1), (8, 3), (8, 6), (15, 6), (30, 3)):
        both, alone = rank_coverage(tasks, seeds, runs=runs), seed_coverage(tasks, seeds, runs=runs)
        print(f"{tasks:17d}  {seeds:5d}  {both:20.3f}  {alone:10.3f}", flush=True)
    print("correlations: tasks  all cells  within task and length")
    for tasks in (6, 8, 12, 20):
        whole, within = (correlation_coverage(tasks, runs=runs, is_within=each) for each in (False, True))
        print(f"{tasks:19d}  {whole:9.3f}  {within:22.3f}", flush=True)
    print("equal models told apart: models  tasks  share")
    for models in (3, 5, 8):
        for tasks in (4, 6, 12, 20):
            print(f"{models:31d}  {tasks:5d}  {false_differences(models, tasks, runs=runs):5.3f}", flush=True)


if __name__ == "__main__":
    main()
