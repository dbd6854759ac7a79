"""Tests that all formats have the same full content for any records.

Modules: seqbench.report.tables.table.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from seqbench import load_results
from seqbench.base.csv_fields import is_hidden
from seqbench.errors import StoreError
from seqbench.report import FORMATS
from tests.report.hostile import TEXTS, hostile, stored
from tests.report.tables.test_scores import record


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_holds_what_steers_a_terminal_or_turns_a_text_round(name: str) -> None:
    text = FORMATS[name].write(hostile())
    assert not {char for char in text if is_hidden(char)} - {"\n", "\t"}
    assert "left" in text


def test_load_results_has_the_same_types_whatever_is_known(tmp_path: Path) -> None:
    full = load_results(stored([record()], tmp_path / "a"))
    empty = load_results(stored([record(status="failed")], tmp_path / "b"))
    shared = ["task", "status", "metric", "score", "skill", "stopped", "gain_init", "verdict", "train_seconds"]
    assert list(full[shared].dtypes) == list(empty[shared].dtypes)


def test_load_results_of_another_csv_says_so(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(StoreError, match="is no table of results"):
        load_results(tmp_path / "other.csv")


@pytest.mark.parametrize("name", TEXTS)
def test_same_records_give_the_same_bytes_in_any_order(name: str) -> None:
    records = hostile()
    first = FORMATS[name].write(records)
    random.Random(0).shuffle(records)
    assert FORMATS[name].write(records) == first


@pytest.mark.parametrize("name", TEXTS)
def test_a_cell_without_a_score_is_named_in_every_format(name: str) -> None:
    text = FORMATS[name].write([record(), record(seed=1, status="diverged"), record(length=64, model="gru")])
    assert "diverged" in text
