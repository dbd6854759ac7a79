"""Tests that the one cell with weights is found, and that choices are listed where several fit or none does."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench import StoreError
from seqbench.records.making import unfinished
from seqbench.records.schema import Record, WeightsData
from seqbench.records.store import Store
from seqbench.records.wanted import Wanted, wanted_cell
from tests.toys import toy_cell

WEIGHTS = WeightsData(sha256="0" * 64, bytes=1)


def record(
    seed: int = 0, *, length: int = 6, status: str = "ok", label: str = "", has_weights: bool = True
) -> Record:
    """Return a record of the toy task, which nobody ran."""
    cell = toy_cell()
    made = unfinished(cell, "failed", "nobody ran it", {})
    model = made.cell.model.model_copy(update={"label": label})
    told = made.cell.model_copy(update={"seed": seed, "length": length, "model": model})
    key = f"{made.key[:-4]}{length:02d}{seed:02d}"
    weights = WEIGHTS if has_weights and status == "ok" else None
    return made.model_copy(update={"key": key, "status": status, "cell": told, "weights": weights})


def store(folder: Path, *records: Record) -> Store:
    made = Store(folder)
    made.prepare()
    for each in records:
        made.write(each)
        if each.weights is not None:
            path = made.layout.weights(each.key)
            path.parent.mkdir(exist_ok=True)
            path.touch()
    return made


def test_cells_whose_files_of_weights_are_gone_are_not_offered(tmp_path: Path) -> None:
    held = store(tmp_path, record(0), record(1))
    held.layout.weights(record(0).key).unlink()
    assert wanted_cell(held, Wanted()).cell.seed == 1
    held.layout.weights(record(1).key).unlink()
    with pytest.raises(
        StoreError, match=r"the weights of 2 cells were kept, and their files are gone: there is no "
    ):
        wanted_cell(held, Wanted())


def test_the_only_cell_with_weights_needs_no_choice(tmp_path: Path) -> None:
    held = store(tmp_path, record(0), record(1, has_weights=False), record(2, status="failed"))
    assert wanted_cell(held, Wanted()).cell.seed == 0


@pytest.mark.parametrize(
    ("wanted", "seed"),
    [
        (Wanted(seed=1, length=6), 1),
        (Wanted(model="wide"), 2),
        (Wanted(task="last", length=9), 3),
        (Wanted(model="small", length=6, seed=0), 0),
    ],
)
def test_a_cell_is_chosen_by_names_labels_numbers_or_the_start_of_its_key(
    tmp_path: Path, wanted: Wanted, seed: int
) -> None:
    held = store(tmp_path, record(0), record(1), record(2, label="wide"), record(3, length=9))
    found = wanted_cell(held, wanted)
    assert found.cell.seed == seed
    assert wanted_cell(held, Wanted(key=found.key)).key == found.key
    assert wanted_cell(held, Wanted(key=record(3, length=9).key[:-2])).cell.seed == 3


def test_choices_are_listed_with_the_options_that_tell_them_apart(tmp_path: Path) -> None:
    held = store(tmp_path, record(0), record(1), record(1, length=9))
    with pytest.raises(StoreError) as told:
        wanted_cell(held, Wanted())
    assert str(told.value).splitlines() == [
        f"3 cells of {tmp_path} have weights; choose one with --length --cell-seed or --key:",
        f"  {record(0).key}  last small T=6 seed 0",
        f"  {record(1).key}  last small T=6 seed 1",
        f"  {record(1, length=9).key}  last small T=9 seed 1",
    ]
    with pytest.raises(StoreError, match="2 cells of .* fit; choose one with --length or --key:"):
        wanted_cell(held, Wanted(seed=1))


def test_a_long_list_ends_with_the_number_of_the_others(tmp_path: Path) -> None:
    held = store(tmp_path, *(record(seed) for seed in range(23)))
    with pytest.raises(StoreError, match=r"\n  \.\.\. and 3 cells more$"):
        wanted_cell(held, Wanted())


def test_cells_without_weights_are_told_with_what_runs_them_again(tmp_path: Path) -> None:
    held = store(tmp_path / "one", record(0, has_weights=False))
    with pytest.raises(
        StoreError, match="no weights of last small T=6 seed 0, finished before: run without --keep"
    ) as told:
        wanted_cell(held, Wanted())
    assert "with --on-existing fresh --keep-weights, runs them again" in str(told.value)
    held = store(tmp_path / "two", record(0, status="diverged"), record(1))
    with pytest.raises(StoreError, match=r"not one ended ok \(diverged\); weights are there of:\n .* seed 1"):
        wanted_cell(held, Wanted(seed=0))


def test_a_cell_that_is_not_there_and_an_empty_folder_are_told(tmp_path: Path) -> None:
    held = store(tmp_path / "one", record(0))
    with pytest.raises(StoreError, match=r"holds no cell of model lstm, length 7; there are:\n .*last small T=6"):
        wanted_cell(held, Wanted(model="lstm", length=7))
    with pytest.raises(StoreError, match="there are no results in"):
        wanted_cell(store(tmp_path / "two"), Wanted())
