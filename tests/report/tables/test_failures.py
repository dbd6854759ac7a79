"""Tests that failures of many seeds with one reason are one line with ranges of seeds."""

from __future__ import annotations

from seqbench.report.tables.failures import failures
from tests.report.tables.test_scores import record


def test_seeds_that_failed_alike_are_a_range() -> None:
    records = [record(seed=seed, status="diverged", reason="the loss is NaN") for seed in (3, 0, 1, 2, 5)]
    assert failures([*records, record(seed=4, status="timeout", reason="too long")]) == [
        "copy lstm T=12, seeds 0..3, 5: diverged: the loss is NaN",
        "copy lstm T=12, seed 4: timeout: too long",
    ]
