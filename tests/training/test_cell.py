"""Tests one cell: which data each choice uses, when training ends, and that equal cells give equal bits.

Modules: seqbench.base.random_state, seqbench.gradients.training_norms, seqbench.training.building,
seqbench.training.cell_record, seqbench.training.cell_run, seqbench.training.clock, seqbench.training.costs,
seqbench.training.evaluations, seqbench.training.gradient_monitor, seqbench.training.train_and_test.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from seqbench import (
    Catalog,
    Experiment,
    Model,
    derive_seed,
    load_catalog,
    load_gradients,
    load_results,
)
from seqbench.data.batches import TrainingBatches
from seqbench.experiment.schema import Gradients
from seqbench.network.network import build_network
from seqbench.plugins.grid import expand
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.training.cell import run_cell
from seqbench.training.cell_data import data_fingerprint
from tests.toys import CATALOG, Gru, Last, toy_cell


def moves(record: Record) -> dict[str, object]:
    """Return all of a record that must not differ between two runs of a cell."""
    dumped = record.model_dump(exclude={"environment", "finished"})
    dumped["costs"] = {
        name: value for name, value in dumped["costs"].items() if "seconds" not in name and "bytes" not in name
    }
    return dumped


def test_cell_when_run_twice_gives_the_same_bits_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = run_cell(toy_cell(), CATALOG)
    assert torch.equal(torch.rand(3), expected)
    assert first.status == "ok"
    assert moves(run_cell(toy_cell(), CATALOG)) == moves(first)


def test_gradients_are_measured_before_and_after_and_move_no_score(tmp_path: Path) -> None:
    cell = toy_cell()
    on = run_cell(replace(cell, gradients=Gradients(every=20)), CATALOG)
    off = run_cell(replace(cell, gradients=Gradients(measure=False)), CATALOG)
    assert (on.key, on.test, on.course) == (off.key, off.test, off.course)
    assert off.gradients is None
    assert (on.cell.gradients or {})["every"] == 20
    assert on.gradients is not None
    assert [(each.when, each.step) for each in on.gradients.flows][:3] == [
        ("init", 0),
        ("during", 20),
        ("during", 40),
    ]
    assert on.gradients.flows[-1].when == "trained"
    Store(tmp_path).write(on)
    assert Store(tmp_path).read() == [on]
    row = load_results(tmp_path).iloc[0]
    assert row["gain_init"] == on.gradients.flows[0].summary.gain_per_step
    assert row["verdict"] == on.gradients.flows[-1].summary.verdict
    assert row["grad_norm_median"] <= row["grad_norm_p95"] <= row["grad_norm_max"]
    curves = load_gradients(tmp_path)
    assert set(curves["quantity"]) == {"state", "jacobian", "input"}
    assert (curves["n"] == 8).all()
    assert sorted(set(curves["lag"])) == [1, 2, 3, 4, 5]


def test_horizon_is_known_on_a_task_whose_last_steps_are_not_scored_if_lags_begin_at_the_last_scored_one() -> None:
    catalog = load_catalog()

    def horizon(gradients: Gradients) -> tuple[object, object]:
        small = {
            "vocab_size": 16,
            "num_kv_pairs": 2,
            "train_examples": 8,
            "validation_examples": 8,
            "test_examples": 8,
        }
        experiment = Experiment(
            tasks=["recall"], models=["gru"], lengths=[32], parameters={"recall": small}, training={"steps": 1}
        )
        (cell,) = expand(experiment, catalog)
        record = run_cell(replace(cell, gradients=gradients), catalog)
        assert record.gradients is not None
        return record.gradients.flows[0].headline.summary.horizon, record.cell.gradients

    lost, told = horizon(Gradients(examples=4, lags=16))
    assert lost is None
    assert "from_scored" not in told
    found, told = horizon(Gradients(examples=4, lags=16, from_scored=True))
    assert found is not None
    assert told["from_scored"] is True


def test_layer_that_knows_no_float64_keeps_its_score_and_says_why_it_has_no_curves() -> None:
    class Single(nn.Module):
        def forward(self, inputs: torch.Tensor, state: None = None) -> tuple[torch.Tensor, None]:
            if inputs.dtype != torch.float32:
                raise RuntimeError("float32 only")
            return inputs, None

    @dataclass(frozen=True)
    class Narrow(Model):
        name = "small"
        version = 1

        def build(self, input_size: int) -> nn.Module:
            return Single()

    cell = toy_cell(steps=5)
    cell = replace(cell, model=replace(cell.model, parameters={}))
    record = run_cell(cell, Catalog(tasks={"last": Last}, models={"small": Narrow}))
    assert record.status == "ok", record.reason
    assert record.gradients is not None
    assert record.gradients.flows == ()
    assert record.gradients.problems[0] == "init: float32 only"


def test_norms_of_every_step_are_those_of_the_backward_pass_and_say_what_was_clipped() -> None:
    record = run_cell(toy_cell(steps=1, batch_size=64, gradient_clip=1e-3), CATALOG)
    data = Last().load(6, 0)
    torch.manual_seed(derive_seed(0, "initialisation"))
    network = build_network(Gru(), data.inputs, data.targets, 32)
    network.loss(next(iter(TrainingBatches(data.train, 64, 1, seed=0)))).backward()
    by_hand = {name: weights.grad for name, weights in network.named_parameters() if weights.grad is not None}
    whole = math.sqrt(sum(float(gradient.double().square().sum()) for gradient in by_hand.values()))
    assert record.gradients is not None
    norms = record.gradients.norms
    assert norms is not None
    assert norms.whole.max == pytest.approx(whole, rel=1e-5)
    assert norms.groups["V"].max == pytest.approx(float(by_hand["layer.weight_hh_l0"].norm()), rel=1e-5)
    assert norms.groups["W"].max == pytest.approx(float(by_hand["head.weight"].norm()), rel=1e-5)
    assert (norms.clipped_share, norms.nonfinite_steps) == (1.0, 0)


def test_toy_task_is_learned_and_its_skill_stands_above_the_baseline() -> None:
    record = run_cell(toy_cell(steps=100), CATALOG)
    assert record.test is not None
    assert record.test.scores["accuracy"] == 1.0
    assert record.test.skill == 1.0
    assert record.test.examples == 64
    assert (record.costs.state_size, record.costs.steps) == (8, 100)


def test_test_labels_when_changed_move_the_test_score_and_nothing_that_is_chosen() -> None:
    honest, shifted = run_cell(toy_cell(), CATALOG), run_cell(toy_cell(shift=1), CATALOG)
    assert honest.course == shifted.course
    assert honest.validation_score == shifted.validation_score
    assert honest.test is not None
    assert shifted.test is not None
    assert honest.test.scores != shifted.test.scores


def test_weights_that_are_tested_are_those_that_validated_best() -> None:
    # A learning rate that is far too high makes the score go up and down.
    record = run_cell(toy_cell(learning_rate=1.0, steps=60, validate_every=5), CATALOG)
    scores = [validation.score for validation in record.course.validations if validation.score is not None]
    assert record.validation_score == max(scores) > scores[-1]
    best = record.course.validations[scores.index(max(scores))]
    assert record.course.best_step == best.step
    data = Last().load(6, 0)
    same_steps = run_cell(toy_cell(learning_rate=1.0, steps=best.step, validate_every=best.step), CATALOG)
    assert record.test is not None
    assert same_steps.test is not None
    assert record.test.scores == same_steps.test.scores
    assert record.data_fingerprint == data_fingerprint(data)


def test_training_ends_early_when_solved_or_out_of_patience() -> None:
    solved = run_cell(toy_cell(steps=400, stop_when_solved=0.001), CATALOG)
    assert (solved.stopped, solved.validation_score) == ("solved", 1.0)
    assert solved.costs.steps is not None
    assert solved.costs.steps < 400
    stuck = run_cell(toy_cell(steps=400, learning_rate=1e-12, patience=2), CATALOG)
    assert (stuck.stopped, stuck.costs.steps) == ("patience", 30)


def test_untrained_network_is_scored_when_steps_is_zero() -> None:
    record = run_cell(toy_cell(steps=0), CATALOG)
    assert (record.status, record.costs.steps, record.course.best_step) == ("ok", 0, 0)
    assert record.notes["seconds_per_step"]


def test_loss_when_not_finite_ends_the_cell_as_diverged_without_scores() -> None:
    record = run_cell(toy_cell(optimizer="sgd", learning_rate=1e38, gradient_clip=None), CATALOG)
    assert (record.status, record.stopped, record.test) == ("diverged", "diverged", None)
    assert record.reason is not None
    assert "loss was" in record.reason
    assert record.course.losses[-1][1] is None
    assert Record.from_json(record.to_json(), "here") == record


def test_record_of_a_cell_that_diverged_tells_nothing_of_the_steps_taken_before_it_was_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told(seconds_between_looks: float) -> Any:
        monkeypatch.setattr("seqbench.training.clock.SECONDS_BETWEEN_LOOKS", seconds_between_looks)
        cell = toy_cell(optimizer="sgd", learning_rate=1e38, gradient_clip=None, validate_every=20)
        record = run_cell(replace(cell, gradients=Gradients(every=1)), CATALOG)
        return record.model_dump(include={"status", "reason", "course", "gradients"}), record.costs.steps

    at_once, late = told(0.0), told(1e9)
    assert at_once == late
    assert late[1] < 19


@dataclass(frozen=True)
class Picky(Model):
    """A GRU that refuses numbers that are not finite."""

    name = "small"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        class Layer(nn.GRU):
            def forward(self, inputs: torch.Tensor, state: Any = None) -> Any:
                if not bool(inputs.isfinite().all()):
                    raise ValueError("not finite")
                return super().forward(inputs, state)

        return Layer(input_size, 4, batch_first=True)


def test_layer_that_refuses_what_is_not_finite_diverges_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqbench.training.clock.SECONDS_BETWEEN_LOOKS", 1e9)
    cell = toy_cell(optimizer="sgd", learning_rate=1e38, gradient_clip=None, validate_every=20)
    catalog = Catalog(tasks={"last": Last}, models={"small": Picky})
    record = run_cell(replace(cell, model=replace(cell.model, parameters={})), catalog)
    assert record.status == "diverged", record.reason
    assert "the training loss was" in str(record.reason)


def test_last_step_that_breaks_the_weights_is_diverged_although_no_loss_follows() -> None:
    record = run_cell(
        toy_cell(optimizer="sgd", learning_rate=1e38, weight_decay=1e3, gradient_clip=None, steps=1), CATALOG
    )
    assert (record.status, record.test) == ("diverged", None)
    assert record.reason == "a weight was not finite after step 1"


def test_data_that_change_after_the_cells_were_made_fail_the_cell(tmp_path: Path) -> None:
    data = tmp_path / "reviews.csv"
    data.write_text("text,label\n" + "a good film,1\na bad film,0\n" * 20)
    fields = {"tasks": ["sentiment"], "models": ["rnn"], "lengths": [8], "training": {"steps": 0}}
    parameters = {"sentiment": {"data": str(data)}}
    cell = expand(Experiment.model_validate({**fields, "parameters": parameters}), load_catalog())[0]
    data.write_text(data.read_text() + "an awful film,0\n")
    record = run_cell(cell, load_catalog())
    assert record.status == "failed"
    assert "changed while the sweep ran" in str(record.reason)


def test_plugin_that_raises_gives_a_failed_record_with_its_traceback() -> None:
    record = run_cell(toy_cell("broken"), CATALOG)
    assert (record.status, record.reason) == ("failed", "RuntimeError: the plugin's own fault")
    assert "in build" in str(record.traceback)


def test_cell_over_its_time_limit_is_a_timeout() -> None:
    record = run_cell(toy_cell(steps=10_000, time_limit=0.2, validate_every=10_000), CATALOG)
    assert record.status == "timeout"
    assert "0.2 s" in str(record.reason)


def test_trained_network_is_tested_at_other_lengths() -> None:
    record = run_cell(toy_cell(evaluate=(3, 50), steps=100), CATALOG)
    assert [(e.length, e.scores["accuracy"]) for e in record.evaluations] == [(3, 1.0), (50, 1.0)]
