"""Tests the intervals of mean ranks: what is drawn again, and what they need."""

from __future__ import annotations

import numpy as np

from benchmarks.task_coverage import skills
from seqbench.statistics import mean_ranks, rank_intervals


def test_seeds_alone_leave_the_tasks_and_both_are_wider() -> None:
    outcomes = skills(8, 5, np.random.default_rng(3))
    found = rank_intervals(outcomes)
    for each in mean_ranks(outcomes):
        own = found[each.model]
        assert own.over_both is not None
        assert own.over_seeds is not None
        assert own.over_both.low < own.over_seeds.low <= each.rank <= own.over_seeds.high < own.over_both.high
        assert own.over_both.low >= 1
        assert own.over_both.high <= 3


def test_seeds_that_agree_leave_no_width_and_few_tasks_no_interval() -> None:
    alike = {m: {(f"t{t}", 16, s): float(m == "a") for t in range(5) for s in range(3)} for m in ("a", "b")}
    found = rank_intervals(alike)["a"]
    assert found.over_both is None
    assert found.over_seeds is not None
    assert (found.over_seeds.low, found.over_seeds.high) == (1, 1)
    one = {m: {(f"t{t}", 16, 0): float(m == "a") for t in range(6)} for m in ("a", "b")}
    assert rank_intervals(one)["a"].over_seeds is None
    assert rank_intervals(one)["a"].over_both is not None
    assert rank_intervals({"a": one["a"]}) == {}
