"""Draws a figure for a paper from folders of results: ``seqbench plot``."""

from __future__ import annotations

from pathlib import Path

import click

from seqbench.base.collector import collector_paused
from seqbench.report.plots.plot import WHATS, plot
from seqbench.report.plots.print_style import WIDTHS


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--what",
    type=click.Choice(list(WHATS)),
    default="skill",
    show_default=True,
    help="; ".join(f"{name}: {what.words}" for name, what in WHATS.items()) + ".",
)
@click.option(
    "--output", required=True, type=click.Path(path_type=Path), help="A file: FILE.pdf, FILE.png or FILE.svg."
)
@click.option(
    "--width",
    type=click.Choice(list(WIDTHS)),
    default="two",
    show_default=True,
    help="Columns of a paper: " + ", ".join(f"{name} is {inches} inches" for name, inches in WIDTHS.items()) + ".",
)
@click.option("--task", "tasks", multiple=True, help="Only this task, by its name in tables; may be repeated.")
@click.option("--model", "models", multiple=True, help="Only this model; may be repeated.")
@click.option(
    "--length",
    type=int,
    help="Of gradients and training curves, by default the longest of each task; of windows, by default all.",
)
def command(
    folders: tuple[Path, ...],
    what: str,
    output: Path,
    width: str,
    tasks: tuple[str, ...],
    models: tuple[str, ...],
    length: int | None,
) -> None:
    """Draw a figure for a paper: skill, gradients, costs, windows or training curves.

    Needs matplotlib: pip install 'seqbench[report]'.
    """
    with collector_paused():
        plot(folders, output, what=what, width=width, tasks=tasks, models=models, length=length)
    click.echo(f"wrote {output} ({output.stat().st_size} bytes, {what})", err=True)
