"""Tests the tables that take each task as one of many, and what they say where n is too small.

Modules: seqbench.report.tables.p_values, seqbench.report.tables.effects.
"""

from __future__ import annotations

from seqbench.report.tables.effects import effect_table
from seqbench.report.tables.over_tasks import over_tasks
from seqbench.report.tables.p_values import p_text
from seqbench.statistics import Outcomes
from tests.report.tables.test_scores import texts


def skills(tasks: int, seeds: int = 2, models: int = 4) -> Outcomes:
    """Return skills by which the first two models are alike and beat the others, by less with each seed."""
    level = (0.9, 0.9, 0.5, 0.1)
    return {
        f"m{m}": {
            (f"t{t}", 16, s): level[m] - 0.1 * s + (0.02 if m == t % 2 else 0.0)
            for t in range(tasks)
            for s in range(seeds)
        }
        for m in range(models)
    }


def test_models_that_a_critical_difference_tells_apart_are_named_by_those_they_are_like() -> None:
    tables, lines = over_tasks(skills(10))
    assert lines == []
    drawn, critical = tables
    assert texts(drawn)[2] == ["m2", "3.00", "[3.00, 3.00]", "[3.00, 3.00]"]
    assert texts(critical) == [
        ["m0", "1.50", "m1"],
        ["m1", "1.50", "m0"],
        ["m2", "3.00", "m3"],
        ["m3", "4.00", "m2"],
    ]
    assert "10 tasks, 4 models: chi^2 = 27.00, p = 0.0001; critical difference 1.48." in critical.lines[-1]


def test_where_no_difference_is_shown_no_pair_is_said_to_differ() -> None:
    alike = {f"m{m}": {(f"t{t}", 16, 0): float((t + m) % 3) for t in range(6)} for m in range(3)}
    critical = over_tasks(alike)[0][-1]
    assert [row[2] for row in texts(critical)] == ["all"] * 3
    assert "shows no difference" in critical.lines[-1]


def test_few_tasks_or_models_say_what_is_lacking() -> None:
    tables, lines = over_tasks(skills(3))
    assert [table.title for table in tables] == ["intervals of the mean rank"]
    assert texts(tables[0])[0][2] == "-"
    assert lines == [
        "No critical difference of mean ranks: 3 tasks, and 4 are needed: lengths and seeds of one task are no"
        " tasks of their own."
    ]
    assert over_tasks(skills(1, seeds=1))[0] == []
    assert over_tasks(skills(9, models=1)) == ([], [])


def test_effect_of_the_seed_stands_beside_that_of_the_model() -> None:
    table = effect_table(skills(3))
    assert table is not None
    task = texts(table)[0]
    assert task[0] == "t0"
    assert float(task[1]) > 0.9
    assert sum(map(float, task[1:4])) <= 1.01
    assert task[4:] == ["4 x 2", "1"]
    assert texts(table)[-1][0] == "mean over tasks"
    assert texts(table)[-1][1].startswith("0.9")
    assert effect_table(skills(3, seeds=1)) is None


def test_p_values_are_never_rounded_to_the_threshold() -> None:
    assert [p_text(p) for p in (0.0499, 0.0501, 0.05)] == ["0.04990", "0.05010", "0.050"]
