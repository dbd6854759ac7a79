"""Tests that the best of a column is marked, and what differs by one test example is tied with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from seqbench.records.schema import MetricData, Record
from seqbench.report import FORMATS, result_tables
from seqbench.report.observations import observations
from seqbench.report.tables.bests import Column
from seqbench.report.tables.seed_summaries import SCORE, SKILL
from tests.report.tables.test_scores import record as unbounded

ACCURACY = MetricData(name="accuracy", best=1.0, worst=0.0, is_higher_better=True)
ERROR = MetricData(name="error", best=0.0, worst=1.0, is_higher_better=False)


def record(score: float | None = None, *, metric: MetricData = ACCURACY, **settings: Any) -> Record:
    return unbounded(score, **settings).model_copy(update={"metric": metric})


def standings(records: Sequence[Record], title: str = "copy: accuracy") -> dict[str, list[str]]:
    """Return model -> the standing of its fields, by length."""
    table = next(each for each in result_tables(records) if each.title.startswith(title))
    columns = [i for i, name in enumerate(table.columns) if name.startswith("T=")]
    at = table.columns.index("model")
    return {
        row[at].text: [row[i].standing for i in columns]
        for row in table.rows
        if not row[at].text.startswith("baseline")
    }


# One of 1000 test examples is worth 0.001 of accuracy, and 0.001 / 0.875 of skill.
FOUR = (("a", 0.9), ("b", 0.8991), ("c", 0.8989), ("d", 0.9))


def test_best_is_marked_and_what_one_example_may_turn_is_tied() -> None:
    records = [record(score, model=model) for model, score in FOUR]
    expected = {"a": ["best"], "b": ["tied"], "c": [""], "d": ["best"]}
    assert standings(records) == expected
    assert standings(records, "skill") == expected


def test_a_mean_over_seeds_is_tied_by_one_example_of_each_seed() -> None:
    scores = {"a": (0.9, 0.8), "b": (0.898, 0.8005), "c": (0.897, 0.8)}
    records = [
        record(score, model=model, seed=seed) for model, own in scores.items() for seed, score in enumerate(own)
    ]
    # b is 0.00075 below a, c 0.0015.
    assert standings(records) == {"a": ["best"], "b": ["tied"], "c": [""]}


def test_lower_is_better_where_the_metric_says_so() -> None:
    records = [record(score, model=model, metric=ERROR) for model, score in FOUR[:3]]
    # The errors are 0.1, 0.1009 and 0.1011.
    assert standings(records, "copy: error") == {"a": ["best"], "b": ["tied"], "c": [""]}


def test_a_model_that_lost_a_seed_is_neither_best_nor_tied() -> None:
    whole = [record(score, model=model, seed=seed) for model, score in FOUR[1:3] for seed in (0, 1)]
    broken = [record(0.99, model="a"), record(model="a", seed=1, status="diverged", reason="nan")]
    assert standings([*whole, *broken]) == {"a": [""], "b": ["best"], "c": ["tied"]}
    # A seed that was never run is lost too.
    assert standings([*whole, broken[0]])["a"] == [""]


def test_without_a_worth_only_equal_means_are_best_and_alone_none_is() -> None:
    records = [unbounded(score, model=model) for model, score in FOUR]
    assert standings(records) == {"a": ["best"], "b": [""], "c": [""], "d": ["best"]}
    assert standings(records[:1]) == {"a": [""]}
    seen = observations([record(None, model="a"), record(0.5, model="b")])
    for measure in (SCORE, SKILL):
        assert [each.standing for each in Column([[each] for each in seen], 1, measure).entries()] == ["", ""]


def test_latex_has_the_best_in_bold_ties_with_a_dagger_and_says_what_they_mean() -> None:
    text = FORMATS["latex"].write([record(score, model=model) for model, score in FOUR])
    rows = re.findall(r"^([abcd]) & (.*) \\\\$", text, flags=re.MULTILINE)
    assert rows[:4] == [
        ("a", r"\textbf{0.900}"),
        ("b", r"0.899$^{\dagger}$"),
        ("c", "0.899"),
        ("d", r"\textbf{0.900}"),
    ]
    assert "Bold: the best mean" in text
    assert r"$^{\dagger}$: tied with it" in text
    alone = FORMATS["latex"].write([record(0.5)])
    assert "textbf" not in alone
    assert "Bold" not in alone
