"""Tests that an assignment survives the way to another process."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

from seqbench.jobs.assignment import Assignment
from tests.toys import Last, toy_cell


def test_task_stays_in_the_process_that_made_it() -> None:
    @dataclass(frozen=True)
    class OfAFile(Last):
        """Its class cannot be pickled, as one of a file that the other process has yet to load."""

    given = Assignment(toy_cell(), {"host": "here"}, task=OfAFile())
    arrived = pickle.loads(pickle.dumps(given))
    assert arrived == given
    assert arrived.task is None
    assert given.task == OfAFile()
