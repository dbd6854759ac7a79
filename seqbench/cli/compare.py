"""Compares two folders of results: ``seqbench compare BEFORE AFTER``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from seqbench.cli.console import print_json, stdout
from seqbench.report import Report, print_report
from seqbench.report.compare import compare, rows_of
from seqbench.report.formats.latex import to_latex
from seqbench.report.formats.markdown import to_markdown

_WRITERS: Mapping[str, Callable[[Report], str]] = {"markdown": to_markdown, "latex": to_latex}


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "name",
    type=click.Choice(["terminal", *_WRITERS]),
    default="terminal",
    show_default=True,
    help="How it is written.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def command(before: Path, after: Path, name: str, as_json: bool) -> None:
    """Compare two folders of results: what got better, worse or slower, beyond noise.

    Cells of the same task, model, length and seed are compared one by one, by the names that reports show.
    Settings may differ.
    """
    found = compare(before, after)
    if as_json:
        tables = [{"title": table.title, "rows": rows_of(table)} for table in found.parts]
        print_json({"before": str(before), "after": str(after), "lines": found.lines, "tables": tables})
    elif name in _WRITERS:
        click.echo(_WRITERS[name](found.report), nl=False)
    else:
        print_report(found.report, stdout())
