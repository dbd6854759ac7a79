"""Shows the measurements of `seqbench gradients`: tables for a terminal, and facts for JSON."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from seqbench.base.counts import counted
from seqbench.base.printable import one_line
from seqbench.cli.console import stdout
from seqbench.gradients.flow import Curve, Flow, Quantity, summarise, summarise_flow
from seqbench.report import print_table
from seqbench.report.numbers import fixed, number, number_of_ln
from seqbench.report.tables.table import Entry, Table

if TYPE_CHECKING:
    from seqbench.training.probe import Finding

Facts = dict[str, Any]
QUANTITIES: Mapping[Quantity, str] = {
    "state": "state gradient |dL/ds| (loss per unit of state)",
    "jacobian": "state Jacobian |v ds_T/ds| (no unit)",
    "input": "input gradient |dL/de| (loss per unit of input)",
}
FEW_STEPS = 50
"""Steps over which a gain is also shown: a number that can be checked with a pocket calculator."""
_LAGS_SHOWN = 12
_AT_INPUTS = (
    "At state: gain and verdict of the state Jacobian, horizon of the state gradient. At input: all of the input",
    "gradient, because nothing is measured at that layer's state. Do not compare the one with the other.",
)


def facts(finding: Finding) -> Facts:
    """Return all measurements of one model."""
    flow = finding.flow
    return {
        "model": finding.model,
        "version": finding.version,
        "parameters": dict(finding.parameters),
        "steps": flow.length,
        "examples": flow.examples,
        "draws": flow.draws,
        **dataclasses.asdict(summarise_flow(flow)),
        "measured_at": finding.headline.at,
        "input_summary": dataclasses.asdict(finding.headline.summary) if finding.headline.at == "input" else None,
        "factors": [
            {"steps": steps, "ln_factor": finding.ln_factor(steps), **_held(finding.ln_factor(steps))}
            for steps in sorted({FEW_STEPS, flow.length})
        ],
        "curves": [
            {**dataclasses.asdict(curve), "summary": dataclasses.asdict(summarise(curve, flow.length))}
            for curve in flow.curves
        ],
    }


def _held(ln: float | None) -> Facts:
    """Return a factor, or the reason why it is unknown."""
    if ln is None:
        return {"factor": None, "reason": "the gain per step is unknown"}
    if not math.log(sys.float_info.min) <= ln <= math.log(sys.float_info.max):
        return {"factor": None, "reason": "no float64 holds it; ln_factor has it"}
    return {"factor": math.exp(ln), "reason": None}


def print_findings(findings: Sequence[Finding], title: str, problems: Sequence[str]) -> None:
    """Print a line for each model, the models that could not be measured, and the norms at a few lags."""
    console = stdout()
    print_table(_summaries(findings, title), console)
    for problem in problems:
        click.echo(f"not measured: {problem}\n")
    for finding in findings:
        shown = finding.headline
        if shown.reason is not None:
            click.echo(f"{finding.model}: at input: {one_line(shown.reason)}")
        notes = shown.summary.notes
        for reason in dict.fromkeys(notes.values()):
            names = [name for name, why in notes.items() if why == reason]
            click.echo(f"{finding.model}: null for {', '.join(names)}: {one_line(reason)}")
    for table in norm_tables({finding.model: finding.flow for finding in findings}):
        print_table(table, console)


def norm_tables(flows: Mapping[str, Flow]) -> list[Table]:
    """Return the norms of the state gradient, or of the input gradient without a state, at a few lags."""
    shown = {model: _shown(flow) for model, flow in flows.items()}
    return [
        _norms({model: curve for model, curve in shown.items() if curve.quantity == quantity})
        for quantity in dict.fromkeys(curve.quantity for curve in shown.values())
    ]


def _shown(flow: Flow) -> Curve:
    """Return the state gradient, or the input gradient for a layer without a state."""
    state = flow.curve("state")
    return flow.curve("input") if all(ln is None for ln in state.ln_median) else state


def _norms(curves: Mapping[str, Curve]) -> Table:
    """Return the norms of several models side by side, at lags that are spread over the longest curve."""
    quantity = next(iter(curves.values())).quantity
    longest = max((curve.lags for curve in curves.values()), key=len)
    last = len(longest) - 1
    places = sorted({round(i * last / (_LAGS_SHOWN - 1)) for i in range(_LAGS_SHOWN)}) if longest else []
    norms = {model: dict(zip(curve.lags, curve.ln_median, strict=True)) for model, curve in curves.items()}
    rows = [
        (Entry(str(lag), lag), *(_ln_entry(at.get(lag)) for at in norms.values()))
        for lag in (longest[i] for i in places)
    ]
    below = tuple(f"{model}: null: {one_line(curve.reason)}" for model, curve in curves.items() if curve.reason)
    title = f"{QUANTITIES[quantity]}, median over the examples"
    return Table(title, (), ("lag", *curves), tuple(rows), keys=1, below=below)


def _summaries(findings: Sequence[Finding], title: str) -> Table:
    steps = sorted({FEW_STEPS, *(finding.flow.length for finding in findings)})
    is_mixed = any(finding.headline.at == "input" for finding in findings)
    columns = (
        "model",
        *(["at"] if is_mixed else []),
        "verdict",
        "gain per step",
        "ln gain",
        "R^2",
        *(f"over {counted(n, 'step')}" for n in steps),
        "gradient horizon",
        "half-life",
    )
    rows = [
        (Entry(each.model), *([Entry(each.headline.at)] if is_mixed else []), *_row(each, steps))
        for each in findings
    ]
    return Table(title, _AT_INPUTS if is_mixed else (), columns, tuple(rows), keys=2 if is_mixed else 1)


def _row(finding: Finding, steps: Iterable[int]) -> tuple[Entry, ...]:
    told = finding.headline.summary
    return (
        Entry(told.verdict or "null"),
        _entry(told.gain_per_step),
        _entry(told.ln_gain),
        Entry("null") if told.r_squared is None else Entry(fixed(told.r_squared, 4), told.r_squared),
        *(_ln_entry(finding.ln_factor(n)) for n in steps),
        Entry("null" if told.horizon is None else str(told.horizon)),
        _entry(told.half_life),
    )


def _entry(value: float | None) -> Entry:
    return Entry("null") if value is None else Entry(number(value), value)


def _ln_entry(ln: float | None) -> Entry:
    return Entry("null" if ln is None else number_of_ln(ln))
