"""Tests that fields declare their place in a cell's key, and that later fields leave older keys unchanged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from seqbench import Catalog, Experiment, Model, added_later
from seqbench.board.bundle.suite import cell_of
from seqbench.board.check.faults import key_faults
from seqbench.board.check.rules import changed_faults, parameter_faults
from seqbench.experiment.cells import Cell
from seqbench.experiment.key_fields import in_no_key, later, scored_alike
from seqbench.experiment.schema import Training
from seqbench.plugins.grid import expand
from seqbench.plugins.parameters import make
from seqbench.records.making import unfinished
from seqbench.records.rows import rows
from seqbench.records.schema import Record
from seqbench.records.variants import model_names
from tests.toys import CATALOG

PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "quick" / "records"


def test_keys_of_the_published_records_are_as_they_were() -> None:
    paths = sorted(PUBLISHED.glob("*.json"))
    assert len(paths) == 60
    for path in paths:
        known = Record.from_json(path.read_text(), str(path))
        assert cell_of(known.cell).key == known.key
        assert list(key_faults(known)) == []
        assert known.cell.model.label == ""


def test_fields_of_training_say_what_is_in_no_key_and_what_came_later() -> None:
    # What is in no key was decided when each was added; a change here moves or mixes up keys.
    assert in_no_key(Training) == {"recompute", "capture", "time_limit"}
    assert later(Training) == {"truncate": None, "precision": "float32", "arithmetic": "native"}
    asked = Training(steps=7, time_limit=3.0, recompute=True, capture=False, truncate=5)
    assert scored_alike(asked) == Training(steps=7, truncate=5)


@dataclass(frozen=True)
class Before(Model):
    """A model as it was."""

    name = "grown"
    version = 1
    hidden_size: int = 8

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, self.hidden_size, batch_first=True)


@dataclass(frozen=True)
class After(Model):
    """The same model with a parameter more."""

    name = "grown"
    version = 1
    hidden_size: int = 8
    is_deep: bool = added_later(False)

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, self.hidden_size, 2 if self.is_deep else 1, batch_first=True)


def cells(model: type[Model], **parameters: Any) -> Cell:
    catalog = Catalog(tasks=CATALOG.tasks, models={"grown": model})
    fields = {"tasks": ["last"], "models": ["grown"], "lengths": [4], "parameters": {"grown": parameters}}
    (cell,) = expand(Experiment.model_validate(fields), catalog)
    return cell


def told(cell: Cell) -> Record:
    return unfinished(cell, "failed", "not run here", {})


def test_parameter_that_was_added_later_leaves_older_keys_at_its_default_only() -> None:
    before = cells(Before)
    assert cells(After).key == cells(After, is_deep=False).key == before.key
    assert cells(After, is_deep=True).key != before.key
    assert make(After, before.model.parameters) == After()


def test_records_from_before_and_after_are_one_variant_and_another_value_is_shown() -> None:
    same, deep = told(replace(cells(After), seed=1)), told(cells(After, is_deep=True))
    names = model_names([told(cells(Before)), same, deep])
    assert names == {told(cells(Before)).key: "grown", same.key: "grown", deep.key: "grown (is_deep=true)"}
    assert [row["model.is_deep"] for row in rows([same, deep])] == [None, True]


def test_board_takes_records_of_both_and_refuses_a_default_that_is_told() -> None:
    catalog = Catalog(tasks=CATALOG.tasks, models={"grown": After})
    records = [told(cells(Before)), told(cells(After)), told(cells(After, is_deep=True))]
    assert list(changed_faults(records, catalog)) == []
    for record in records:
        assert list(key_faults(record)) == []
        assert list(parameter_faults(After, record.cell.model.parameters)) == []
    (fault,) = parameter_faults(After, {"hidden_size": 8, "is_deep": False})
    assert "is_deep is told at its default" in fault


@pytest.mark.parametrize("field", ["steps", "optimizer", "truncate", "precision"])
def test_any_other_field_moves_the_key(field: str) -> None:
    other = {"steps": 7, "optimizer": "sgd", "truncate": 3, "precision": "bf16"}[field]
    cell = cells(Before)
    assert replace(cell, training=Training.model_validate({field: other})).key != cell.key


def test_record_of_an_older_key_keeps_it_and_is_another_variant() -> None:
    cell = cells(Before)
    before = replace(cell, key_version=1)
    assert set(cell.identity["training"]) - set(before.identity["training"]) == {"truncate", "precision"}
    old, new = told(before), told(cell)
    assert old.key != new.key
    assert [cell_of(record.cell).key for record in (old, new)] == [old.key, new.key]
    assert [list(key_faults(record)) for record in (old, new)] == [[], []]
    assert model_names([old, new]) == {old.key: "grown (key_version=1)", new.key: "grown (key_version=2)"}
    assert model_names([old]) == {old.key: "grown"}
    (fault,) = key_faults(told(replace(cell, key_version=3)))
    assert "its key is of version 3" in fault
