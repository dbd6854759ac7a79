"""Tests the samples of what a network writes: the same each time, and never at the cost of a result."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench import Experiment, load_catalog, run
from seqbench.plugins.grid import expand
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.training.cell import run_cell
from seqbench.training.samples import ROWS, TOKENS

WRITING = Path(__file__).parents[1] / "writing.py"


def experiment(task: str, steps: int = 5, **parameters: int) -> Experiment:
    return Experiment.model_validate(
        {
            "tasks": [task],
            "models": ["gru"],
            "lengths": [4],
            "evaluate_lengths": [5],
            "parameters": {"gru": {"hidden_size": 16}, task: parameters},
            "training": {"steps": steps, "learning_rate": 0.01},
            "gradients": {"measure": False},
        }
    )


def record(folder: Path) -> Record:
    run(experiment("reverse", steps=60), folder, executor="serial", plugin_files=[WRITING])
    return Store(folder).read()[0]


def test_answers_of_the_first_test_rows_are_kept_the_same_each_time(tmp_path: Path) -> None:
    first, second = record(tmp_path / "a"), record(tmp_path / "b")
    assert first.test is not None
    assert second.test is not None
    assert first.test.samples is not None
    assert len(first.test.samples) == ROWS
    assert first.test.samples == second.test.samples
    assert all(given and isinstance(written, str) for given, written in first.test.samples)
    assert [test.samples for test in first.evaluations] == [None]
    assert '"samples"' not in first.evaluations[0].model_dump_json()


def test_task_that_continues_texts_has_one_that_its_network_begins() -> None:
    catalog = load_catalog()
    cell = expand(experiment("next-token", train_tokens=2000, test_tokens=200), catalog)[0]
    found = run_cell(cell, catalog).test
    assert found is not None
    ((given, written),) = found.samples or ()
    assert given == ""
    assert len(written.split()) >= TOKENS // 2


def test_fault_of_a_task_costs_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = load_catalog(files=[WRITING])

    def broken(*_: object) -> list[str]:
        raise KeyError("no such word")

    monkeypatch.setattr(catalog.tasks["reverse"], "decode", broken)
    found = run_cell(expand(experiment("reverse"), catalog)[0], catalog)
    assert found.status == "ok"
    assert found.test is not None
    assert found.test.samples is None
    assert found.notes["samples"] == "there are none: KeyError: 'no such word'"
