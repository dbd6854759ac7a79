"""Tests by simulation which interval holds where networks learn or learn nothing."""

from __future__ import annotations

from benchmarks.learned_coverage import coverage


def test_share_of_usable_networks_is_held_and_mean_skill_only_where_seeds_are_divided() -> None:
    found = coverage(5, 6, runs=600)
    assert found.mean_skill < 0.85
    assert found.divided > 0.95
    assert found.usable > 0.95
