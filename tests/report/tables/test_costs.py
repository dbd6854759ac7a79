"""Tests the table of costs against length."""

from __future__ import annotations

from typing import Any

from seqbench.records.schema import Costs, Record
from seqbench.report.observations import observations
from seqbench.report.tables.costs import cost_table
from tests.report.tables.test_scores import record, texts


def test_costs_stand_against_length_and_unknown_ones_are_no_number() -> None:
    def with_costs(length: int, seconds: float | None, **rest: Any) -> Record:
        costs = Costs(parameters=19268, state_size=64, seconds_per_step=seconds, peak_memory_bytes=2**29)
        return record(length=length, **rest).model_copy(update={"costs": costs})

    seen = observations([with_costs(12, 0.001), with_costs(12, 0.003, seed=1), with_costs(50, None)])
    table = cost_table(seen)
    assert texts(table) == [
        ["lstm", "parameters", "19268", "19268"],
        ["lstm", "state size", "64", "64"],
        ["lstm", "ms per step", "2.00", "unknown"],
        ["lstm", "peak MiB", "512", "512"],
    ]
    assert "grows" not in " ".join(table.lines)
    growing = record().model_copy(update={"costs": Costs(state_size=64, state_growth=32)})
    table = cost_table(observations([growing]))
    assert texts(table)[1:3] == [["lstm", "state size", "64"], ["lstm", "more with each step", "32"]]
    assert "grows" in " ".join(table.lines)
    assert "different environments" in cost_table(seen, environments=2).lines[-1]
