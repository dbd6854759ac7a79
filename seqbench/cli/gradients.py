"""Measures how gradients flow back through time in untrained models: ``seqbench gradients``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqbench.base.counts import counted
from seqbench.cli.console import print_json
from seqbench.cli.gradient_tables import QUANTITIES, facts, print_findings
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.cli.short_forms import in_long_form
from seqbench.errors import ExperimentError, PluginError
from seqbench.experiment.overrides import settings
from seqbench.gradients.flow import Curve, Flow
from seqbench.report.numbers import number
from seqbench.report.plots.figures import check_picture, draw_curves

if TYPE_CHECKING:
    from seqbench.training.probe import Fault, Finding

UNFINISHED = 3
"""Exit status when some models could be measured and others not."""

_FROM_SCORED = ", lags of the loss from the last scored step"


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
    "--from-scored",
    is_flag=True,
    help="Count the lags of the loss from the last scored step, as gradients.from_scored does in `seqbench run`.",
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
    from_scored: bool,
    plot: Path | None,
    files: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Measure how gradients flow back through time in models, without training.

    The noise is standard normal numbers, 32 in a step, and its loss a random linear read-out of the last
    step. On a task, the first validation examples and the first weights are those of `seqbench run` with the
    same seed.

    --gain is for models whose group V of weights holds square matrices only, such as rnn: V becomes G times the
    orthogonal matrix nearest to it, so that each of its eigenvalues has the size G. The classic example, in
    which every norm changes by the factor 0.9 (or 1.9) per step exactly, is a linear network of one layer:

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
        from_scored=from_scored,
    )
    findings = [each for each in found if isinstance(each, Finding)]
    faults = [each for each in found if isinstance(each, Fault)]
    if not findings:
        raise PluginError("\n".join(map(_sentence, faults)))
    title = _title(findings[0].flow, task, seed, gain) + (_FROM_SCORED if from_scored else "")
    if plot is not None:
        draw_curves(_panels(findings), plot, title)
        click.echo(f"picture: {plot}", err=True)
    if as_json:
        asked = {"task": task, "length": length, "seed": seed, "gain": gain, "from_scored": from_scored}
        told = {"models": [*map(facts, findings)], "problems": [*map(dataclasses.asdict, faults)]}
        print_json({"kind": "gradients", **asked, **told})
    else:
        print_findings(findings, title, [*map(_sentence, faults)])
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
    told = finding.headline.summary
    if told.gain_per_step is None:
        return finding.model
    at = " at the input" if finding.headline.at == "input" else ""
    return f"{finding.model}: {told.verdict}, gain {number(told.gain_per_step)} per step{at}"
