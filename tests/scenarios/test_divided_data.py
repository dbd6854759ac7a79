"""Tests that tasks say whether the seed divides their data, and that a search warns of it before it begins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from seqbench import Batch, Catalog, Task, load_catalog
from seqbench.cli.main import run_line
from seqbench.contracts.examples import Split, numbers
from tests.toys import CATALOG, Last
from tests.tuning.searches import tuned


@dataclass(frozen=True)
class Dividing(Last):
    """A task that says so."""

    @property
    def divides_by_seed(self) -> bool:
        return True


def task_of(name: str, **parameters: Any) -> Task:
    return load_catalog().task(name)(**parameters)


def pixels(split: Split, levels: torch.Tensor) -> set[bytes]:
    """Return the images of a split as grey levels, which each seed scales by its own training images."""
    batch: Batch = split.batch(torch.arange(len(split)))
    return {row.numpy().tobytes() for row in torch.searchsorted(levels - 1e-4, batch.inputs.contiguous())}


def test_no_made_up_data_and_no_fixed_test_split_are_divided_by_the_seed(tmp_path: Path) -> None:
    for name in (
        "copy",
        "sentiment",
        "translation",
        "word-order",
        "music",
        "speech",
        "forecasting",
        "series-class",
    ):
        assert not task_of(name).divides_by_seed
    assert task_of("pixels").divides_by_seed


def test_digits_of_the_test_of_one_seed_are_training_rows_of_another() -> None:
    task = task_of("pixels")
    one, other = (task.load(64, seed) for seed in (0, 10_000))
    levels = [numbers(data.train.inputs).float().unique(sorted=True) for data in (one, other)]
    shared = pixels(one.test, levels[0]) & pixels(other.train, levels[1])
    assert len(shared) > len(one.test) / 2


@pytest.mark.parametrize(
    ("name", "header", "line"),
    [
        ("sentiment", "text,label", "it is good,pos"),
        ("translation", "de,en", "ja,yes"),
        ("word-order", "text", "a b."),
    ],
)
def test_texts_are_divided_by_the_seed_only_without_a_test_split(
    tmp_path: Path, name: str, header: str, line: str
) -> None:
    whole = tmp_path / "whole.csv"
    whole.write_text(f"{header}\n{line}\n")
    assert task_of(name, data=str(whole)).divides_by_seed
    folder = tmp_path / "splits"
    folder.mkdir()
    for part in ("train", "test"):
        (folder / f"{part}.csv").write_text(f"{header}\n{line}\n")
    assert not task_of(name, data=str(folder)).divides_by_seed


def test_a_column_of_splits_and_folds_are_splits_of_the_data(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("text,label,split\n" + "".join(f"good,pos,{part}\n" for part in ("train", "test")))
    assert not task_of("sentiment", data=str(path)).divides_by_seed
    path.write_text("text,label,fold\n" + "".join(f"good,pos,{fold}\n" for fold in (1, 2, 3)))
    assert not task_of("sentiment", data=str(path)).divides_by_seed


def test_pieces_are_divided_by_the_seed_only_without_a_test_split(tmp_path: Path) -> None:
    piece, path = [[60, 64], [62]], tmp_path / "pieces.json"
    path.write_text(json.dumps({"train": [piece, piece], "valid": [piece], "test": [piece]}))
    assert not task_of("music", data=str(path)).divides_by_seed
    path.write_text(json.dumps({"train": [piece, piece]}))
    assert task_of("music", data=str(path)).divides_by_seed


def test_a_search_names_the_tasks_whose_test_rows_its_trials_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tuned(tmp_path).remarks == ()
    dividing = Catalog(tasks={"last": Dividing}, models=CATALOG.models)
    assert "last: the seed draws its test split" in tuned(tmp_path, dividing).remarks[0]
    (tmp_path / "mine.yaml").write_text(
        "{tasks: [pixels], models: [rnn], lengths: [64], tune: {space: {learning_rate: [1e-3, 1e-2]}, trials: 2}}"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["seqbench", "tune", "mine.yaml", "--dry-run"])
    assert run_line() == 0
    assert "warning: pixels: the seed draws its test split" in capsys.readouterr().err
