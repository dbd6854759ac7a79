"""Tests that scores are unknown if an output is not finite, and refused if they are impossible."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
import torch
import torchmetrics
from torch import Tensor, nn

from seqbench import (
    UNSCORED,
    Baseline,
    Batch,
    Catalog,
    ContractError,
    Metric,
    Model,
    Ragged,
    Split,
    TaskData,
    evaluate,
    load_catalog,
)
from seqbench.contracts.metrics import Meters, check_baselines, reference
from seqbench.plugins.parameters import make
from seqbench.records.schema import Record
from seqbench.testing.tasks.predictors import perfect
from seqbench.training.cell import run_cell
from seqbench.training.preflight import check_data
from tests.toys import CATALOG, Last, toy_cell

SMALL: dict[str, dict[str, Any]] = {
    "adding": {},
    "brackets": {"train_examples": 64},
    "copy": {},
    "echo": {"train_examples": 64},
    "forecasting": {},
    "induction": {"train_examples": 64, "test_examples": 64},
    "music": {"train_steps": 200, "test_steps": 100},
    "next-token": {"train_tokens": 3000, "test_tokens": 600},
    "recall": {"vocab_size": 64, "train_examples": 64, "test_examples": 64},
    "selective-copy": {"train_examples": 64, "test_examples": 64},
    "pixels": {},
    "sentiment": {},
    "sort": {"train_examples": 64, "test_examples": 64},
    "state-tracking": {"train_examples": 64},
    "word-order": {"sentences": 200},
}


@cache
def small(name: str) -> TaskData:
    return make(load_catalog().task(name), SMALL[name]).load(12, 0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", SMALL)
def test_every_metric_of_every_bundled_task_is_unknown_where_one_output_is_not_finite(
    name: str, value: float
) -> None:
    data = small(name)
    answers = perfect(data.targets)

    def predict(batch: Batch) -> Tensor:
        outputs = answers.predict(batch).clone()
        if batch.targets.is_floating_point() or batch.targets.ndim == 1:
            outputs[0].view(-1)[-1] = value
        else:
            row, step = (batch.targets != UNSCORED).nonzero()[-1, :2].tolist()
            outputs[row, step, 0] = value
        return outputs

    assert all(math.isfinite(score) for score in evaluate(data.metrics, data.test, answers.predict).values())
    scores = evaluate(data.metrics, data.test, predict)
    assert all(math.isnan(score) for score in scores.values()), scores


def test_outputs_at_steps_that_are_not_scored_may_be_anything() -> None:
    data = small("copy")
    answers = perfect(data.targets)

    def predict(batch: Batch) -> Tensor:
        return answers.predict(batch).masked_fill((batch.targets == UNSCORED)[..., None], math.nan)

    assert evaluate(data.metrics, data.test, predict) == evaluate(data.metrics, data.test, answers.predict)


def test_padding_behind_numbers_reaches_no_metric() -> None:
    rows = [torch.tensor([1.0, 2.0]), torch.tensor([1.0])]
    split = Split(Ragged.from_rows(rows), Ragged.from_rows(rows))
    squared = Metric("mse", torchmetrics.MeanSquaredError, best=0.0, is_higher_better=False)
    right = {"mse": 0.0}
    assert evaluate([squared], split, lambda batch: torch.tensor([[1.0, 2.0], [1.0, 0.0]])) == right


@dataclass(frozen=True)
class Growing(Model):
    """Gives the sequence back until a step is reached, and then what is no number."""

    name = "small"
    version = 1
    hidden_size: int = 8

    def build(self, input_size: int) -> nn.Module:
        class Layer(nn.Module):
            def __init__(self, last: int) -> None:
                super().__init__()
                self.read = nn.Linear(input_size, 4)
                self.last = last

            def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
                outputs = self.read(inputs)
                is_late = torch.arange(inputs.shape[1]) >= self.last
                return outputs + torch.where(is_late, math.inf, 0.0)[:, None], None

        return Layer(self.hidden_size)


def run(model: type[Model] = Growing, task: type[Last] = Last, **training: object) -> Record:
    lengths = (3, 50) if model is Growing else ()
    cell = toy_cell(evaluate=lengths, steps=20, **training)
    return run_cell(
        cell, Catalog(tasks={"last": task}, models={"small": model, "broken": CATALOG.models["broken"]})
    )


def test_network_whose_outputs_end_at_a_further_length_has_no_score_there_and_says_where() -> None:
    record = run()
    assert record.status == "ok"
    near, far = record.evaluations
    assert near.scores["accuracy"] is not None
    assert near.not_finite is None
    assert (far.scores, far.skill) == ({"accuracy": None}, None)
    assert far.not_finite is not None
    assert (far.not_finite.outputs, far.not_finite.scored) == (64, 64)
    assert record.notes["scores.accuracy@50"] == (
        "at length 50, 64 of 64 scored outputs were not finite (first: example 0; example 1; example 2)"
    )
    assert Record.from_json(record.to_json(), "here") == record


def test_network_whose_test_outputs_are_not_finite_diverged() -> None:
    class OnTest(Last):
        def load(self, length: int, seed: int) -> TaskData:
            # The test split alone is longer than the model can go.
            return replace(super().load(length, seed), test=super().load(30, seed).test)

    record = run(task=OnTest)
    assert record.status == "diverged"
    assert "at length 6, 64 of 64 scored outputs were not finite" in str(record.reason)
    assert record.test is not None
    assert record.test.scores == {"accuracy": None}
    assert record.evaluations == ()


def scored_by(metric: Callable[[], torchmetrics.Metric], **given: object) -> type[Last]:
    class Scored(Last):
        def load(self, length: int, seed: int) -> TaskData:
            return replace(super().load(length, seed), metrics=(Metric("accuracy", metric, **given),))  # type: ignore[arg-type]

    return Scored


class Ending(torchmetrics.Metric):
    """Better at each validation, and infinite from the third on."""

    made = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1
        self.score = math.inf if type(self).made > 2 else 0.1 * type(self).made

    def update(self, outputs: Tensor, targets: Tensor) -> None: ...

    def compute(self) -> float:
        return self.score


def test_validation_whose_score_is_unknown_is_never_the_best() -> None:
    Ending.made = 0
    record = run(CATALOG.models["small"], scored_by(Ending), validate_every=5)
    assert [v.score for v in record.course.validations] == [0.1, 0.2, None, None]
    assert (record.course.best_step, record.validation_score) == (10, 0.2)
    assert "unknown at 2 of 4 validations, first after step 15" in record.notes["course.validations"]


@pytest.mark.parametrize(
    ("metric", "given", "words"),
    [
        (
            lambda: torchmetrics.classification.MulticlassAccuracy(4, average="none"),
            {},
            "a tensor of the shape [4]",
        ),
        (torchmetrics.MeanSquaredError, {}, "in the metric accuracy"),
        (
            lambda: torchmetrics.classification.MulticlassAccuracy(4, average="micro"),
            {"best": 0.01},
            "best possible",
        ),
        (
            lambda: torchmetrics.classification.MulticlassAccuracy(4, average="micro"),
            {"best": 3.0, "worst": 2.0},
            "worst possible",
        ),
    ],
)
def test_metric_that_cannot_be_right_fails_the_cell_with_the_reason(
    metric: Callable[[], torchmetrics.Metric], given: dict[str, float], words: str
) -> None:
    record = run(CATALOG.models["small"], scored_by(metric, **given))
    assert record.status == "failed"
    assert words in str(record.reason)


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        (Baseline("magic", {"accuracy": 2.0}), "'magic' cannot be right: accuracy is 2, beyond its best"),
        (Baseline("magic", {"accuracy": 2.0}, is_reference=False), "beyond its best possible value, 1"),
        (Baseline("lost", {"accuracy": math.nan}), "'lost' scores accuracy = nan"),
    ],
)
def test_baseline_that_cannot_be_right_is_found_before_anything_is_trained(baseline: Baseline, words: str) -> None:
    class Promising(Last):
        def load(self, length: int, seed: int) -> TaskData:
            data = super().load(length, seed)
            return replace(data, baselines=(*data.baselines, baseline))

    catalog = Catalog(tasks={"last": Promising}, models=CATALOG.models)
    with pytest.raises(ContractError) as raised:
        check_data(toy_cell(), catalog)
    assert words in str(raised.value)
    record = run_cell(toy_cell(steps=1), catalog)
    assert record.status == "failed"
    assert words in str(record.reason)


def test_baseline_whose_predictions_are_not_finite_has_no_score_and_is_no_reference() -> None:
    data = Last().load(6, 0)
    shares = torch.tensor([0.5, 0.5, 0.0, 0.0]).log()
    found = evaluate(data.metrics, data.test, lambda batch: shares.expand(len(batch.targets), 4))
    assert math.isnan(found["accuracy"])
    with pytest.raises(ContractError, match="finite"):
        reference([*data.baselines, Baseline("shares", found)], data.metrics[0])
    # One that nothing is measured from may be without a score.
    check_baselines([*data.baselines, Baseline("shares", found, is_reference=False)], data.metrics)


def test_sums_are_kept_in_float64_wherever_scores_are_made() -> None:
    squared = Metric("mse", torchmetrics.MeanSquaredError, best=0.0, is_higher_better=False)
    meters = Meters([squared])
    batch = Batch(torch.zeros(1, 1), torch.zeros(1, 1, 1), torch.tensor([1]))
    for number in range(1000):
        meters.update(torch.full((1, 1, 1), 1e4 if number == 0 else 1.0), batch)
    assert meters.scores()["mse"] == pytest.approx((1e8 + 999) / 1000, rel=1e-12)
