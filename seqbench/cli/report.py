"""Writes a report of records in several formats: ``seqbench report``. Reads records only."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from seqbench.base.collector import collector_paused
from seqbench.base.counts import counted
from seqbench.cli.console import stdout
from seqbench.report import FORMATS, print_report, whole_report
from seqbench.report.reading import read
from seqbench.report.write import WHOLE, Selection, format_of, text_of, written


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
@click.option(
    "--table",
    metavar="TITLE",
    help="Only the tables whose titles begin so, such as skill or 'adding: mse', as text, Markdown, or LaTeX for a"
    " paper.",
)
@click.option("--no-intervals", is_flag=True, help="Leave the intervals out of these tables.")
def command(
    folders: tuple[Path, ...],
    name: str | None,
    output: Path | None,
    as_json: bool,
    table: str | None,
    no_intervals: bool,
) -> None:
    """Print a report of folders of results, or write it to a file, from their records only.

    Several folders are merged. It is an error if two of them contradict each other on a cell from one kind of
    machine.
    """
    if as_json and name not in (None, "json"):
        raise click.UsageError(f"--json and --format {name} contradict each other: give one of them")
    name = "json" if as_json else name or _of_ending(output)
    selection = Selection(table, has_intervals=not no_intervals)
    if output is not None:
        cells = written(folders, output, name, selection)
        click.echo(f"wrote {output} ({output.stat().st_size} bytes, {name}, {counted(cells, 'cell')})", err=True)
        return
    with collector_paused():
        found = read(folders, has_curves=name == "html")
        if name == "terminal" and selection == WHOLE:
            print_report(whole_report(found.records, found.tried), stdout())
        else:
            sys.stdout.write(text_of(found, name, selection))


def _of_ending(output: Path | None) -> str:
    return format_of(output) if output is not None and output.suffix else "terminal"
