"""Tests that the sentence about a running sweep grows with its cells."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from seqbench.jobs.events import Finished, Started
from seqbench.records.store import Store
from seqbench.running.progress.headline import SoFar, ended_before
from tests.report.tables.test_scores import record
from tests.toys import toy_cell


def test_sentence_grows_with_the_cells_that_end() -> None:
    so_far = SoFar()
    so_far.see(Started(toy_cell()))
    assert so_far.text == ""
    so_far.see(Finished(toy_cell(), record(0.9, model="gru", length=16)))
    assert so_far.text == "gru is usable up to 16 steps or more on copy."
    so_far.see(Finished(toy_cell(), record(0.2, model="gru", length=64)))
    # It rests for a moment after each sentence, so that a large sweep is not slowed down.
    so_far._rests_until = 0.0
    assert so_far.text == "gru is usable up to 16 steps on copy."


def test_sentence_counts_cells_that_had_ended_before_the_sweep(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.prepare()
    before = record(0.9, model="gru", length=16)
    store.write(before)
    cell = replace(toy_cell(), seed=1)
    first = SimpleNamespace(key=before.key)
    todo: Any = SimpleNamespace(cells=(first, cell), pending=(cell,))
    so_far = SoFar(partial(ended_before, todo, store.layout))
    so_far.see(Finished(cell, record(0.2, model="gru", length=64)))
    assert so_far.text == "gru is usable up to 16 steps on copy."
