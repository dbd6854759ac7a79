"""Writes a report of records in several formats: ``seqbench report``. Reads records only."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from seqbench.base.collector import collector_paused
from seqbench.base.counts import counted
from seqbench.cli.console import stdout
from seqbench.records.curves import CurvesOf
from seqbench.records.layout import Layout
from seqbench.records.schema import Record
from seqbench.records.search import has_trials
from seqbench.report import FORMATS, print_report, read_light, whole_report
from seqbench.report.formats.output import check_output, write_whole
from seqbench.report.tuning import Tried, read_tried


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "name",
    type=click.Choice(list(FORMATS)),
    help="How it is written; by default as the ending of --output says, or for the terminal.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="A file, written whole or not at all; default: stdout."
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(folders: tuple[Path, ...], name: str | None, output: Path | None, as_json: bool) -> None:
    """Print a report of folders of results, or write it to a file, from their records only.

    Several folders are merged. It is an error if two of them contradict each other on a cell from one kind of
    machine.
    """
    if as_json and name not in (None, "json"):
        raise click.UsageError(f"--json and --format {name} contradict each other: give one of them")
    name = "json" if as_json else name or _of_ending(output)
    if output is not None:
        check_output(output)
    # Nothing that a report makes of many records can be freed before it is written; then all of it is.
    with collector_paused():
        _report(folders, name, output)


def _report(folders: Sequence[Path], name: str, output: Path | None) -> None:
    # A folder may hold trials, and no results yet.
    with_results = [folder for folder in folders if not has_trials(folder) or Layout(folder).record_files()]
    records, curves = read_light(with_results, has_curves=name == "html")
    tried = read_tried(folders, records)
    if output is not None:
        size = write_whole(output, FORMATS[name].write(records, curves, tried))
        click.echo(f"wrote {output} ({size} bytes, {name}, {counted(len(records), 'cell')})", err=True)
    else:
        _print(records, curves, tried, name)


def _of_ending(output: Path | None) -> str:
    endings = {form.ending: name for name, form in FORMATS.items()}
    if output is None or not output.suffix:
        return "terminal"
    if output.suffix.lower() not in endings:
        raise click.UsageError(
            f"--output {output}: the ending {output.suffix} names no format;"
            f" give --format, or one of {', '.join(endings)}"
        )
    return endings[output.suffix.lower()]


def _print(records: Sequence[Record], curves: CurvesOf, tried: Sequence[Tried], name: str) -> None:
    if name == "terminal":
        print_report(whole_report(records, tried), stdout())
    else:
        sys.stdout.write(FORMATS[name].write(records, curves, tried))
