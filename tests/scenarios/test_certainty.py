"""Tests that reports say how certain a number is: the worth of a test example, unknown scores, warnings.

Modules: seqbench.records.resolution, seqbench.report.numbers, seqbench.report.tables.remarks.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any

import pytest
import torch

from seqbench import Ragged, Split, load_catalog
from seqbench.gradients.flow import Flow, curve_of, summarise_flow
from seqbench.records.rows import rows
from seqbench.records.schema import Evaluation, FlowAt, GradientData, MetricData, Record
from seqbench.report import FORMATS, result_tables
from seqbench.report.charts.lines import looks
from seqbench.report.observations import observations
from seqbench.report.page.overview import overview
from seqbench.report.tables.comparison import comparison_tables
from seqbench.report.tables.failures import failures
from seqbench.report.tables.remarks import warnings_of
from seqbench.statistics import summary, usable_length
from seqbench.training.cell import run_cell
from tests.report.tables.test_scores import record, texts, three_seeds
from tests.toys import CATALOG, toy_cell

EVERY = list(FORMATS)


def of(record_: Record, **changes: Any) -> Record:
    return record_.model_copy(update=changes)


def looking_back(*scores: float, **rest: Any) -> list[Record]:
    """Return records of a task whose longer sequences tell more, at the lengths 16, 64, 256 and so on."""
    return [
        of(record(score, length=16 * 4**i, task="forecasting", **rest), is_longer_harder=False)
        for i, score in enumerate(scores)
    ]


# ---- usable length


def test_where_longer_is_no_harder_a_short_length_that_fails_is_no_failure() -> None:
    # Skills by hand, (score - 0.125) / 0.875: 0.429, 0.571, 0.543, 0.543.
    table = result_tables(looking_back(0.5, 0.625, 0.6, 0.6))[-1]
    assert texts(table)[0][:3] == ["forecasting", "lstm", "64 to >= 1024"]
    assert any(line.startswith("forecasting: a longer sequence is not harder") for line in table.lines)
    assert any(line.startswith("Nearly equal skills at two lengths") for line in table.lines)
    # The same scores where longer is harder: nothing holds from the start.
    hard = [of(each, is_longer_harder=True) for each in looking_back(0.5, 0.625, 0.6, 0.6)]
    assert texts(result_tables(hard)[-1])[0][2] == "-"
    assert not any("not harder" in line for line in result_tables(hard)[-1].lines)


@pytest.mark.parametrize(
    ("skills", "diverged", "expected"),
    [
        ({16: [0.4], 64: [0.6], 256: [0.6]}, (), "64 to >= 256"),
        ({16: [0.6], 64: [0.4], 256: [0.6], 1024: [0.6], 4096: [0.1]}, (), "16, 256 to 1024"),
        ({16: [0.6], 64: [0.6], 256: [0.6]}, (64,), "16, >= 256"),
        ({16: [0.6], 64: [], 256: [0.6]}, (), "16, >= 256 (T=64 unknown)"),
        ({16: [0.4], 64: [0.49999]}, (), "-"),
        ({16: [], 64: []}, (), "? (T=16, 64 unknown)"),
    ],
)
def test_ranges_hold_every_tested_length_in_them_and_no_other(
    skills: dict[int, list[float]], diverged: tuple[int, ...], expected: str
) -> None:
    found = {length: summary(values) for length, values in skills.items()}
    usable = usable_length(found, diverged, is_longer_harder=False)
    assert str(usable) == expected
    for length, values in skills.items():
        assert usable.holds(length) == (bool(values) and values[0] >= 0.5 and length not in diverged)


def test_bounds_of_a_range_are_those_of_the_intervals() -> None:
    seeds = {16: [0.9, 0.1, 0.4], 64: [0.8, 0.81, 0.79], 256: [0.1, 0.1, 0.11]}
    usable = usable_length({length: summary(values) for length, values in seeds.items()}, is_longer_harder=False)
    assert (str(usable), usable.interval) == ("64", "[64, 16 to 64]")


@pytest.mark.parametrize("name", ["terminal", "markdown", "latex", "html", "json"])
def test_every_format_shows_the_range(name: str) -> None:
    text = FORMATS[name].write(looking_back(0.5, 0.625, 0.6))
    assert re.search(r"64 to (>=|≥|\\textgreater\{\}=|\$\\geq\$) 256", text)


def test_bar_of_a_range_begins_where_the_range_does() -> None:
    (line,) = overview(observations(looking_back(0.5, 0.625, 0.6, 0.1)), looks(["lstm"])).lines
    assert line.usable[0].parts == ((25, 50),)


def test_bundled_tasks_say_whether_longer_is_harder() -> None:
    tasks = load_catalog().tasks
    said = {name: make().is_longer_harder for name, make in tasks.items()}
    assert {name for name, is_harder in said.items() if not is_harder} == {"forecasting", "next-token"}
    assert {"adding", "copy", "recall", "sentiment", "state-tracking", "word-order"} < set(said)
    # Of a real text a greater length reads more.
    assert not tasks["sentiment"](data="reviews.csv").is_longer_harder  # type: ignore[call-arg]


def test_a_record_keeps_what_its_task_says_and_an_old_one_counts_as_harder() -> None:
    class Easier(CATALOG.tasks["last"]):  # type: ignore[name-defined, misc]
        @property
        def is_longer_harder(self) -> bool:
            return False

    told = run_cell(toy_cell(steps=2), replace(CATALOG, tasks={"last": Easier}))
    assert not told.is_longer_harder
    old = json.loads(told.to_json())
    del old["is_longer_harder"]
    assert Record.from_json(json.dumps(old), "here").is_longer_harder


# ---- what one test example is worth

ACCURACY = MetricData(name="accuracy", best=1.0, worst=0.0, is_higher_better=True)


def with_examples(each: Record, examples: int) -> Record:
    assert each.test is not None
    return of(each, metric=ACCURACY, test=each.test.model_copy(update={"examples": examples}))


def test_worth_of_an_example_stands_beside_their_number_and_marks_what_lies_within_it() -> None:
    # One of 50 examples is worth 0.02 of accuracy, and of skill 0.02 / 0.875.
    seen = [with_examples(record(score, model=model), 50) for model, score in (("gru", 0.14), ("lstm", 0.2))]
    score, skill = result_tables(seen)
    assert "test examples: 50; one of them is worth up to 0.0229 of skill; " in score.lines[0]
    assert [row[-1] for row in texts(skill)] == ["0.017 ≈", "0.086"]
    assert skill.notes[-1] == "≈ = within what one test example is worth"
    # Two models that are one example apart.
    near = [with_examples(record(score, model=model), 50) for model, score in (("gru", 0.60), ("lstm", 0.62))]
    assert texts(comparison_tables(observations(near))[1])[0][6] == "-0.023 ≈"
    apart = [with_examples(record(score, model=model), 50) for model, score in (("gru", 0.60), ("lstm", 0.70))]
    assert texts(comparison_tables(observations(apart))[1])[0][6] == "-0.114"


def test_coarse_skill_is_told_where_examples_are_few_and_where_the_baseline_is_nearly_perfect() -> None:
    few = with_examples(record(0.5), 10)
    assert "(coarse: skills that differ by less say nothing)" in result_tables([few])[0].lines[0]
    # 1,000 examples: 0.001 of accuracy, and a baseline of 0.998 leaves 0.002 to win: half of all skill.
    near = with_examples(record(0.5, baseline=0.998), 1000)
    score, skill = result_tables([near])
    assert "up to 0.500 of skill (coarse" in score.lines[0]
    assert texts(skill)[0][-1] == "-249"
    assert any(line.startswith("Skill below -5: the baseline is so near") for line in skill.lines)
    assert "coarse" not in result_tables([with_examples(record(0.5), 1000)])[0].lines[0]


def test_metric_without_a_worst_value_tells_no_worth() -> None:
    assert "one of them" not in result_tables([record(0.125)])[0].lines[0]
    assert "≈" not in str(texts(result_tables([record(0.125)])[-1]))


def test_balanced_accuracy_says_that_a_text_of_the_smallest_class_is_worth_most() -> None:
    from seqbench_sentiment.scores import metrics

    labels = torch.tensor([0] * 6 + [1] * 2 + [2] * 4)
    split = Split(Ragged(torch.zeros(12, dtype=torch.long), torch.arange(13)), labels)
    metric = metrics(3)[0]
    assert metric.one_example is not None
    # By hand: of two texts of a class one is half of its recall, which is a third of the score.
    assert metric.one_example(split) == pytest.approx(1 / 6)


def test_worth_that_a_metric_states_goes_before_the_general_one() -> None:
    each = with_examples(record(0.2), 50)
    assert each.test is not None
    stated = of(each, test=Evaluation.model_validate({**each.test.model_dump(), "one_example": 0.0875}))
    assert "up to 0.100 of skill" in result_tables([stated])[0].lines[0]


# ---- the draw of the test examples


def drawn(record_: Record) -> Record:
    """Return a record whose accuracy on 2000 test examples has the standard error 0.02."""
    each = with_examples(record_, 2000)
    assert each.test is not None
    told = {**each.test.model_dump(), "standard_errors": {"accuracy": 0.02}}
    return of(each, test=Evaluation.model_validate(told))


def test_one_seed_has_an_interval_over_test_examples_and_several_have_one_over_seeds() -> None:
    (score, skill) = result_tables([drawn(record(0.5))])
    # Wilson's interval of 625 answers, 0.5 * 0.5 / 0.02**2 of them: 0.0391 on either side.
    assert texts(score)[-1][-1] == "0.500 examples [0.461, 0.539]"
    assert any("95% interval over draws of the test examples" in note for note in score.notes)
    assert "examples [" not in str(texts(skill))
    several = result_tables([drawn(each) for each in three_seeds(0.4, 0.5, 0.6)])[0]
    assert "examples [" not in str(texts(several))
    (row,) = rows([drawn(record(0.5))])
    ends = row["score_low_over_examples"], row["score_high_over_examples"]
    assert ends == pytest.approx((0.4609, 0.5391), abs=2e-4)
    assert "score_low_over_examples" not in rows([record(0.5)])[0]
    assert "standard_errors" not in record(0.5).to_json()


# ---- what was warned of, what is unknown, what was not measured


def test_a_warning_stands_once_with_its_cells_cut_and_printable() -> None:
    warned = [of(record(seed=seed), warnings=("3 of 20 texts\nare \x1b[31mcopies",)) for seed in (0, 1)]
    long = of(record(model="gru"), warnings=("x" * 100_000,))
    first, second = warnings_of([*warned, long, record(length=99)])
    assert first == "3 of 20 texts are \\x1b[31mcopies (2 cells: copy, lstm, T=12, seeds 0, 1)"
    assert len(second) < 600
    assert second.endswith("(1 cell: copy, gru, T=12, seed 0)")


@pytest.mark.parametrize("name", EVERY)
def test_every_format_tells_that_test_texts_are_training_texts_too(name: str) -> None:
    warned = of(record(), warnings=("sentiment: 20 of 20 test texts are in train as well",))
    assert "20 of 20 test texts are in train as well" in FORMATS[name].write([warned])
    other = ("60% of the tokens are not in the vocabulary; more training texts make more known",)
    silent = of(record(), facts={"test_texts_also_in_train": 20}, warnings=other)
    if name != "csv":
        text = FORMATS[name].write([silent])
        assert "texts of the test split that are training texts too: 20" in text
    assert warnings_of([of(record(), facts={"test_texts_also_in_train": 0})]) == []


def unknown(reason: str) -> Record:
    """Return a cell that ran to its end, and whose outputs were not finite at its length and at another."""
    each = record(0.9, elsewhere={24: 0.5})
    assert each.test is not None
    nothing = {"scores": dict.fromkeys(each.test.scores), "skill": None}
    return of(
        each,
        test=each.test.model_copy(update=nothing),
        evaluations=tuple(other.model_copy(update=nothing) for other in each.evaluations),
        notes={f"scores.{name}@{n}": reason for name in ("accuracy", "error") for n in (12, 24)},
    )


@pytest.mark.parametrize("name", [name for name in EVERY if name != "csv"])
def test_every_format_shows_an_unknown_score_as_unknown_with_its_reason(name: str) -> None:
    told = "7 of 50 outputs were not finite"
    text = FORMATS[name].write([unknown(told), record(model="gru", elsewhere={24: 0.5})])
    assert "unknown" in text
    assert told in text


def test_unknown_score_has_no_rank_and_no_best_and_its_nulls_are_each_told() -> None:
    records = [unknown("not finite"), record(0.2, model="gru", elsewhere={24: 0.5})]
    score, transfer, skill = result_tables(records)
    assert texts(score)[-1] == ["lstm", "unknown"]
    assert texts(transfer)[-1] == ["lstm", "T=12", "unknown"]
    assert [row[-1] for row in texts(skill)] == ["0.086", "unknown"]
    (ranks,) = comparison_tables(observations(records))
    assert [row[1] for row in texts(ranks)] == ["not ranked", "not ranked"]
    told = failures(records)
    for null in ("scores.accuracy@12", "scores.accuracy@24", "scores.error@24"):
        assert f"copy lstm T=12, seed 0: {null} is unknown: not finite" in told
    # A null without a note is told as well.
    assert "copy lstm T=12, seed 0: skill@24 is unknown: no reason was recorded" in told


@pytest.mark.parametrize("name", [name for name in EVERY if name != "csv"])
def test_reason_of_a_missing_trained_flow_stands_below_the_gradient_table(name: str) -> None:
    state, jacobian = (curve_of(what, "all", (1, 2), [[-1.0], [-2.0]]) for what in ("state", "jacobian"))  # type: ignore[arg-type]
    flow = Flow(12, 1, 1, (state, jacobian))
    told = GradientData(
        flows=(FlowAt(when="init", step=0, flow=flow, summary=summarise_flow(flow)),),
        norms=None,
        problems=("trained: the weight cannot be copied",),
    )
    records = [of(each, gradients=told) for each in three_seeds(0.5, 0.6, 0.7)]
    assert "trained: the weight cannot be copied" in FORMATS[name].write(records)
    (table,) = (each for each in result_tables(records) if "gradient" in each.title)
    assert table.below == ("no flow, trained: the weight cannot be copied (3 cells: lstm, T=12, seeds 0..2)",)


def test_gradient_table_announces_a_horizon_only_where_it_holds_one() -> None:
    # The step at lag 1 is not scored, as in word-order: there is nothing to measure a horizon against.
    state = curve_of("state", "all", (1, 2, 3), [[-math.inf], [-2.0], [-3.0]])
    jacobian = curve_of("jacobian", "all", (1, 2, 3), [[-1.0], [-2.0], [-3.0]])
    flow = Flow(12, 1, 1, (state, jacobian))
    summary_ = summarise_flow(flow)
    assert summary_.horizon is None
    told = GradientData(flows=(FlowAt(when="trained", step=0, flow=flow, summary=summary_),), norms=None)
    (table,) = (each for each in result_tables([of(record(), gradients=told)]) if "gradient" in each.title)
    assert "horizon" not in " ".join(table.lines)
    assert table.below[0].startswith("no horizon: the norm at lag 1")


def test_a_table_over_several_devices_says_so() -> None:
    there = [
        of(record(seed=seed), environment={"device": name}) for seed, name in enumerate(("cpu", "NVIDIA H200"))
    ]
    assert result_tables(there)[0].lines[0].endswith("; the cells ran on different devices: NVIDIA H200, cpu.")
    assert "devices" not in result_tables(there[:1])[0].lines[0]


def test_numbers_are_not_rounded_across_what_they_are_compared_with() -> None:
    assert texts(result_tables([record(0.9996)])[0])[-1] == ["lstm", "0.9996"]
    # A skill of 0.49998 does not hold, and must not be shown as one of 0.500.
    row = texts(result_tables([record(0.125 + 0.875 * 0.49998)])[-1])[0]
    assert row[2:] == ["-", "0.49998"]
