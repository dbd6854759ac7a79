"""Tests that the key of a cell is moved by what moves its score, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from seqbench import Experiment, load_catalog
from seqbench.experiment.cells import Cell
from seqbench.plugins.grid import expand


def one_cell(**changes: Any) -> Cell:
    fields = {"tasks": ["sentiment"], "models": ["lstm"], "lengths": [8]} | changes
    return expand(Experiment.model_validate(fields), load_catalog())[0]


def test_key_when_written_differently_or_moved_is_the_same(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    for path in (first, second):
        path.write_text("text,label\ngood,1\nbad,0\n")
    keys = {
        one_cell(parameters={"sentiment": {"data": str(first)}, "lstm": {"hidden_size": 128}}).key,
        one_cell(parameters={"sentiment": {"data": str(second)}}, training={"learning_rate": 3e-3}).key,
        one_cell(parameters={"sentiment": {"data": str(second)}}, training={"time_limit": 5}).key,
        one_cell(parameters={"sentiment": {"data": str(second)}, "rnn": {"hidden_size": 7}}, name="other").key,
    }
    assert len(keys) == 1


def test_key_when_anything_that_moves_the_score_changes_is_another(tmp_path: Path) -> None:
    data = tmp_path / "a.csv"
    data.write_text("text,label\ngood,1\nbad,0\n")
    base = one_cell()
    others = [
        one_cell(lengths=[9]),
        one_cell(seeds=[1]),
        one_cell(training={"steps": 7}),
        one_cell(models=["gru"]),
        one_cell(parameters={"lstm": {"hidden_size": 5}}),
        one_cell(parameters={"sentiment": {"evidence": "end"}}),
        one_cell(parameters={"sentiment": {"data": str(data)}}),
        one_cell(evaluate_lengths=[16]),
        replace(base, task=replace(base.task, version=99)),
    ]
    data.write_text("text,label\ngood,1\nawful,0\n")
    others.append(one_cell(parameters={"sentiment": {"data": str(data)}}))
    assert len({cell.key for cell in (base, *others)}) == len(others) + 1
