"""Tests the facts of papers: what is run, how a learning rate is chosen, and what the page says of the results."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import facts
from benchmarks.facts_list import (
    FACTS,
    RECEPTIVE_FIELD,
    Case,
    Expected,
    Flow,
    Trained,
    fails,
    horizon,
    reach,
    solves,
)
from benchmarks.facts_page import Outcome, page
from benchmarks.facts_plan import plan
from benchmarks.facts_rows import FlowRow, SkillRow, best, flow_rows

TINY = Trained(
    name="tiny",
    claim="An rnn knows",
    paper="Nobody 2026",
    task="state-tracking",
    settings={"group": "Z2", "train_examples": 64, "validation_examples": 8, "test_examples": 8},
    models={"rnn": {"hidden_size": 4}},
    lengths=(4,),
    further=(8,),
    expected=(*solves("rnn", 4), *fails("rnn", 8)),
    training={"steps": 2, "batch_size": 4},
    rates=(1e-4, 1e-3),
)
ROW = SkillRow(
    model="rnn",
    trained=4,
    tested=4,
    weights=1000,
    rate=1e-3,
    validation={1e-3: 0.9},
    metric="accuracy",
    scores=(1.0, 1.0, 0.75),
    skills=(1.0, 1.0, 0.5),
    expected=Expected("rnn", 4, at_least=0.8),
)


def test_learning_rate_is_the_best_of_validation_in_the_metrics_direction() -> None:
    assert best({1e-2: 0.2, 1e-3: 0.9, 3e-3: 0.9}, is_higher_better=True) == 1e-3
    assert best({1e-2: 0.2, 1e-3: 0.9, 3e-3: 0.9}, is_higher_better=False) == 1e-2


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_every_fact_expects_something_of_models_and_lengths_that_it_runs(fact: Trained | Flow) -> None:
    if isinstance(fact, Flow):
        assert all(case.low <= case.high for case in fact.cases)
        return
    assert facts.experiment(fact, fact.rates[0]).training.learning_rate == fact.rates[0]
    assert len(fact.rates) == 3
    for each in fact.expected:
        assert each.model in fact.models
        assert each.length in (*fact.lengths, *fact.further)


def test_receptive_field_is_expected_to_end_one_step_before_its_number_of_inputs() -> None:
    assert {(case.settings["layers"], case.high) for case in RECEPTIVE_FIELD.cases} == {(2, 12), (3, 56)}


def test_mean_skill_decides_and_the_bounds_count() -> None:
    assert ROW.is_met
    assert not replace(ROW, skills=(1.0, 1.0, 0.0)).is_met
    assert fails("rnn", 4)[0].is_met(0.5)
    assert not fails("rnn", 4)[0].is_met(float("nan"))


def test_verdict_waits_until_every_expectation_has_a_row() -> None:
    met, unmet = ROW, replace(ROW, tested=8, expected=Expected("rnn", 8, at_most=0.5))
    assert Outcome(TINY, ()).verdict == "not run"
    assert Outcome(TINY, (met,)).verdict == "not finished"
    assert Outcome(TINY, (met, unmet)).verdict == "in part"
    assert Outcome(TINY, (met, met)).verdict == "yes"
    assert Outcome(TINY, (unmet, unmet)).verdict == "no"


def test_every_seed_has_to_be_in_the_range_of_a_flow() -> None:
    row = FlowRow(model="tcn", length=13, values=(12, 12, 12), low=12, high=12)
    assert row.is_met
    assert not replace(row, values=(12, 12, 11)).is_met


def test_numbers_are_read_from_the_json_of_the_gradients_command() -> None:
    curve = {"quantity": "input", "part": "all", "lags": [1, 2, 3], "ln_median": [-0.5, -900.0, None]}
    text = json.dumps({"models": [{"horizon": {"lag": 7, "is_censored": False}, "curves": [curve]}]})
    case = Case(model="tcn", length=4, low=2, high=2)
    fact = Flow(name="f", claim="c", paper="p", number="n", measure=reach, cases=(case,))
    assert flow_rows(fact, [[text] * 3])[0].values == (2, 2, 2)
    assert flow_rows(replace(fact, measure=horizon), [[text] * 3])[0].values == (7, 7, 7)
    assert flow_rows(fact, [[text]]) == ()


@pytest.mark.slow
def test_plan_counts_the_cells_of_all_rates_and_tells_their_time() -> None:
    fact = replace(TINY, training={**TINY.training, "steps": 10_000})
    head, row, whole = plan([(fact, facts.experiment(fact, fact.rates[0]))])
    assert head.split() == ["fact", "model", "cells", "minutes"]
    assert row.split()[:3] == ["tiny", "rnn", "6"]
    assert float(row.split()[3]) > 0
    assert whole.startswith("at most ")


@pytest.mark.slow
def test_tiny_fact_is_run_and_read_again_to_the_same_page(tmp_path: Path) -> None:
    (ran,) = facts.outcomes([TINY], ["tiny"], tmp_path, jobs=1)
    (read,) = facts.outcomes([TINY], [], tmp_path, jobs=1)
    assert ran == read
    assert [(row.model, row.trained, row.tested) for row in ran.rows if isinstance(row, SkillRow)] == [
        ("rnn", 4, 4),
        ("rnn", 4, 8),
    ]
    told = page([ran], "found")
    assert "python -m benchmarks.facts --only tiny --output found" in told
    assert told == page([read], "found")
    assert page([Outcome(TINY, ())], "found").count("not run") == 2
