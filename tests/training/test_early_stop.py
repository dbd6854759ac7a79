"""Tests what ends a training before its last step: of a trial, a bar that its best score has not reached."""

from __future__ import annotations

from dataclasses import replace

from torchmetrics import MeanSquaredError
from torchmetrics.classification import MulticlassAccuracy

from seqbench import Metric
from seqbench.experiment.trials import TrialData
from seqbench.training.cell import run_cell
from seqbench.training.early_stop import is_pruned
from tests.toys import CATALOG, toy_cell

ACCURACY = Metric("accuracy", lambda: MulticlassAccuracy(4))
ERROR = Metric("mse", MeanSquaredError, best=0.0, is_higher_better=False, worst=None)


def test_a_score_worse_than_the_bar_of_its_step_is_pruned_in_both_directions() -> None:
    bars = {10: 0.5}
    assert [is_pruned(10, score, ACCURACY, bars) for score in (0.4, 0.5, 0.6)] == [True, False, False]
    assert [is_pruned(10, score, ERROR, bars) for score in (0.4, 0.5, 0.6)] == [False, False, True]
    assert not is_pruned(20, 0.0, ACCURACY, bars)


def test_a_trial_ends_at_the_first_bar_that_it_does_not_reach() -> None:
    trial = TrialData("search", 0, {"learning_rate": 0.03}, bars=((10, 0.0), (20, 1.01), (30, 1.01)))
    record = run_cell(replace(toy_cell(), trial=trial), CATALOG)
    assert (record.status, record.stopped, record.costs.steps) == ("ok", "pruned", 20)
    assert [each.step for each in record.course.validations] == [10, 20]
