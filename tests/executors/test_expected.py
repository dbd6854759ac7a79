"""Tests how much memory of a GPU a cell is expected to take."""

from __future__ import annotations

from seqbench.executors.expected import Expected
from seqbench.jobs.assignment import Assignment
from seqbench.records.making import unfinished
from tests.executors.desk import Desk, cells


def test_memory_of_a_gpu_is_expected_by_what_like_cells_took_of_it() -> None:
    short, long = *cells(["rnn"], [0]), *cells(["rnn"], [0], length=80)
    expected = Expected(Desk().job)
    assert expected.on_gpu(Assignment(long, {})) == 2**29 + 80 * 2**22
    blank = unfinished(short, "ok", "", {})
    costs = {"peak_memory_bytes": 2**40, "peak_gpu_memory_bytes": 100 * 2**20}
    expected.learn(blank.model_copy(update={"costs": blank.costs.model_copy(update=costs)}))
    # 300 MiB are CUDA, which does not grow.
    assert expected.on_gpu(Assignment(long, {})) == (300 + 1000) * 2**20
