"""Tests how much memory a cell is expected to take."""

from __future__ import annotations

from seqbench import Execution
from seqbench.records.making import unfinished
from seqbench.training.memory import Memory
from tests.executors.desk import cells


def test_memory_is_expected_by_what_like_cells_took() -> None:
    short, long, other = *cells(["rnn"], [0]), *cells(["rnn"], [3], length=80), *cells(["lstm"], [0])
    blank = unfinished(short, "ok", "", {})
    taken = blank.model_copy(update={"costs": blank.costs.model_copy(update={"peak_memory_bytes": 400 * 2**20})})
    memory = Memory(Execution(), lambda: [taken])
    # 300 MiB are torch, which does not grow: 100 MiB at length 8 are 1000 MiB at length 80.
    assert memory(short) == 400 * 2**20
    assert memory(long) == (300 + 1000) * 2**20
    assert memory(other) == 0
    assert Memory(Execution(memory=2))(long) == 2 * 2**30
