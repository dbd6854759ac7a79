"""Tests that an experiment, written and read again, makes the same cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seqbench import load_catalog
from seqbench.experiment.schema import build, load
from seqbench.experiment.written import written
from seqbench.plugins.grid import expand
from seqbench.running.run import experiment_file
from tests.experiment.mine import GOOD


@pytest.mark.parametrize("suite", ["quick", "language", "diagnostics"])
def test_written_suite_has_the_same_keys(suite: str, tmp_path: Path) -> None:
    catalog = load_catalog()
    before = load(experiment_file(suite, catalog), {"seeds": [0, 1, 2, 7]})
    path = tmp_path / "other.yaml"
    path.write_text(written(before))
    after = load(path)
    assert after.model_dump() == before.model_dump()
    assert [cell.key for cell in expand(after, catalog)] == [cell.key for cell in expand(before, catalog)]


@pytest.mark.parametrize(
    "value", ["1e-3", "12", "no", "true", "null", "~", "a: b", "[1, 2]", "#x", "", " x ", "ä\n"]
)
def test_written_text_stays_a_text(value: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    given: dict[str, Any] = {"parameters": {"copy": {"symbols": 4}, "lstm": {"word": value, "list": [value]}}}
    before = load(path, given)
    other = tmp_path / "other.yaml"
    other.write_text(written(before))
    assert load(other).parameters == before.parameters


def test_written_numbers_keep_every_bit(tmp_path: Path) -> None:
    rates = [1e-5, 0.1 + 0.2, 3e-3, 5e-324, 1.7976931348623157e308]
    for rate in rates:
        before = build(
            {"tasks": ["copy"], "models": ["lstm"], "lengths": [16], "training": {"learning_rate": rate}}
        )
        path = tmp_path / "rate.yaml"
        path.write_text(written(before))
        assert load(path).training.learning_rate == rate


def test_written_search_is_the_same_search(tmp_path: Path) -> None:
    space = {"learning_rate": "log 1e-4..3e-2", "lstm.hidden_size": [3, 5], "weight_decay": "uniform 0..0.1"}
    before = build({"tasks": ["copy"], "models": ["lstm"], "lengths": [16], "tune": {"space": space, "trials": 3}})
    path = tmp_path / "tuned.yaml"
    path.write_text(written(before))
    assert load(path).tune == before.tune
