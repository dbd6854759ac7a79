"""Tests mean ranks by an example worked by hand."""

from __future__ import annotations

from seqbench.statistics import (
    LAST,
    mean_ranks,
)


def test_mean_ranks_weigh_tasks_alike_and_leave_out_who_did_not_run_everywhere() -> None:
    outcomes = {
        "a": {("copy", 16, 0): 0.9, ("copy", 64, 0): 0.9, ("sentiment", 16, 0): 0.1},
        "b": {("copy", 16, 0): 0.5, ("copy", 64, 0): LAST, ("sentiment", 16, 0): 0.3},
        "c": {("copy", 16, 0): 0.5, ("copy", 64, 0): LAST, ("sentiment", 16, 0): 0.2},
        "d": {("copy", 16, 0): 1.0, ("copy", 64, 0): 1.0},
    }
    found = mean_ranks(outcomes)
    # By hand: a is 1 and 1 on copy, 3 on sentiment; b 2.5, 2.5, 1; c 2.5, 2.5, 2.
    assert [(each.model, each.rank, each.missing) for each in found] == [
        ("b", 1.75, 0),
        ("a", 2.0, 0),
        ("c", 2.25, 0),
        ("d", None, 1),
    ]
    assert found[0].interval is not None
    assert (found[0].interval.low, found[0].interval.high) == (1, 3)
