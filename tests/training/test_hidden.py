"""Tests that a trial cannot look at test data, whoever tries."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest
import pytorch_lightning as pl

from seqbench import Catalog, TaskData
from seqbench.errors import HiddenDataError
from seqbench.experiment.cells import Cell
from seqbench.experiment.trials import TrialData
from seqbench.training.cell import run_cell
from seqbench.training.cell_data import data_fingerprint, load
from seqbench.training.hidden import Hidden, without_test_data
from tests.toys import CATALOG, Gru, Last, toy_cell

LOOKS: dict[str, Callable[[Any], object]] = {
    "attribute": lambda hidden: hidden.inputs,
    "class": lambda hidden: hidden.__class__,
    "vars": vars,
    "len": len,
    "iteration": list,
    "item": lambda hidden: hidden[0],
    "in": lambda hidden: 1 in hidden,
    "equality": lambda hidden: hidden == 1,
    "inequality": lambda hidden: hidden != 1,
    "truth": bool,
    "hash": hash,
    "call": lambda hidden: hidden(0),
    "pickle": pickle.dumps,
    "copy": copy.deepcopy,
    "change": lambda hidden: setattr(hidden, "inputs", 1),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_whatever_is_asked_of_hidden_data_raises(look: Callable[[Any], object]) -> None:
    with pytest.raises(HiddenDataError, match="a trial may not look at the test split"):
        look(Hidden("the test split"))


def trial(cell: Cell) -> Cell:
    return replace(cell, trial=TrialData("search", 0, {"learning_rate": 0.03}), evaluate_lengths=())


def test_the_data_of_a_trial_hide_all_that_is_of_the_test_split() -> None:
    cell = toy_cell()
    data, whole = load(trial(cell), CATALOG).data, load(cell, CATALOG).data
    hidden = {field.name for field in fields(TaskData) if type(getattr(data, field.name)) is Hidden}
    assert hidden == {"test", "baselines", "show"}
    assert data.validation.inputs.equal(whole.validation.inputs)  # type: ignore[arg-type, union-attr]
    shifted = load(toy_cell(shift=1), CATALOG).data
    assert data_fingerprint(whole) != data_fingerprint(shifted)
    assert data_fingerprint(data, is_trial=True) == data_fingerprint(shifted, is_trial=True)


def test_a_stream_of_test_text_is_hidden_too_and_facts_are_gone() -> None:
    data = load(toy_cell(), CATALOG).data
    told = without_test_data(replace(data, stream=data.test, facts={"source_loss": 0.5}))
    assert type(told.stream) is Hidden
    assert told.facts == {}
    assert without_test_data(data).stream is None


def test_the_score_of_a_trial_does_not_depend_on_the_test_split() -> None:
    one, other = run_cell(trial(toy_cell()), CATALOG), run_cell(trial(toy_cell(shift=1)), CATALOG)
    assert one.status == other.status == "ok"
    assert one.validation_score == other.validation_score
    assert one.key != other.key


class Spy(pl.Callback):
    """A callback that was given the data of the cell, and looks at its test split."""

    def __init__(self, look: Callable[[], object]) -> None:
        self.look = look

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.look()


def test_a_callback_that_looks_at_test_data_fails_the_trial_and_no_other_cell() -> None:
    held: list[TaskData] = []

    @dataclass(frozen=True)
    class Handing(Last):
        """A task whose kinds of target hand the data on, as a planted plugin would."""

        def load(self, length: int, seed: int) -> TaskData:
            return Handed(**vars(super().load(length, seed)))

    @dataclass(frozen=True, eq=False)
    class Handed(TaskData):
        def __post_init__(self) -> None:
            super().__post_init__()
            held.append(self)

    catalog = Catalog(tasks={"last": Handing}, models={"small": Gru})
    spy = Spy(lambda: held[-1].test.inputs)
    found = run_cell(trial(toy_cell()), catalog, callbacks=[spy])
    assert found.status == "failed"
    assert "a trial may not look at the test split" in str(found.reason)
    assert run_cell(toy_cell(), catalog, callbacks=[spy]).status == "ok"
