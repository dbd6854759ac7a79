"""Measures how gradients flow back through time in untrained models: ``seqbench gradients``."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqbench.base.counts import counted
from seqbench.base.printable import one_line
from seqbench.cli.console import print_json, stdout
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.cli.short_forms import in_long_form
from seqbench.errors import ExperimentError, PluginError
from seqbench.experiment.overrides import settings
from seqbench.gradients.flow import Curve, Flow, Quantity, summarise
from seqbench.report import print_table
from seqbench.report.numbers import fixed, number
from seqbench.report.plots.bars import bar_chart, norm_text, scale_of
from seqbench.report.plots.figures import check_picture, draw_curves
from seqbench.report.tables.table import Entry, Table

if TYPE_CHECKING:
    from seqbench.training.probe import Fault, Finding

Facts = dict[str, Any]
QUANTITIES: dict[Quantity, str] = {
    "state": "state gradient |dL/ds| (loss per unit of state)",
    "jacobian": "state Jacobian |v ds_T/ds| (no unit)",
    "input": "input gradient |dL/de| (loss per unit of input)",
}
_WIDEST = 79
UNFINISHED = 3
"""Exit status when some models could be measured and others not."""
FEW_STEPS = 50
"""Number of steps over which a gain is also shown, so that one can check it with a pocket calculator."""


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option("--length", type=click.IntRange(min=1), default=1000, show_default=True, help="Steps.")
@click.option("--task", metavar="NAME", help="Measure on this task's data, with its loss; else on noise.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME.FIELD=VALUE",
    help="A parameter of a model or of the task, e.g. rnn.nonlinearity=identity; may be repeated.",
)
@click.option(
    "--gain", type=float, metavar="G", help="Give the recurrent matrix V of every layer the spectral radius G."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of data, start and vectors."
)
@click.option("--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="Examples.")
@click.option(
    "--draws",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Random vectors for each example, for the state Jacobian.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw the curves of all models into FILE.png or FILE.svg (needs the extra `report`).",
)
@plugin_files
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout: every quantity with all its digits.")
def command(
    models: tuple[str, ...],
    length: int,
    task: str | None,
    assignments: tuple[str, ...],
    gain: float | None,
    seed: int,
    batch_size: int,
    draws: int,
    plot: Path | None,
    files: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Measure how gradients flow back through time in models, without training.

    The noise is standard normal numbers, 32 in a step, and its loss a random linear read-out of the last
    step. On a task, the first validation examples and the first weights are those of `seqbench run` with the
    same seed.

    --gain is for layers with one recurrent matrix, such as rnn: V becomes G times the orthogonal matrix nearest
    to it, so that each of its eigenvalues has the size G. The classic example, in which every norm changes by
    the factor 0.9 (or 1.9) per step exactly, is a linear network of one layer:

      seqbench gradients rnn --set rnn.nonlinearity=identity --gain 0.9

    With tanh, G is the largest factor of a step: where tanh saturates, gradients shrink more.

    A model that cannot be measured is listed below the table of the others; the exit status is then 3.
    """
    if plot is not None:
        check_picture(plot)
    import torch

    from seqbench.training.probe import Fault, Finding, probe

    # As in `seqbench run`: the number of threads changes bits.
    torch.set_num_threads(1)
    catalog = load_plugins(files)
    found = probe(
        models,
        catalog,
        length,
        task=task,
        parameters=_parameters(in_long_form(assignments, catalog, filter(None, (task, *models)))),
        seed=seed,
        batch_size=batch_size,
        draws=draws,
        gain=gain,
    )
    findings = [each for each in found if isinstance(each, Finding)]
    faults = [each for each in found if isinstance(each, Fault)]
    if not findings:
        raise PluginError("\n".join(_sentence(fault) for fault in faults))
    title = _title(findings[0].flow, task, seed, gain)
    if plot is not None:
        draw_curves(_panels(findings), plot, title)
        click.echo(f"picture: {plot}", err=True)
    asked = {"task": task, "length": length, "seed": seed, "gain": gain}
    if as_json:
        problems = [dataclasses.asdict(fault) for fault in faults]
        told = [facts(finding) for finding in findings]
        print_json({"kind": "gradients", **asked, "models": told, "problems": problems})
    else:
        _print(findings, title, [_sentence(fault) for fault in faults])
    return UNFINISHED if faults else 0


def _sentence(fault: Fault) -> str:
    return fault.reason if fault.model in fault.reason else f"model {fault.model}: {fault.reason}"


def _parameters(assignments: Sequence[str]) -> dict[str, dict[str, Any]]:
    given = settings(assignments)
    other = sorted(set(given) - {"parameters"})
    if other:
        raise ExperimentError(
            f"--set: nothing is trained here, so {' and '.join(other)} cannot be set; set a parameter of a model"
            " or of the task"
        )
    found: dict[str, dict[str, Any]] = given.get("parameters", {})
    return found


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
        **dataclasses.asdict(finding.summary),
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


def _title(flow: Flow, task: str | None, seed: int, gain: float | None) -> str:
    on = "standard normal noise" if task is None else f"task {task}"
    scaled = "" if gain is None else f", V at spectral radius {gain:g}"
    return (
        f"Gradient flow at the start on {on}: {counted(flow.length, 'step')},"
        f" {counted(flow.examples, 'example')}, seed {seed}{scaled}"
    )


def _panels(findings: Sequence[Finding]) -> dict[str, dict[str, Curve]]:
    return {
        name: {_label(finding): finding.flow.curve(quantity) for finding in findings}
        for quantity, name in QUANTITIES.items()
    }


def _label(finding: Finding) -> str:
    gain = finding.summary.gain_per_step
    return (
        finding.model
        if gain is None
        else f"{finding.model}: {finding.summary.verdict}, gain {number(gain)} per step"
    )


def _print(findings: Sequence[Finding], title: str, problems: Sequence[str]) -> None:
    console = stdout()
    print_table(_table(findings, title), console)
    for problem in problems:
        click.echo(f"not measured: {problem}\n")
    for finding in findings:
        notes = finding.summary.notes
        for reason in dict.fromkeys(notes.values()):
            names = [name for name, why in notes.items() if why == reason]
            click.echo(f"{finding.model}: null for {', '.join(names)}: {one_line(reason)}")
    curves = {finding.model: _shown(finding.flow) for finding in findings}
    scale = scale_of(curves.values())
    for model, curve in curves.items():
        console.print(f"{model}: {QUANTITIES[curve.quantity]}, median over the examples", style="bold")
        if scale is not None:
            mark = "█" if console.encoding.startswith("utf") else "#"
            for line in bar_chart(curve, scale, min(console.width, _WIDEST) - 2, mark):
                click.echo(f"  {line}")
        if curve.reason:
            click.echo(f"  null: {curve.reason}")
        click.echo()
    if scale is not None:
        click.echo(f"All bars are on one logarithmic scale, from {norm_text(scale[0])} to {norm_text(scale[1])};")
        click.echo("what is smaller has none, and what is larger ends in >.")


def _shown(flow: Flow) -> Curve:
    """Return the state gradient, or the input gradient for a layer without a state."""
    state = flow.curve("state")
    return flow.curve("input") if all(ln is None for ln in state.ln_median) else state


def _table(findings: Sequence[Finding], title: str) -> Table:
    steps = sorted({FEW_STEPS, *(finding.flow.length for finding in findings)})
    columns = (
        "model",
        "verdict",
        "gain per step",
        "ln gain",
        "R^2",
        *(f"over {counted(n, 'step')}" for n in steps),
        "gradient horizon",
        "half-life",
    )
    return Table(title, (), columns, tuple(_row(finding, steps) for finding in findings), keys=1)


def _row(finding: Finding, steps: Sequence[int]) -> tuple[Entry, ...]:
    told = finding.summary
    return (
        Entry(finding.model),
        Entry(told.verdict or "null"),
        _entry(told.gain_per_step),
        _entry(told.ln_gain),
        Entry("null") if told.r_squared is None else Entry(fixed(told.r_squared, 4), told.r_squared),
        *(Entry("null" if (ln := finding.ln_factor(n)) is None else norm_text(ln)) for n in steps),
        Entry("null" if told.horizon is None else str(told.horizon)),
        _entry(told.half_life),
    )


def _entry(value: float | None) -> Entry:
    return Entry("null") if value is None else Entry(number(value), value)
