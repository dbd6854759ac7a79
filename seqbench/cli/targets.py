"""Lists, shows and runs targets, numbers that experiments are to meet: ``seqbench targets``."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from seqbench.base.printable import on_lines
from seqbench.cli.console import print_json, say, stdout
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.contracts.published import Target, TrainedScore
from seqbench.errors import ExperimentError, StoreError
from seqbench.records.store import Store
from seqbench.targets.outcomes import TargetOutcome, kept_outcome

output_option = click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("results/targets"),
    show_default=True,
    help="Folder of outcomes and records; cells that it has are not run again.",
)
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "markdown"]),
    default="terminal",
    show_default=True,
    help="How the table is written.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")


@click.group(name="targets")
def command() -> None:
    """Hold published numbers against what experiments come to.

    A target is a number with its source, what is to meet it, and a tolerance. Most numbers are published; the
    table marks those that are not.
    """


@command.command(name="list")
@output_option
@format_option
@json_option
@plugin_files
def list_(output: Path, form: str, as_json: bool, files: tuple[Path, ...]) -> None:
    """List all targets, with the outcomes that a folder keeps."""
    from seqbench.targets.page import ordered

    _check_kept(output)
    targets = ordered(load_plugins(files).targets.values())
    found = {target.name: kept for target in targets if (kept := kept_outcome(output, target))}
    _print(targets, found, form, as_json=as_json, is_page=form == "markdown")


@command.command(name="show")
@click.argument("name", metavar="NAME")
@output_option
@json_option
@plugin_files
def show_(name: str, output: Path, as_json: bool, files: tuple[Path, ...]) -> None:
    """Show a target: number, source, tolerance, measurement, data and outcome."""
    _check_kept(output)
    target = load_plugins(files).target(name)
    found = kept_outcome(output, target)
    if as_json:
        print_json(_facts(target, found))
        return
    for field, text in _fields(target, found).items():
        click.echo(f"{field:<12}{on_lines(text)}")
    if isinstance(target.measured_by, TrainedScore):
        click.echo(f"\nThe experiment:\n\n{on_lines(_yaml(target.measured_by), 20_000)}")


@command.command(name="run")
@click.argument("names", metavar="[NAME...]", nargs=-1)
@click.option("--quick", is_flag=True, help="Train nothing: compute what is computed, and read the records there.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="Folder of the data sets; a target says what is to be in it.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Cells at a time; one for each core by default.")
@output_option
@format_option
@json_option
@plugin_files
def run_(
    names: tuple[str, ...],
    quick: bool,
    data: Path,
    jobs: int | None,
    output: Path,
    form: str,
    as_json: bool,
    files: tuple[Path, ...],
) -> int:
    """Measure targets, all by default, and keep the outcomes.

    A missed target is a result, and so is one without data: the exit status is 0. It is 3 if an error kept a
    target from being measured. Without --quick whole networks are trained, which takes
    hours for all targets; name those that you mean.
    """
    from seqbench.cli.sweeping import UNFINISHED
    from seqbench.experiment.schema import Execution
    from seqbench.targets.measuring import Bench
    from seqbench.targets.page import ordered, outcome_text
    from seqbench.targets.run import outcomes

    _check_data(data)
    _check_writable(output)
    catalog = load_plugins(files)
    targets = ordered({catalog.target(name) for name in names or catalog.targets})
    bench = Bench(catalog, data, output, quick, Execution(jobs=jobs), say)
    found: dict[str, TargetOutcome] = {}
    for target, outcome in outcomes(targets, bench):
        found[target.name] = outcome
        say(f"{target.name}: {outcome_text(outcome)}")
    _print(targets, found, form, as_json=as_json)
    return UNFINISHED if any(outcome.status == "failed" for outcome in found.values()) else 0


def _is_given(option: str) -> bool:
    return click.get_current_context().get_parameter_source(option) is not ParameterSource.DEFAULT


def _check_data(data: Path) -> None:
    """Refuse a folder that was asked for and is not there; without the one by default, targets have no data.

    Raises:
        ExperimentError: it is not there.
    """
    if _is_given("data") and not data.is_dir():
        raise ExperimentError(f"there is no folder {data}; give --data the folder that holds the data sets")


def _check_kept(output: Path) -> None:
    """Refuse a folder of outcomes to read that was asked for and holds none; the one by default may be missing.

    Raises:
        ExperimentError: it holds none.
        StoreError: it is a file.
    """
    Store(output)
    if _is_given("output") and not (output / "outcomes").is_dir():
        what = "holds no outcomes of targets" if output.is_dir() else "is not there"
        raise ExperimentError(
            f"the folder {output} {what}; give --output one that `seqbench targets run` wrote to, such as"
            " results/targets"
        )


def _check_writable(output: Path) -> None:
    """Refuse, before anything is measured, a folder that cannot be made.

    Raises:
        StoreError: it is a file, or below one.
    """
    Store(output)
    there = next(path for path in (output, *output.absolute().parents) if path.exists())
    if not there.is_dir():
        raise StoreError(f"the folder {output} cannot be made, as {there} is a file; choose another --output")


def _print(
    targets: Sequence[Target],
    found: dict[str, TargetOutcome],
    form: str,
    *,
    as_json: bool,
    is_page: bool = False,
) -> None:
    from seqbench.report import Report, Section, print_table
    from seqbench.report.formats.markdown import to_markdown
    from seqbench.targets.page import report, table, wide_table

    if as_json:
        print_json({"targets": [_facts(target, found.get(target.name)) for target in targets]})
    elif form == "terminal":
        print_table(table(targets, found), stdout())
    else:
        alone = Report("Targets", (Section("Outcomes", tables=(wide_table(targets, found),)),))
        sys.stdout.write(to_markdown(report(targets, found) if is_page else alone))


def _facts(target: Target, outcome: TargetOutcome | None) -> dict[str, Any]:
    """Return a target and its outcome, as data that JSON can hold."""
    tolerance = {"kind": type(target.tolerance).__name__, **dataclasses.asdict(target.tolerance)}
    return {
        "name": target.name,
        "claim": target.claim,
        "number": target.number,
        "origin": target.origin,
        "metric": target.metric,
        "paper": target.source.paper,
        "place": target.source.place,
        "reference": target.source.reference,
        "tolerance": tolerance,
        "is_trained": target.is_trained,
        "data": dataclasses.asdict(target.data) if target.data else None,
        "outcome": outcome.model_dump(mode="json") if outcome else None,
    }


def _fields(target: Target, outcome: TargetOutcome | None) -> dict[str, str]:
    from seqbench.targets.page import digits, digits_of, outcome_text

    number = f"{digits_of(target)} ({target.metric})"
    told = {
        "target": target.name,
        "claim": target.claim,
        "number": f"{number}, {target.origin}: {target.source}",
        "tolerance": f"{target.tolerance}: {target.tolerance.reason}",
        "measured by": _measurement(target),
        "data": f"{target.data.path}, from {target.data.source}" if target.data else "none needed",
        "outcome": outcome_text(outcome),
    }
    if outcome and outcome.measured is not None:
        told["outcome"] += f": {digits(outcome.measured, target.tolerance.by)}, n = {outcome.n}"
    return told


def _measurement(target: Target) -> str:
    """Return what measures a target, on one line."""
    by = target.measured_by
    if isinstance(by, TrainedScore):
        at = f" at lengths {', '.join(map(str, by.lengths))}" if by.lengths else ""
        return f"the mean test score {by.metric}{at} of the cells of the experiment below"
    fields = ", ".join(f"{name}={value}" for name, value in vars(by).items() if value)
    return f"{type(by).__name__}: {fields}"


def _yaml(by: TrainedScore) -> str:
    import yaml

    plain: str = yaml.safe_dump(
        {name: list(value) if isinstance(value, tuple) else value for name, value in by.experiment.items()},
        sort_keys=False,
        default_flow_style=None,
        width=100,
    )
    return plain.rstrip()
