"""Shows in a minute what seqbench measures: ``seqbench demo``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from seqbench.cli import gradients, report, run
from seqbench.cli.console import say

MODELS = ("rnn", "lstm", "gru")
LENGTHS = (16, 256)


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("results/demo"),
    show_default=True,
    help="Folder of results.",
)
@click.option("--open/--no-open", "is_opened", default=True, help="Open the page in a browser.")
@click.pass_context
def command(context: click.Context, output: Path, is_opened: bool) -> int:
    """Show in a minute what seqbench measures.

    How gradients flow back through three untrained models, over 16 and 256 steps; then a small run in which they
    learn to add two numbers that stand steps apart; then its page, with every curve.
    """
    say("1 of 3: how far back does a learning signal reach before any training?")
    for length in LENGTHS:
        context.invoke(gradients.command, models=MODELS, length=length)
    say("2 of 3: who learns to add two numbers of a sequence of 16, and of 64? (seqbench run demo)")
    status: int = context.invoke(run.command, experiment="demo", output=output)
    if status == 0:
        page = output / "demo.html"
        say("3 of 3: the page of this run")
        context.invoke(report.command, folders=(output,), output=page)
        if is_opened and _has_screen():
            click.launch(str(page))
        elif is_opened:
            say(f"there is no screen here; open {page} in a browser")
    return status


def _has_screen() -> bool:
    """Say whether a window can open here; where none can, what opens pages prints faults of its own."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
