"""Tests the intervals of mean ranks: what is drawn again, and by simulation that they hold the true ranks."""

from __future__ import annotations

import numpy as np
import pytest

from seqbench.statistics import Outcomes, mean_ranks, rank_intervals


def simulated(tasks: int, seeds: int, random: np.random.Generator, *, levels: object = None) -> Outcomes:
    """Return skills of three models: their means differ, by an effect of each task and of each seed."""
    means = np.array([0.0, 0.4, 0.8]) + (random.normal(0, 0.6, (tasks, 3)) if levels is None else levels)
    skills = means[:, None, :] + random.normal(0, 0.5, (tasks, seeds, 3))
    return {
        f"m{m}": {(f"t{t}", 16, s): float(skills[t, s, m]) for t in range(tasks) for s in range(seeds)}
        for m in range(3)
    }


def test_seeds_alone_leave_the_tasks_and_both_are_wider() -> None:
    outcomes = simulated(8, 5, np.random.default_rng(3))
    found = rank_intervals(outcomes)
    for each in mean_ranks(outcomes):
        own = found[each.model]
        assert own.over_both is not None
        assert own.over_seeds is not None
        assert own.over_both.low < own.over_seeds.low <= each.rank <= own.over_seeds.high < own.over_both.high
        assert own.over_both.low >= 1
        assert own.over_both.high <= 3


def test_seeds_that_agree_leave_no_width_and_few_tasks_no_interval() -> None:
    alike = {m: {(f"t{t}", 16, s): float(m == "a") for t in range(4) for s in range(3)} for m in ("a", "b")}
    found = rank_intervals(alike)["a"]
    assert found.over_both is None
    assert found.over_seeds is not None
    assert (found.over_seeds.low, found.over_seeds.high) == (1, 1)
    one = {m: {(f"t{t}", 16, 0): float(m == "a") for t in range(6)} for m in ("a", "b")}
    assert rank_intervals(one)["a"].over_seeds is None
    assert rank_intervals(one)["a"].over_both is not None
    assert rank_intervals({"a": one["a"]}) == {}


def covered_tasks(tasks: int, seeds: int, *, runs: int) -> float:
    """Return the share of intervals over tasks and seeds that hold the mean rank over tasks without number."""
    whole = mean_ranks(simulated(4000, 1, np.random.default_rng(99)))
    return _covered(
        {each.model: each.rank for each in whole},
        [simulated(tasks, seeds, np.random.default_rng(r)) for r in range(runs)],
        "over_both",
    )


def covered_seeds(tasks: int, seeds: int, *, runs: int) -> float:
    """Return the share of intervals over seeds that hold the mean rank over seeds without number, same tasks."""
    levels = np.random.default_rng(98).normal(0, 0.6, (tasks, 3))
    whole = mean_ranks(simulated(tasks, 1000, np.random.default_rng(99), levels=levels))
    drawn = [simulated(tasks, seeds, np.random.default_rng(r), levels=levels) for r in range(runs)]
    return _covered({each.model: each.rank for each in whole}, drawn, "over_seeds")


def _covered(true: dict[str, float | None], drawn: list[Outcomes], name: str) -> float:
    held = [
        ends.low <= (true[model] or 0) <= ends.high
        for outcomes in drawn
        for model, own in rank_intervals(outcomes).items()
        if (ends := getattr(own, name))
    ]
    assert len(held) == 3 * len(drawn)
    return sum(held) / len(held)


@pytest.mark.slow
@pytest.mark.parametrize(("tasks", "seeds"), [(5, 3), (8, 3), (8, 6), (15, 6)])
def test_intervals_hold_the_true_mean_rank(tasks: int, seeds: int) -> None:
    assert 0.92 <= covered_tasks(tasks, seeds, runs=300) <= 0.99
    assert 0.92 <= covered_seeds(tasks, seeds, runs=300) <= 0.99
