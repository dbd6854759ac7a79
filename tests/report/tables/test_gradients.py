"""Tests that the tables of gradients say the verdicts of the records, and why one is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from seqbench.gradients.flow import Flow, curve_of, summarise_flow, summarise_input, unknown_curve
from seqbench.records.schema import FlowAt, GradientData
from seqbench.report import read_records, result_tables
from seqbench.report.observations import observations
from seqbench.report.tables.gradients import WHENS, gradient_table
from tests.report.tables.test_scores import record, texts


def test_gradient_table_says_what_became_of_a_cell_that_has_no_gradients() -> None:
    known = curve_of("state", "all", (1, 2, 3), [[-1.0], [-2.0], [-3.0]])
    flow = Flow(12, 1, 1, (known, replace(known, quantity="jacobian")))
    told = GradientData(
        flows=tuple(FlowAt(when=when, step=0, flow=flow, summary=summarise_flow(flow)) for when in WHENS),
        norms=None,
    )
    measured = {seed: record(seed=seed).model_copy(update={"gradients": told}) for seed in (0, 1)}
    table = gradient_table(
        observations(
            [
                *measured.values(),
                record(seed=2, status="failed"),
                *(record(seed=seed, length=50, status="failed") for seed in (0, 1)),
                record(seed=2, length=50),
                *(record(seed=seed, length=99, model="gru") for seed in (0, 1, 2)),
            ]
        )
    )
    assert table is not None
    assert texts(table)[-1] == [
        "lstm",
        "trained",
        "vanishing 0.368, >= 4 (n=2, 1 failed)",
        "failed 2 of 3, not measured 1 of 3",
        "·",
    ]
    assert texts(table)[0] == ["gru", "init", "·", "·", "not measured 3 of 3"]


def test_gradient_table_marks_what_was_measured_at_the_inputs_and_says_why_once() -> None:
    why = "the layer carries no state from step to step"
    of_state = tuple(unknown_curve(quantity, (1, 2, 3), why) for quantity in ("state", "jacobian"))
    inputs = curve_of("input", "all", (1, 2, 3), [[-1.0], [-2.0], [-3.0]])
    flow = Flow(12, 1, 1, (*of_state, inputs))

    def told(of_input: bool) -> GradientData:
        own = summarise_input(flow) if of_input else None
        flows = (
            FlowAt(when=when, step=0, flow=flow, summary=summarise_flow(flow), input_summary=own) for when in WHENS
        )
        return GradientData(flows=tuple(flows), norms=None)

    cells = [record(seed=seed, length=length) for seed in (0, 1) for length in (12, 50)]
    table = gradient_table(
        observations([each.model_copy(update={"gradients": told(of_input=True)}) for each in cells])
    )
    assert table is not None
    assert texts(table)[0][2:] == ["vanishing 0.368, >= 4 (input)"] * 2
    assert table.lines[-1].startswith("(input): ")
    assert not any("from_scored" in line for line in table.lines)
    one = cells[0].cell.model_copy(update={"gradients": {"from_scored": True}})
    other = cells[0].model_copy(update={"cell": one, "gradients": told(of_input=True)})
    from_scored = gradient_table(observations([other]))
    assert from_scored is not None
    assert "gradients.from_scored" in from_scored.lines[-1]
    assert table.below == (f"(input): {why} (4 cells: lstm, T=12, 50, seeds 0, 1)",)
    # A record of an earlier version has no summary of the input gradient.
    earlier = gradient_table(
        observations([each.model_copy(update={"gradients": told(of_input=False)}) for each in cells])
    )
    assert earlier is not None
    assert texts(earlier)[0][2:] == ["null"] * 2
    assert earlier.below == (f"null: {why} (4 cells: lstm, T=12, 50, seeds 0, 1)",)


def test_gradient_tables_say_the_verdicts_that_stand_in_the_records() -> None:
    # The network reads more steps than the task's length where a task asks after the text, as word-order does.
    records = read_records([Path(__file__).parents[3] / "results" / "published" / "quick"])
    shown = {
        table.title.partition(":")[0]: table for table in result_tables(records) if "gradient flow" in table.title
    }
    assert len([flow for each in records if each.gradients for flow in each.gradients.flows]) == 120
    for each in records:
        assert each.gradients is not None
        for flow in each.gradients.flows:
            table = shown[each.cell.task.name]
            column = table.columns.index(f"T={each.cell.length}")
            (row,) = (r for r in table.rows if (r[0].text, r[1].text) == (each.cell.model.name, flow.when))
            assert row[column].text.split()[0] == flow.summary.verdict
