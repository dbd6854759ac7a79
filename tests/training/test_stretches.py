"""Tests that a training is divided at its validations, also where it begins in the middle of one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch

from seqbench.data.batches import TrainingBatches
from seqbench.experiment.schema import Gradients
from seqbench.records.schema import Record
from seqbench.training.cell import run_cell
from seqbench.training.stretches import Stretches
from tests.toys import CATALOG, Last, toy_cell


@pytest.mark.parametrize(
    ("steps", "every", "taken", "validates_first", "sizes"),
    [
        (12, 4, 0, False, [4, 4, 4]),
        (13, 5, 0, False, [5, 5, 3]),
        (3, 100, 0, False, [3]),
        (13, 5, 7, False, [3, 3]),
        (13, 5, 10, True, [0, 3]),
        (13, 5, 10, False, [3]),
        (13, 5, 13, True, [0]),
        (13, 5, 13, False, []),
    ],
)
def test_stretches_end_at_validations_and_hold_the_batches_that_are_left(
    steps: int, every: int, taken: int, validates_first: bool, sizes: list[int]
) -> None:
    split = Last().load(6, 0).train
    stretches = Stretches(TrainingBatches(split, 16, steps, 0, taken), every, validates_first=validates_first)
    found = [[batch.inputs for batch in stretch] for stretch in stretches]
    assert [len(stretch) for stretch in found] == sizes
    assert len(stretches) == len(sizes)
    left = [batch.inputs for batch in TrainingBatches(split, 16, steps, 0)][taken:]
    assert all(torch.equal(one, other) for one, other in zip([b for s in found for b in s], left, strict=True))


def run(should_stop: Callable[[], bool] = lambda: False, **training: Any) -> Record:
    cell = dataclasses.replace(
        toy_cell(**{"steps": 23, "validate_every": 5, **training}),
        gradients=Gradients(every=4, examples=2, draws=1, lags=2),
    )
    record = run_cell(cell, CATALOG, should_stop=should_stop)
    assert record.status in ("ok", "interrupted"), record.traceback
    return record


def test_validations_and_measurements_come_at_their_own_steps_though_none_divides_the_other() -> None:
    record = run()
    assert [v.step for v in record.course.validations] == [5, 10, 15, 20, 23]
    assert record.gradients is not None
    assert [flow.step for flow in record.gradients.flows if flow.when == "during"] == [4, 8, 12, 16, 20]
    assert record.gradients.norms is not None
    assert [step for step, _ in record.gradients.norms.course] == list(range(1, 24))


def test_weights_do_not_depend_on_how_often_they_are_validated() -> None:
    often, once = run(validate_every=1), run(validate_every=23)
    assert often.course.losses == once.course.losses
    assert len(often.course.validations) == 23


def test_request_to_stop_is_heard_before_every_step_and_every_batch_of_a_validation() -> None:
    looks: list[int] = []
    whole = run(lambda: bool(looks.append(0)))
    # 23 steps, 5 validations and the test, of one batch each.
    assert (whole.status, len(looks)) == ("ok", 23 + 5 + 1)
    for step in (0, 3, 4):
        left = iter([False] * step)
        reason = str(run(lambda left=left: next(left, True)).reason)  # type: ignore[misc]
        assert reason.startswith(f"it was asked to stop after step {step};")
