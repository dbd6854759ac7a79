"""Tests how much memory a cell is expected to take."""

from __future__ import annotations

from seqbench import Execution
from seqbench.records.making import unfinished
from seqbench.training.memory import Memory, fair_share
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


def test_memory_of_a_state_that_grows_is_not_bounded_by_recomputation() -> None:
    short, long = *cells(["rnn"], [0]), *cells(["rnn"], [3], length=2**20)
    blank = unfinished(short, "ok", "", {})

    def expected(growth: int | None) -> int:
        costs = blank.costs.model_copy(
            update={"peak_memory_bytes": 400 * 2**20, "state_size": 64, "state_growth": growth}
        )
        return Memory(Execution(), lambda: [blank.model_copy(update={"costs": costs})])(long)

    assert expected(None) == max(400 * 2**20, fair_share())
    # 100 MiB at length 8, and the square of the length.
    assert expected(64) > 100 * 2**20 * (2**20 // 8) ** 2 * 0.99
