"""Tests that a task of each kind of target trains to a good score, is measured, shown and passes the kit.

Modules: seqbench.contracts.inputs, seqbench.contracts.targets, seqbench.contracts.unfit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
import torch

from seqbench import Catalog, Experiment, Ragged, Split, Task, TaskData
from seqbench.cli.show import task_facts
from seqbench.plugins.grid import expand
from seqbench.records.schema import Record
from seqbench.testing import CheckFailed, checks, run_checks
from seqbench.training.cell import run_cell
from tests.kind_toys import Delayed, Dictation, Gru, Recent

TOYS = {toy.name: toy for toy in (Recent, Delayed, Dictation)}


def trained(task: type[Task]) -> Record:
    settings = {"steps": 250, "batch_size": 32, "learning_rate": 0.03, "validate_every": 50, "schedule": "linear"}
    fields = {
        "tasks": [task.name],
        "models": ["gru"],
        "lengths": [14],
        "training": settings,
        "gradients": {"measure": True, "examples": 8},
    }
    catalog = Catalog(tasks={task.name: task}, models={"gru": Gru})
    return run_cell(expand(Experiment.model_validate(fields), catalog)[0], catalog)


@pytest.mark.slow
@pytest.mark.parametrize("name", TOYS)
def test_toy_of_each_kind_trains_to_a_good_score_and_its_gradients_are_measured(name: str) -> None:
    record = trained(TOYS[name])
    assert record.status == "ok", record.reason
    assert record.test is not None
    assert record.test.skill is not None
    assert record.test.skill > 0.9, record.test.scores
    assert record.gradients is not None
    assert not record.gradients.problems
    for flow in record.gradients.flows:
        for curve in flow.flow.curves:
            assert any(norm is not None and norm > 0 for norm in curve.median), curve.quantity


@pytest.mark.parametrize("name", TOYS)
def test_toy_of_each_kind_passes_the_kit(name: str) -> None:
    outcomes = run_checks(TOYS[name])
    wrong = {one.id: one.message for one in outcomes if one.status != "passed"}
    assert {id.partition(":")[0] for id in wrong} <= {"decoding"}, wrong


@dataclass(frozen=True)
class Partial(Delayed):
    """Asks for the channels of a step in part."""

    name = "partial"

    def load(self, length: int, seed: int) -> TaskData:
        data = super().load(length, seed)
        data.test.targets.values[1, 0] = math.nan
        return data


@dataclass(frozen=True)
class Hurried(Dictation):
    """Asks for more symbols than there are steps."""

    name = "hurried"

    def load(self, length: int, seed: int) -> TaskData:
        data = super().load(length, seed)
        rows = [torch.zeros(length, dtype=torch.int64)] * len(data.test)
        return replace(data, test=Split(data.test.inputs, Ragged.from_rows(rows)))


@dataclass(frozen=True)
class Loud(Recent):
    """Calls a label 2."""

    name = "loud"

    def load(self, length: int, seed: int) -> TaskData:
        data = super().load(length, seed)
        data.train.targets.values[1, 0] = 2
        return data


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (Partial, "in all of its channels"),
        (Hurried, "needs 15 steps and has 8"),
        (Loud, "out of range: one is 2"),
    ],
)
def test_targets_that_are_not_as_their_kind_says_fail_the_check_of_that_name(task: type[Task], words: str) -> None:
    with pytest.raises(CheckFailed, match=words):
        dict(checks(task))["targets:8"]()


@pytest.mark.parametrize("name", TOYS)
def test_toy_of_each_kind_is_shown_by_its_kind_and_an_example(name: str) -> None:
    facts = task_facts(TOYS[name](), 6, 0)
    assert facts["targets"] in ("StepLabels(labels=4)", "StepValues(channels=2)", "Transcript(symbols=4)")
    assert "target" in facts["example"]
