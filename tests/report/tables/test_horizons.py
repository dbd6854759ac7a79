"""Tests that the table of horizons says whether the gradient predicts the memory."""

from __future__ import annotations

import dataclasses

from seqbench.gradients.flow import Headline, Horizon, Summary
from seqbench.records.schema import MetricData
from seqbench.report.observations import Observation
from seqbench.report.tables.horizons import horizon_fits, horizon_table
from tests.report.tables.test_scores import evaluation, texts

METRIC = MetricData(name="accuracy", best=1.0, is_higher_better=True)


def cell(
    task: int, length: int, model: int, skill: float, horizon: Horizon | None, at: str = "state"
) -> Observation:
    summary = Summary(None, None, None, horizon, None, None, None)
    return Observation(
        task=f"t{task}",
        model=f"m{model}",
        trained=length,
        tested=length,
        seed=0,
        status="ok",
        metric=METRIC,
        evaluation=evaluation(0.125 + 0.875 * skill, length=length),
        flows={"trained": Headline(at, summary)},  # type: ignore[arg-type]
    )


def cells(tasks: int, sign: int = 1) -> list[Observation]:
    """Return cells whose horizon grows with the length and whose skill falls; among models both grow together."""
    return [
        cell(t, length, m, max(0.0, 0.9 - length / 100 + 0.2 * m), Horizon(length + sign * m, is_censored=False))
        for t in range(tasks)
        for length in (20, 40, 80)
        for m in range(3)
    ]


def test_longer_horizons_of_better_models_answer_yes_though_lengths_oppose_it() -> None:
    table = horizon_table(horizon_fits(cells(7)))
    assert table is not None
    rows = texts(table)
    assert [row[:2] for row in rows] == [
        ["usable length", "all cells"],
        ["usable length", "of one task and length"],
        ["skill", "all cells"],
        ["skill", "of one task and length"],
    ]
    assert rows[2][3].startswith("-0.")
    assert rows[3][2:] == ["-", "1.00 [tasks 1.00, 1.00] (63 cells)"]
    assert "yes, the longer horizon goes with the better one" in table.below[-1]
    opposed = horizon_table(horizon_fits(cells(7, sign=-1)))
    assert opposed is not None
    assert "goes with the worse one" in opposed.below[-1]


def test_few_tasks_have_no_interval_and_say_so() -> None:
    table = horizon_table(horizon_fits(cells(2)))
    assert table is not None
    assert (
        "without an interval: one over tasks needs 6 tasks, and there are 2 tasks; one over seeds"
        in table.below[-1]
    )
    assert horizon_table(horizon_fits(cells(1)[:2])) is None


def test_several_seeds_of_few_tasks_answer_for_these_tasks() -> None:
    # In a third of the seeds two models change places.
    seen = [
        dataclasses.replace(cell(t, length, m, 0.2 + 0.2 * m, Horizon(reach, is_censored=False)), seed=seed)
        for t in range(2)
        for length in (20, 40)
        for seed in range(6)
        for m, reach in enumerate((2, 1, 3) if seed % 3 == t else (1, 2, 3))
    ]
    table = horizon_table(horizon_fits(seen))
    assert table is not None
    assert "[seeds " in texts(table)[3][3]
    assert "on these tasks yes, the longer horizon goes with the better one" in table.below[-1]


def test_gradients_at_inputs_and_unknown_horizons_have_no_part_in_it() -> None:
    seen = [
        *cells(1),
        cell(0, 20, 7, 0.5, Horizon(3, is_censored=False), at="input"),
        cell(0, 20, 8, 0.5, None),
    ]
    assert {(each.quantity, each.overall.n) for each in horizon_fits(seen)} == {("usable length", 9), ("skill", 9)}


def test_a_horizon_that_is_not_reached_is_longer_than_one_that_is() -> None:
    seen = [cell(0, 20, m, 0.1 * m, Horizon(20, is_censored=m == 2)) for m in range(3)]
    skill = next(each for each in horizon_fits(seen) if each.quantity == "skill")
    assert skill.overall.rho is not None
    assert 0 < skill.overall.rho < 1


def test_a_cell_that_diverged_counts_as_worse_than_any_skill() -> None:
    seen = [cell(0, 20, m, 0.3 * m, Horizon(20 - m, is_censored=False)) for m in (1, 2)]
    lost = dataclasses.replace(cell(0, 20, 0, 0.0, Horizon(20, is_censored=False)), status="diverged")
    skill = next(each for each in horizon_fits([*seen, lost]) if each.quantity == "skill")
    assert (skill.within.n, skill.within.rho) == (3, -1.0)
