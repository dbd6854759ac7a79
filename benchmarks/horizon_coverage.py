"""Measures, on simulated cells, how often the interval over seeds of a correlation holds the truth.

    python -m benchmarks.horizon_coverage [--runs 400] [--models 3]

Prints the shares that docs/reports.md has. The truth is the correlation on the same tasks with seeds without
number: of the horizon with the skill of a cell, and with the usable length of its model.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from seqbench.statistics import Correlation, Pair, SeedDraws, spearman, spearman_within, usable_again

LENGTHS = (16, 64, 256, 1024)
WORLDS = 10
"""Sets of tasks, each with a truth of its own."""

MANY = 600
"""Seeds of the truth."""

_OF_SEED, _OF_CELL = 0.08, 0.15
"""Standard deviation of skill that all cells of a seed share, and of a cell alone."""


@dataclass(frozen=True)
class World:
    """Tasks: mean skill of each model at each length, and how far its gradients reach beside that.

    Attributes:
        skill: [task, model, length].
        reach: [task, model].
    """

    skill: NDArray[np.float64]
    reach: NDArray[np.float64]

    def draw(self, seeds: int, random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the horizon and the skill of each cell: [task, model, length, seed] each."""
        size = (*self.skill.shape, seeds)
        shared = random.normal(0, _OF_SEED, (len(self.skill), 1, 1, seeds))
        skill = self.skill[..., None] + shared + random.normal(0, _OF_CELL, size)
        room = 0.3 * np.arange(len(LENGTHS))[:, None]
        horizon = self.reach[:, :, None, None] + 0.8 * skill + room + random.normal(0, _OF_CELL, size)
        return horizon.round(1), skill


def world(tasks: int, models: int, random: np.random.Generator) -> World:
    """Return tasks on which models forget at different lengths."""
    level = random.normal(np.linspace(0.2, 0.8, models), 0.25, (tasks, models))
    slope = random.uniform(0.05, 0.3, (tasks, models))
    return World(
        level[..., None] - slope[..., None] * np.arange(len(LENGTHS)), random.normal(0, 0.25, (tasks, models))
    )


def correlation(
    horizon: NDArray[np.float64],
    skill: NDArray[np.float64],
    *,
    is_usable: bool,
    is_within: bool,
    seeds: bool = True,
) -> Correlation:
    """Return the correlation of the cells; without ``seeds`` no interval over them is asked for."""
    places = list(np.ndindex(*skill.shape))
    usable = {
        (t, m): _usable(skill[t, m].mean(axis=1)) for t in range(skill.shape[0]) for m in range(skill.shape[1])
    }
    pairs = [
        Pair(p[0], (p[0], p[2]), float(horizon[p]), usable[p[:2]] if is_usable else float(skill[p]), p[3])
        for p in places
    ]
    of = spearman_within if is_within else spearman
    if not seeds:
        return of([replace(pair, seed=0) for pair in pairs])
    return of(pairs, partial(_again, skill, places) if is_usable else None)


def _usable(means: NDArray[np.float64]) -> float:
    """Return the number of lengths up to which every mean is at least 0.5: in the order of usable lengths."""
    return float(np.logical_and.accumulate(means >= 0.5).sum())


def _again(skill: NDArray[np.float64], places: list[tuple[int, ...]], draws: SeedDraws) -> NDArray[np.float64]:
    made = {
        (t, m): usable_again(
            {length: dict(enumerate(skill[t, m, i].tolist())) for i, length in enumerate(LENGTHS)}, {}, t, draws
        )
        for t in range(skill.shape[0])
        for m in range(skill.shape[1])
    }
    return np.stack([made[t, m] for t, m, _, _ in places], axis=1)


def coverage(
    tasks: int, seeds: int, *, models: int, runs: int, is_usable: bool, is_within: bool
) -> tuple[float, float]:
    """Return the share of intervals over seeds that hold the truth, and the share of runs with an interval."""
    held = []
    for number in range(WORLDS):
        random = np.random.default_rng(1000 + number)
        own = world(tasks, models, random)
        true = (
            correlation(*own.draw(MANY, random), is_usable=is_usable, is_within=is_within, seeds=False).rho or 0.0
        )
        for run in range(runs // WORLDS):
            drawn = own.draw(seeds, np.random.default_rng([number, run]))
            ends = correlation(*drawn, is_usable=is_usable, is_within=is_within).over_seeds
            if ends is not None:
                held.append(ends.low <= true <= ends.high)
    return sum(held) / len(held) if held else float("nan"), len(held) / (WORLDS * (runs // WORLDS))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--models", type=int, default=3)
    given = parser.parse_args()
    for is_usable in (True, False):
        for is_within in (False, True):
            cells = "of one task and length" if is_within else "all"
            print(f"horizon and {'usable length' if is_usable else 'skill'}, cells: {cells}")
            for tasks, seeds in ((1, 3), (1, 6), (3, 2), (3, 3), (3, 6), (5, 3), (5, 6), (5, 12)):
                held, known = coverage(
                    tasks, seeds, models=given.models, runs=given.runs, is_usable=is_usable, is_within=is_within
                )
                print(f"  {tasks} tasks, {seeds:2d} seeds: {held:.3f}, known in {known:.2f}", flush=True)


if __name__ == "__main__":
    main()
