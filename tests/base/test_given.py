"""Tests that what a Python caller gave is shown in words, and that paths are text or a `Path`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from seqbench import ExperimentError, StoreError
from seqbench.base.given import as_path, how_to_write, shown
from seqbench.plugins.load import load_catalog
from seqbench.records.store import Store
from seqbench.running.run import opened

TABLE = pd.DataFrame({"text": ["good", "bad"]})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (TABLE, "an object of type pandas.DataFrame"),
        (TABLE["text"], "an object of type pandas.Series"),
        (np.zeros((3, 2)), "an object of type numpy.ndarray"),
        (np.int64(8), "np.int64(8)"),
        (torch.zeros(3, 2), "an object of type torch.Tensor"),
        ((i for i in range(3)), "an object of type generator"),
        (torch.nn.LSTM, "the class LSTM"),
        ({"a": [1]}, "{'a': [1]}"),
        ("two\nlines", r"'two\nlines'"),
        (["x" * 500], f"['{'x' * 198}... (504 characters in all)"),
    ],
)
def test_value_is_shown_on_one_line_without_addresses(value: Any, words: str) -> None:
    assert shown(value) == words


def test_rows_of_pandas_are_written_by_their_method_and_others_through_it(tmp_path: Path) -> None:
    assert how_to_write(TABLE) == 'table.to_csv("mine.csv", index=False)'
    assert how_to_write(np.zeros(2)) == 'pandas.DataFrame(rows).to_csv("mine.csv", index=False)'


def test_path_is_text_or_a_path_and_nothing_else() -> None:
    assert as_path("results", "output") == as_path(Path("results"), "output") == Path("results")
    for wrong in ("", " ", None, 3, TABLE, io.StringIO()):
        with pytest.raises(StoreError, match="^output is .*; give a path, as text or as a Path$"):
            as_path(wrong, "output")
    with pytest.raises(ExperimentError):
        as_path(3, "output", ExperimentError)


def test_home_folder_of_a_path_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert as_path("~/x", "output") == as_path(Path("~/x"), "output") == Store("~/x").path == tmp_path / "x"
    assert as_path("a/~", "output") == Path("a/~")
    (tmp_path / "mine.yaml").write_text("tasks: [copy]\nmodels: [lstm]\nlengths: [8]\n", encoding="utf-8")
    assert opened("~/mine.yaml", load_catalog()).lengths == (8,)
    with pytest.raises(StoreError, match="no such home folder is known; write the whole path"):
        as_path("~nobody-of-this-name/x", "output")
