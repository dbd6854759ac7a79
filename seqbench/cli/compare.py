"""Compares two folders of results: ``seqbench compare BEFORE AFTER``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from seqbench.base.collector import collector_paused
from seqbench.cli.console import print_json, stdout
from seqbench.report import Report, Section, print_report, read_light
from seqbench.report.formats.latex import to_latex
from seqbench.report.formats.markdown import to_markdown
from seqbench.report.observations import Observation, observations
from seqbench.report.tables.changes import changes
from seqbench.report.tables.table import Table

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
    with collector_paused():
        sides = _seen(before), _seen(after)
    found = changes(*sides)
    if as_json:
        tables = [*map(_rows, found.tables)]
        print_json({"before": str(before), "after": str(after), "lines": found.lines, "tables": tables})
        return
    sections = Section("Cells", lines=found.lines), Section("Changes", found.tables)
    document = Report(f"{before} and {after}", sections)
    if name in _WRITERS:
        click.echo(_WRITERS[name](document), nl=False)
    else:
        print_report(document, stdout())


def _seen(folder: Path) -> list[Observation]:
    records, _ = read_light([folder])
    return observations(records)


def _rows(table: Table) -> dict[str, object]:
    rows = []
    for row in table.rows:
        named = dict(zip(table.columns, row, strict=True))
        values = {name: entry.text if entry.value is None else entry.value for name, entry in named.items()}
        notes = {f"{name} note": entry.note for name, entry in named.items() if entry.note}
        rows.append({**values, **notes})
    return {"title": table.title, "rows": rows}
